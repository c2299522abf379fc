//! 3x3 'same' convolution by Winograd's minimal filtering F(4x4, 3x3).
//!
//! Four outputs of a filter of three taps come of six products instead of twelve; in two dimensions a 4x4 tile
//! of outputs of 36 instead of 144. The input's 6x6 tiles are transformed by `Bᵀ d B`, the weights by `G w Gᵀ`,
//! the products, over all tiles and channels, are 36 matrix products, and `Aᵀ m A` gives the outputs. The
//! gradient to the input is the same with the turned weights; that to the weights is the transpose of the
//! algorithm with respect to them: `Gᵀ [(Bᵀ d B) (A g Aᵀ)] G`.
//!
//! The interpolation points are 0, ±1/√2, ±√2 and infinity. As reciprocal pairs they keep the transforms' entries
//! near one, which the textbook's 0, ±1, ±2 do not: through the whole autoencoder the first layers' gradients then
//! carry about twice the rounding error.
//!
//! # References
//! Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1 and equations 12 to 23.
//! Barabasz, Anderson, Soodhalter and Gregg 2020, "Error Analysis and Improving the Accuracy of Winograd Convolution
//! for Deep Neural Networks", section 5, on the choice of points.

use crate::buffer::{Blocked, Frame};
use crate::direct::Mask;
use crate::matmul::{Size, add_transposed_product, multiply, plane};
use crate::simd::{BLOCK, Isa, Lanes, Row, with_lanes};

/// Products for each tile.
pub(crate) const PRODUCTS: usize = 36;
/// Outputs of a tile along one axis.
const STEP: usize = 4;

/// Tiles that are transformed together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Tiles {
    /// Tiles of one image.
    pub(crate) fn of(frame: Frame) -> usize {
        frame.height.div_ceil(STEP) * frame.width.div_ceil(STEP)
    }

    /// Cuts the tiles of `images` images into nearly equal runs of at most `most`.
    pub(crate) fn cut(images: usize, frame: Frame, most: usize) -> impl Iterator<Item = Self> {
        let all = images * Self::of(frame);
        let runs = all.div_ceil(most.max(1)).max(1);
        let length = all.div_ceil(runs).max(1);
        (0..all).step_by(length).map(move |first| Self {
            first,
            count: length.min(all - first),
        })
    }

    /// Image, line and column where each tile begins.
    #[inline(always)]
    fn places(self, frame: Frame) -> impl Iterator<Item = (usize, usize, usize)> {
        let across = frame.width.div_ceil(STEP);
        let of_image = Self::of(frame);
        (self.first..self.first + self.count).map(
            #[inline(always)]
            move |tile| {
                let within = tile % of_image;
                (
                    tile / of_image,
                    within / across * STEP,
                    within % across * STEP,
                )
            },
        )
    }
}

/// Working memory, each of [`PRODUCTS`] times tiles times blocks rows.
pub(crate) struct Scratch<'a> {
    pub(crate) transformed: &'a mut [Row],
    pub(crate) products: &'a mut [Row],
}

/// What happens to an output before it is stored.
#[derive(Clone, Copy)]
pub(crate) enum End<'a> {
    /// On the bias; values at or below zero times the slope.
    Activate {
        /// One row for each output block.
        bias: &'a [Row],
        /// 1 for no activation, 0 for ReLU.
        slope: f32,
    },
    /// Times the gradient of an activation, or as it is.
    Mask(Option<Mask<'a>>),
}

/// Convolves `tiles` of `input`; `weights` come from [`transform_weights`].
pub(crate) fn convolve(
    isa: Isa,
    tiles: Tiles,
    input: &Blocked,
    weights: &[Row],
    end: End<'_>,
    output: &mut Blocked,
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let size = Size {
        rows: tiles.count,
        depth: input.blocks,
        columns: output.blocks,
    };
    with_lanes!(isa, lanes => transform_input(lanes, tiles, input, transformed));
    with_lanes!(isa, lanes => for product in 0..PRODUCTS {
        multiply(
            lanes,
            size,
            &transformed[product * plane(size.depth * size.rows)..],
            size.rows,
            &weights[product * plane(size.columns * size.depth * BLOCK)..],
            &mut products[product * plane(size.columns * size.rows)..],
            size.rows,
        );
    });
    with_lanes!(isa, lanes => transform_output(lanes, tiles, products, end, output));
}

