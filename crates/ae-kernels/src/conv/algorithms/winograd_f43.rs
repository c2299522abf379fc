//! 3x3 'same' convolution by Winograd's minimal filtering F(4x4, 3x3).
//!
//! Four outputs of a filter of three taps come of six products instead of twelve; in two dimensions a 4x4 tile
//! of outputs of 36 instead of 144. The input's 6x6 tiles are transformed by `Bᵀ d B`, the weights by `G w Gᵀ`,
//! the products, over all tiles and channels, are 36 matrix products, and `Aᵀ m A` gives the outputs. The
//! gradients are the transposes of the algorithm: to the weights `Gᵀ [(Bᵀ d B) (A g Aᵀ)] G`, to the input
//! `B [(G w Gᵀ) (A g Aᵀ)] Bᵀ` in windows that overlap ([`crate::conv::winograd::overlap_add`]).
//!
//! The interpolation points are 0, ±1/√2, ±√2 and infinity. As reciprocal pairs they keep the transforms' entries
//! near one, which the textbook's 0, ±1, ±2 do not: through the whole autoencoder the first layers' gradients then
//! carry about twice the rounding error.
//!
//! Where four does not divide a length, some tiles have three outputs ([`crate::conv::winograd::tiles`]): of the sixth product, that
//! of the point at infinity, only the fourth output depends, so that the first five with the same transforms are
//! F(3, 3).
//!
//! # References
//! Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1 and equations 12 to 23.
//! Barabasz, Anderson, Soodhalter and Gregg 2020, "Error Analysis and Improving the Accuracy of Winograd Convolution
//! for Deep Neural Networks", section 5, on the choice of points.

use rayon::prelude::*;

use crate::conv::winograd::on_the_fly;
use crate::conv::winograd::overlap_add::{InputGradient, Transpose, add_windows};
use crate::conv::winograd::tiles::{Grid, Length, Run, Scratch, Section, for_each_shape};
use crate::conv::winograd::transforms::{
    ProductWeights, Transforms, WeightGradient, multiply_tiles,
};
use crate::conv::winograd::zero_windows::Blank;
use crate::layout::buffer::{Blocked, Frame};
use crate::simd::lanes::{BLOCK, Isa, Lanes, Row, with_lanes};
use crate::simd::matmul::{Size, multiply, multiply_transposed, plane, products_at_once};

/// Products of a tile along one axis, and in both.
const POINTS: usize = 6;
pub(crate) const PRODUCTS: usize = POINTS * POINTS;
/// Outputs of a long tile along one axis.
const STEP: usize = 4;

/// How an image is cut into tiles.
pub(crate) fn grid(frame: Frame) -> Grid {
    Grid::of(frame, STEP)
}

/// Rows of matrix products for one image, in all.
pub(crate) fn product_rows(frame: Frame) -> usize {
    grid(frame).products(POINTS, POINTS - 1)
}

/// Convolves the tiles of `run` of `input`; sums of `blank` windows are zero.
pub(crate) fn convolve(
    isa: Isa,
    run: &Run,
    input: &Blocked,
    blank: &Blank,
    weights: ProductWeights<'_>,
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let (depth, columns) = (input.blocks, output.blocks);
    with_lanes!(isa, lanes => transform_input(lanes, run, input, transformed));
    let (input, target) = ((&*transformed, depth), (&mut *products, columns));
    multiply_tiles::<Winograd, POINTS>(isa, run, input, weights, target);
    with_lanes!(isa, lanes => transform_output(lanes, run, products, blank, bias, slope, output));
}