/// Adds to `gradient`, in the transformed weights' layout, the gradient of `tiles`.
pub(crate) fn add_weight_gradient(
    isa: Isa,
    tiles: Tiles,
    input: &Blocked,
    output_gradient: &Blocked,
    gradient: &mut [Row],
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let size = Size {
        rows: tiles.count,
        depth: input.blocks,
        columns: output_gradient.blocks,
    };
    with_lanes!(isa, lanes => transform_input(lanes, tiles, input, transformed));
    with_lanes!(isa, lanes => transform_gradient(lanes, tiles, output_gradient, products));
    with_lanes!(isa, lanes => for product in 0..PRODUCTS {
        add_transposed_product(
            lanes,
            size,
            &transformed[product * plane(size.depth * size.rows)..],
            size.rows,
            &products[product * plane(size.columns * size.rows)..],
            size.rows,
            &mut gradient[product * plane(size.columns * size.depth * BLOCK)..],
        );
    });
}

/// The nearer interpolation point, whose square is a half; the farther is its double, the root of two.
const NEAR: f32 = std::f32::consts::FRAC_1_SQRT_2;
const FAR: f32 = std::f32::consts::SQRT_2;

/// `Bᵀ d` of one column.
#[inline(always)]
fn input_transform<L: Lanes>(l: L, d: [L::V; 6]) -> [L::V; 6] {
    let middle = l.splat(-2.5);
    let near_even = l.mul_add(d[2], l.splat(-2.0), d[4]);
    let near_odd = l.mul_add(d[1], l.splat(-FAR), l.mul(d[3], l.splat(NEAR)));
    let far_even = l.mul_add(d[2], l.splat(-0.5), d[4]);
    let far_odd = l.mul_add(d[1], l.splat(-NEAR), l.mul(d[3], l.splat(FAR)));
    [
        l.add(l.mul_add(d[2], middle, d[4]), d[0]),
        l.add(near_even, near_odd),
        l.sub(near_even, near_odd),
        l.add(far_even, far_odd),
        l.sub(far_even, far_odd),
        l.add(l.mul_add(d[3], middle, d[5]), d[1]),
    ]
}

/// `Aᵀ m` of one column.
#[inline(always)]
fn output_transform<L: Lanes>(l: L, m: [L::V; 6]) -> [L::V; 4] {
    let (near, near_difference) = (l.add(m[1], m[2]), l.sub(m[1], m[2]));
    let (far, far_difference) = (l.add(m[3], m[4]), l.sub(m[3], m[4]));
    let cubes = l.mul_add(far_difference, l.splat(2.0 * FAR), m[5]);
    [
        l.add(l.add(m[0], near), far),
        l.mul_add(
            far_difference,
            l.splat(FAR),
            l.mul(near_difference, l.splat(NEAR)),
        ),
        l.mul_add(far, l.splat(2.0), l.mul(near, l.splat(0.5))),
        l.mul_add(near_difference, l.splat(0.5 * NEAR), cubes),
    ]
}

/// `A g` of one column: the transpose of [`output_transform`].
#[inline(always)]
fn gradient_transform<L: Lanes>(l: L, g: [L::V; 4]) -> [L::V; 6] {
    let near_even = l.mul_add(g[2], l.splat(0.5), g[0]);
    let near_odd = l.mul_add(g[3], l.splat(0.5 * NEAR), l.mul(g[1], l.splat(NEAR)));
    let far_even = l.mul_add(g[2], l.splat(2.0), g[0]);
    let far_odd = l.mul_add(g[3], l.splat(2.0 * FAR), l.mul(g[1], l.splat(FAR)));
    [
        g[0],
        l.add(near_even, near_odd),
        l.sub(near_even, near_odd),
        l.add(far_even, far_odd),
        l.sub(far_even, far_odd),
        g[3],
    ]
}