/// The gradient of the weights over the tiles of `run`. `input` is what [`convolve`] made of the input's `depth` blocks.
/// Where it is wanted, the gradient of the input too; the runs of an image then in their order and of whole lines.
pub(crate) fn back(
    isa: Isa,
    run: &Run,
    (input, depth): (&[Row], usize),
    output_gradient: &Blocked,
    gradient: WeightGradient<'_>,
    input_gradient: Option<InputGradient<'_>>,
    scratch: Scratch<'_>,
) {
    let Scratch {
        transformed,
        products,
    } = scratch;
    let tiles = run.tiles();
    let columns = output_gradient.blocks;
    with_lanes!(isa, lanes => transform_gradient(lanes, run, output_gradient, products));
    let weights = input_gradient.as_ref().map(|target| target.weights);
    match gradient {
        WeightGradient::Transformed { planes, is_fresh } => planes
            .par_chunks_mut(plane(columns * depth * BLOCK))
            .zip(transformed.par_chunks_mut(plane(depth * tiles)))
            .enumerate()
            .with_min_len(products_at_once(tiles, depth, columns))
            .for_each(|(product, (gradient, transformed))| {
                let rows = Winograd::rows_of(run, product);
                let size = Size {
                    rows: rows.len(),
                    depth,
                    columns,
                };
                let a = &input[product * plane(depth * tiles) + rows.start..];
                let b = &products[product * plane(columns * tiles) + rows.start..];
                with_lanes!(isa, lanes => multiply_transposed(lanes, size, (a, tiles), (b, tiles), gradient, is_fresh));
                if let Some(weights) = weights {
                    let size = Size {
                        rows: rows.len(),
                        depth: columns,
                        columns: depth,
                    };
                    let operands = [(b, &weights[product * plane(columns * depth * BLOCK)..])];
                    let target = &mut transformed[rows.start..];
                    with_lanes!(isa, lanes => multiply(lanes, size, operands, tiles, target, tiles, true));
                }
            }),
        WeightGradient::Untransformed(gradient) => {
            let target = weights.map(|weights| (weights, &mut *transformed));
            let (input, products) = ((input, depth), (&*products, columns));
            on_the_fly::back::<Winograd, POINTS>(isa, run, input, products, gradient, target);
        }
    }
    if let Some(InputGradient { gradient, .. }) = input_gradient {
        with_lanes!(isa, lanes => add_windows::<_, InputTransposed, POINTS>(lanes, run, transformed, products, gradient));
    }
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

/// The transpose of [`input_transform`].
struct InputTransposed;

impl Transpose<POINTS> for InputTransposed {
    #[inline(always)]
    fn transpose<L: Lanes>(l: L, length: Length, q: [L::V; POINTS]) -> [L::V; POINTS] {
        let (near, near_difference) = (l.add(q[1], q[2]), l.sub(q[1], q[2]));
        let (far, far_difference) = (l.add(q[3], q[4]), l.sub(q[3], q[4]));
        let last = match length {
            Length::Long => q[5],
            Length::Short => l.zero(),
        };
        let middle = l.splat(-2.5);
        let even = l.mul_add(near, l.splat(-2.0), l.mul(far, l.splat(-0.5)));
        [
            q[0],
            l.mul_add(
                near_difference,
                l.splat(-FAR),
                l.mul_add(far_difference, l.splat(-NEAR), last),
            ),
            l.mul_add(q[0], middle, even),
            l.mul_add(
                near_difference,
                l.splat(NEAR),
                l.mul_add(far_difference, l.splat(FAR), l.mul(last, middle)),
            ),
            l.add(l.add(q[0], near), far),
            last,
        ]
    }
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

/// `G` and its transpose.
pub(crate) struct Winograd;

impl Transforms<POINTS> for Winograd {
    const SHORT: usize = POINTS - 1;
    const INPUTS: usize = POINTS;

    /// `G w` of one column.
    #[inline(always)]
    fn weights<L: Lanes>(l: L, w: [L::V; 3]) -> [L::V; 6] {
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

    /// `Gᵀ u` of one column: the transpose of [`Transforms::weights`].
    #[inline(always)]
    fn weight_gradient<L: Lanes>(l: L, u: [L::V; 6]) -> [L::V; 3] {
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
}

#[inline(always)]
fn transform_input<L: Lanes>(lanes: L, run: &Run, input: &Blocked, transformed: &mut [Row]) {
    let count = run.tiles();
    for_each_shape!(
        run,
        4,
        3,
        transform_input_tiles::<L>(lanes, count, input, transformed)
    );
}

/// The input's tiles with `HEIGHT` by `WIDTH` outputs.
#[inline(always)]
fn transform_input_tiles<L: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    section: &Section,
    lanes: L,
    count: usize,
    input: &Blocked,
    transformed: &mut [Row],
) {
    let frame = input.frame;
    let plane = plane(input.blocks * count);
    for block in 0..input.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = input.image(block, image);
                let mut down = [[lanes.zero(); POINTS]; POINTS];
                let lines: [&[Row]; POINTS] = std::array::from_fn(
                    #[inline(always)]
                    |line| {
                        let line = line.min(HEIGHT + 1);
                        &rows[(y + line) * frame.pitch + x..][..WIDTH + 2]
                    },
                );
                for column in 0..WIDTH + 2 {
                    let values = std::array::from_fn(
                        #[inline(always)]
                        |line| lanes.load(&lines[line][column]),
                    );
                    let values = input_transform(lanes, values);
                    for row in 0..HEIGHT + 2 {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut transformed[block * count + tile..];
                for row in 0..HEIGHT + 2 {
                    let values = input_transform(lanes, down[row]);
                    for column in 0..WIDTH + 2 {
                        let product = row * POINTS + column;
                        lanes.store(&mut target[product * plane], values[column]);
                    }
                }
            },
        );
    }
}

#[inline(always)]
fn transform_gradient<L: Lanes>(lanes: L, run: &Run, gradient: &Blocked, transformed: &mut [Row]) {
    let count = run.tiles();
    for_each_shape!(
        run,
        4,
        3,
        transform_gradient_tiles::<L>(lanes, count, gradient, transformed)
    );
}

/// The output gradient's tiles of `HEIGHT` by `WIDTH`.
#[inline(always)]
fn transform_gradient_tiles<L: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    section: &Section,
    lanes: L,
    count: usize,
    gradient: &Blocked,
    transformed: &mut [Row],
) {
    let frame = gradient.frame;
    let plane = plane(gradient.blocks * count);
    for block in 0..gradient.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = gradient.image(block, image);
                let mut down = [[lanes.zero(); STEP]; POINTS];
                for column in 0..WIDTH {
                    let mut values = [lanes.zero(); STEP];
                    // A tile that hangs over the image's end reads the frame's zeros.
                    for line in 0..HEIGHT {
                        values[line] = lanes.load(&rows[frame.at(y + line, x + column)]);
                    }
                    let values = gradient_transform(lanes, values);
                    for row in 0..HEIGHT + 2 {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut transformed[block * count + tile..];
                for row in 0..HEIGHT + 2 {
                    let values = gradient_transform(lanes, down[row]);
                    for column in 0..WIDTH + 2 {
                        let product = row * POINTS + column;
                        lanes.store(&mut target[product * plane], values[column]);
                    }
                }
            },
        );
    }
}

#[inline(always)]
fn transform_output<L: Lanes>(
    lanes: L,
    run: &Run,
    products: &[Row],
    blank: &Blank,
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
) {
    let count = run.tiles();
    for_each_shape!(
        run,
        4,
        3,
        transform_output_tiles::<L>(lanes, count, products, blank, bias, slope, output)
    );
}

/// The tiles of `HEIGHT` by `WIDTH` outputs.
#[inline(always)]
fn transform_output_tiles<L: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    section: &Section,
    lanes: L,
    count: usize,
    products: &[Row],
    blank: &Blank,
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
) {
    let frame = output.frame;
    let plane = plane(output.blocks * count);
    let slope = lanes.splat(slope);
    for block in 0..output.blocks {
        let bias = lanes.load(&bias[block]);
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let source = &products[block * count + tile..];
                let mut down = [[lanes.zero(); POINTS]; STEP];
                for column in 0..WIDTH + 2 {
                    let mut values = [lanes.zero(); POINTS];
                    for row in 0..HEIGHT + 2 {
                        values[row] = lanes.load(&source[(row * POINTS + column) * plane]);
                    }
                    let values = output_transform(lanes, values);
                    for row in 0..HEIGHT {
                        down[row][column] = values[row];
                    }
                }
                let start = output.start(block, image);
                let width = (frame.width - x).min(WIDTH);
                for row in 0..(frame.height - y).min(HEIGHT) {
                    let mut values = output_transform(lanes, down[row]);
                    let place = frame.at(y + row, x);
                    blank.clear(lanes, image, place, &mut values[..width]);
                    let start = start + place;
                    let target = &mut output.rows[start..start + width];
                    for (target, value) in target.iter_mut().zip(values) {
                        lanes.store(target, lanes.leaky(lanes.add(value, bias), slope));
                    }
                }
            },
        );
    }
}