/// `G w` of one column.
#[inline(always)]
fn weight_transform<L: Lanes>(l: L, w: [L::V; 3]) -> [L::V; 6] {
    let near_even = l.mul_add(w[2], l.splat(0.5), w[0]);
    let near_odd = l.mul(w[1], l.splat(NEAR));
    let far_even = l.mul_add(w[2], l.splat(2.0), w[0]);
    let far_odd = l.mul(w[1], l.splat(FAR));
    let (near, far) = (l.splat(-2.0 / 3.0), l.splat(1.0 / 6.0));
    [
        w[0],
        l.mul(l.add(near_even, near_odd), near),
        l.mul(l.sub(near_even, near_odd), near),
        l.mul(l.add(far_even, far_odd), far),
        l.mul(l.sub(far_even, far_odd), far),
        w[2],
    ]
}

/// `Gᵀ u` of one column: the transpose of [`weight_transform`].
#[inline(always)]
fn weight_gradient_transform<L: Lanes>(l: L, u: [L::V; 6]) -> [L::V; 3] {
    let (near, near_difference) = (l.add(u[1], u[2]), l.sub(u[1], u[2]));
    let (far, far_difference) = (l.add(u[3], u[4]), l.sub(u[3], u[4]));
    let third = l.splat(1.0 / 3.0);
    [
        l.mul_add(
            near,
            l.splat(-2.0 / 3.0),
            l.mul_add(far, l.splat(1.0 / 6.0), u[0]),
        ),
        l.mul_add(
            near_difference,
            l.splat(-NEAR * 2.0 / 3.0),
            l.mul(far_difference, l.splat(FAR / 6.0)),
        ),
        l.mul_add(l.sub(far, near), third, u[5]),
    ]
}

#[inline(always)]
fn transform_input<L: Lanes>(lanes: L, tiles: Tiles, input: &Blocked, transformed: &mut [Row]) {
    let frame = input.frame;
    let plane = plane(input.blocks * tiles.count);
    for block in 0..input.blocks {
        for (tile, (image, y, x)) in tiles.places(frame).enumerate() {
            let rows = input.image(block, image);
            let lines: [&[Row]; 6] = std::array::from_fn(
                #[inline(always)]
                |line| &rows[(y + line) * frame.pitch + x..][..6],
            );
            let mut down = [[lanes.zero(); 6]; 6];
            for column in 0..6 {
                let values = std::array::from_fn(
                    #[inline(always)]
                    |line| lanes.load(&lines[line][column]),
                );
                let values = input_transform(lanes, values);
                for row in 0..6 {
                    down[row][column] = values[row];
                }
            }
            let target = &mut transformed[block * tiles.count + tile..];
            for row in 0..6 {
                let values = input_transform(lanes, down[row]);
                for column in 0..6 {
                    lanes.store(&mut target[(row * 6 + column) * plane], values[column]);
                }
            }
        }
    }
}

#[inline(always)]
fn transform_gradient<L: Lanes>(
    lanes: L,
    tiles: Tiles,
    gradient: &Blocked,
    transformed: &mut [Row],
) {
    let frame = gradient.frame;
    let plane = plane(gradient.blocks * tiles.count);
    for block in 0..gradient.blocks {
        for (tile, (image, y, x)) in tiles.places(frame).enumerate() {
            let rows = gradient.image(block, image);
            // A tile that hangs over the image's end reads the frame's zeros.
            let lines: [&[Row]; 4] = std::array::from_fn(
                #[inline(always)]
                |line| &rows[frame.at(y + line, x)..][..4],
            );
            let mut down = [[lanes.zero(); 4]; 6];
            for column in 0..4 {
                let values = std::array::from_fn(
                    #[inline(always)]
                    |line| lanes.load(&lines[line][column]),
                );
                let values = gradient_transform(lanes, values);
                for row in 0..6 {
                    down[row][column] = values[row];
                }
            }
            let target = &mut transformed[block * tiles.count + tile..];
            for row in 0..6 {
                let values = gradient_transform(lanes, down[row]);
                for column in 0..6 {
                    lanes.store(&mut target[(row * 6 + column) * plane], values[column]);
                }
            }
        }
    }
}

#[inline(always)]
fn transform_output<L: Lanes>(
    lanes: L,
    tiles: Tiles,
    products: &[Row],
    end: End<'_>,
    output: &mut Blocked,
) {
    let frame = output.frame;
    let plane = plane(output.blocks * tiles.count);
    for block in 0..output.blocks {
        for (tile, (image, y, x)) in tiles.places(frame).enumerate() {
            let source = &products[block * tiles.count + tile..];
            let mut down = [[lanes.zero(); 6]; 4];
            for column in 0..6 {
                let values = std::array::from_fn(
                    #[inline(always)]
                    |row| lanes.load(&source[(row * 6 + column) * plane]),
                );
                let values = output_transform(lanes, values);
                for row in 0..4 {
                    down[row][column] = values[row];
                }
            }
            let start = output.start(block, image);
            let width = (frame.width - x).min(STEP);
            for row in 0..(frame.height - y).min(STEP) {
                let values = output_transform(lanes, down[row]);
                let start = start + frame.at(y + row, x);
                let target = &mut output.rows[start..start + width];
                match end {
                    End::Activate { bias, slope } => {
                        let (bias, slope) = (lanes.load(&bias[block]), lanes.splat(slope));
                        for (target, value) in target.iter_mut().zip(values) {
                            lanes.store(target, lanes.leaky(lanes.add(value, bias), slope));
                        }
                    }
                    End::Mask(None) => {
                        for (target, value) in target.iter_mut().zip(values) {
                            lanes.store(target, value);
                        }
                    }
                    End::Mask(Some(mask)) => {
                        let slope = lanes.splat(mask.slope);
                        let activation = &mask.output.rows[start..start + width];
                        for ((target, value), activation) in
                            target.iter_mut().zip(values).zip(activation)
                        {
                            let low = lanes.mul(value, slope);
                            lanes.store(
                                target,
                                lanes.if_greater(lanes.load(activation), lanes.zero(), value, low),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// `G w Gᵀ` of `[tap][...]` rows.
pub(crate) fn transform_weights(isa: Isa, weights: &[Row], transformed: &mut [Row]) {
    let count = weights.len() / 9;
    with_lanes!(isa, lanes => for index in 0..count {
        let mut down = [[lanes.zero(); 3]; 6];
        for column in 0..3 {
            let values = std::array::from_fn(
                #[inline(always)] |row| lanes.load(&weights[(row * 3 + column) * count + index]),
            );
            let values = weight_transform(lanes, values);
            for row in 0..6 {
                down[row][column] = values[row];
            }
        }
        for row in 0..6 {
            let values = weight_transform(lanes, down[row]);
            for column in 0..6 {
                lanes.store(&mut transformed[(row * 6 + column) * plane(count) + index], values[column]);
            }
        }
    });
}

/// `Gᵀ u G`: the weights' gradient from that of the transformed ones.
pub(crate) fn transform_weight_gradient(isa: Isa, transformed: &[Row], gradient: &mut [Row]) {
    let count = gradient.len() / 9;
    with_lanes!(isa, lanes => for index in 0..count {
        let mut down = [[lanes.zero(); 6]; 3];
        for column in 0..6 {
            let values = std::array::from_fn(
                #[inline(always)] |row| lanes.load(&transformed[(row * 6 + column) * plane(count) + index]),
            );
            let values = weight_gradient_transform(lanes, values);
            for row in 0..3 {
                down[row][column] = values[row];
            }
        }
        for row in 0..3 {
            let values = weight_gradient_transform(lanes, down[row]);
            for column in 0..3 {
                lanes.store(&mut gradient[(row * 3 + column) * count + index], values[column]);
            }
        }
    });
}
