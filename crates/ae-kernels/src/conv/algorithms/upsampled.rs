//! Nearest upsampling x2 followed by a 3x3 'same' convolution, as 25 products for four small pixels.
//!
//! Along one axis the two pixels that come of `x[i]` see `x[i-1], x[i], x[i]` and `x[i], x[i], x[i+1]`. With the
//! weights `w0, w1, w2` and `h = (w0 + w1 + w2) / 2` the four that come of `x1` and `x2` are
//!
//! ```text
//! w0 x0 + (w1 + w2) x1 = m0 + m1 - m3        m0 = w0 (x0 - x2)
//! (w0 + w1) x1 + w2 x2 = m1 + m4             m1 = h (x1 + x2)
//! w0 x1 + (w1 + w2) x2 = m1 + m3             m2 = w2 (x3 - x1)
//! (w0 + w1) x2 + w2 x3 = m1 + m2 - m4        m3 = (h - w0) (x2 - x1)
//!                                            m4 = (w2 - h) (x2 - x1)
//! ```
//!
//! five products where the convolution of the large image takes twelve; in two dimensions 25 where it takes 144.
//! It is Winograd's F(4, 3) with the interpolation points 0, ±1, ±i and infinity: the product at -1 is zero for a signal
//! of equal pairs, and those at ±i share their data. Its transforms but add, and halve the weights' sum, so it adds no
//! more than rounding. A small pixel that is left over takes the first three products,
//!
//! ```text
//! w0 x0 + (w1 + w2) x1 = m0 + m1             m0 = w0 (x0 - x1)    m1 = h (2 x1)
//! (w0 + w1) x1 + w2 x2 = m1 + m2             m2 = w2 (x2 - x1)
//! ```
//!
//! Each product, over all tiles and channels, is a matrix product. Backwards the same three linear maps are transposed.
//!
//! # References
//! The form of the algorithm: Winograd 1980, "Arithmetic Complexity of Computations", chapter V.

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

/// Products of a long tile along one axis and of a short one, the first of them; and in both.
const LONG: usize = 5;
const SHORT: usize = 3;
pub(crate) const PRODUCTS: usize = LONG * LONG;
/// Transformed inputs of a long tile along one axis, the last being that of two products; and in both.
const INPUTS: usize = 4;
pub(crate) const TRANSFORMED: usize = INPUTS * INPUTS;
/// Small pixels of a long tile along one axis.
const STEP: usize = 2;

/// How an image is cut into tiles of small pixels.
pub(crate) fn grid(frame: Frame) -> Grid {
    Grid::of(frame, STEP)
}

/// Rows of matrix products for one image, in all.
pub(crate) fn product_rows(frame: Frame) -> usize {
    grid(frame).products(LONG, SHORT)
}

/// Convolves the upsampled tiles of `run` of `input`; sums of `blank` windows are zero.
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
    multiply_tiles::<Upsample, LONG>(isa, run, input, weights, target);
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
        WeightGradient::Transformed { planes, is_fresh } => {
            planes
                .par_chunks_mut(plane(columns * depth * BLOCK))
                .enumerate()
                .with_min_len(products_at_once(tiles, depth, columns))
                .for_each(|(product, gradient)| {
                    let rows = Upsample::rows_of(run, product);
                    let size = Size {
                        rows: rows.len(),
                        depth,
                        columns,
                    };
                    let a = &input[Upsample::input_of(product) * plane(depth * tiles) + rows.start..];
                    let b = &products[product * plane(columns * tiles) + rows.start..];
                    with_lanes!(isa, lanes => multiply_transposed(lanes, size, (a, tiles), (b, tiles), gradient, is_fresh));
                });
            if let Some(weights) = weights {
                let (products, target) = ((&*products, columns), (&mut *transformed, depth));
                input_products(isa, run, products, weights, target);
            }
        }
        WeightGradient::Untransformed(gradient) => {
            let target = weights.map(|weights| (weights, &mut *transformed));
            let (input, products) = ((input, depth), (&*products, columns));
            on_the_fly::back::<Upsample, LONG>(isa, run, input, products, gradient, target);
        }
    }
    if let Some(InputGradient { gradient, .. }) = input_gradient {
        with_lanes!(isa, lanes => add_windows::<_, InputTransposed, INPUTS>(lanes, run, transformed, products, gradient));
    }
}

/// The gradient of the transformed inputs, each the sum over the products that take it.
fn input_products(
    isa: Isa,
    run: &Run,
    (products, columns): (&[Row], usize),
    weights: &[Row],
    (transformed, depth): (&mut [Row], usize),
) {
    let tiles = run.tiles();
    transformed
        .par_chunks_mut(plane(depth * tiles))
        .take(TRANSFORMED)
        .enumerate()
        .with_min_len(products_at_once(tiles, depth, columns))
        .for_each(|(input, transformed)| {
            let (row, column) = (input / INPUTS, input % INPUTS);
            let product = row * LONG + column;
            let rows = Upsample::rows_of(run, product);
            let size = Size {
                rows: rows.len(),
                depth: columns,
                columns: depth,
            };
            let target = &mut transformed[rows.start..];
            let of = |product: usize| {
                (
                    &products[product * plane(columns * tiles) + rows.start..],
                    &weights[product * plane(columns * depth * BLOCK)..],
                )
            };
            // The last transformed input along an axis is that of two products.
            with_lanes!(isa, lanes => match (row == INPUTS - 1, column == INPUTS - 1) {
                (false, false) => multiply(lanes, size, [of(product)], tiles, target, tiles, true),
                (false, true) => {
                    multiply(lanes, size, [of(product), of(product + 1)], tiles, target, tiles, true);
                }
                (true, false) => {
                    multiply(lanes, size, [of(product), of(product + LONG)], tiles, target, tiles, true);
                }
                (true, true) => {
                    let below = product + LONG;
                    let operands = [of(product), of(product + 1), of(below), of(below + 1)];
                    multiply(lanes, size, operands, tiles, target, tiles, true);
                }
            });
        });
}

/// The transformed inputs of `SIZE` small pixels, which lie between their two neighbours.
#[inline(always)]
fn input_transform<L: Lanes, const SIZE: usize>(l: L, x: [L::V; INPUTS]) -> [L::V; INPUTS] {
    if SIZE == STEP {
        [
            l.sub(x[0], x[2]),
            l.add(x[1], x[2]),
            l.sub(x[3], x[1]),
            l.sub(x[2], x[1]),
        ]
    } else {
        [
            l.sub(x[0], x[1]),
            l.add(x[1], x[1]),
            l.sub(x[2], x[1]),
            l.zero(),
        ]
    }
}

/// The large pixels, two for each of `SIZE` small ones, from their products.
#[inline(always)]
fn output_transform<L: Lanes, const SIZE: usize>(l: L, m: [L::V; LONG]) -> [L::V; 2 * STEP] {
    let first = l.add(m[0], m[1]);
    let last = l.add(m[1], m[2]);
    if SIZE == STEP {
        [
            l.sub(first, m[3]),
            l.add(m[1], m[4]),
            l.add(m[1], m[3]),
            l.sub(last, m[4]),
        ]
    } else {
        [first, last, l.zero(), l.zero()]
    }
}

/// The transpose of [`output_transform`].
#[inline(always)]
fn gradient_transform<L: Lanes, const SIZE: usize>(l: L, g: [L::V; 2 * STEP]) -> [L::V; LONG] {
    let first = l.add(g[0], g[1]);
    if SIZE == STEP {
        [
            g[0],
            l.add(first, l.add(g[2], g[3])),
            g[3],
            l.sub(g[2], g[0]),
            l.sub(g[1], g[3]),
        ]
    } else {
        [g[0], first, g[1], l.zero(), l.zero()]
    }
}

#[inline(always)]
fn transform_input<L: Lanes>(lanes: L, run: &Run, input: &Blocked, transformed: &mut [Row]) {
    let count = run.tiles();
    for_each_shape!(
        run,
        2,
        1,
        transform_input_tiles::<L>(lanes, count, input, transformed)
    );
}

/// The input's tiles of `HEIGHT` by `WIDTH` small pixels.
#[inline(always)]
fn transform_input_tiles<L: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    section: &Section,
    lanes: L,
    count: usize,
    input: &Blocked,
    transformed: &mut [Row],
) {
    let (height, width) = (inputs_of(HEIGHT), inputs_of(WIDTH));
    let frame = input.frame;
    let plane = plane(input.blocks * count);
    for block in 0..input.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = input.image(block, image);
                let lines: [&[Row]; INPUTS] = std::array::from_fn(
                    #[inline(always)]
                    |line| {
                        let line = line.min(HEIGHT + 1);
                        &rows[(y + line) * frame.pitch + x..][..WIDTH + 2]
                    },
                );
                let mut down = [[lanes.zero(); INPUTS]; INPUTS];
                for column in 0..WIDTH + 2 {
                    let values = std::array::from_fn(
                        #[inline(always)]
                        |line| lanes.load(&lines[line][column]),
                    );
                    let values = input_transform::<L, HEIGHT>(lanes, values);
                    for row in 0..height {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut transformed[block * count + tile..];
                for row in 0..height {
                    let values = input_transform::<L, WIDTH>(lanes, down[row]);
                    for column in 0..width {
                        lanes.store(&mut target[(row * INPUTS + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}

/// Transformed inputs along an axis on which a tile has `size` small pixels.
#[inline(always)]
const fn inputs_of(size: usize) -> usize {
    if size == STEP { INPUTS } else { SHORT }
}

/// Products along an axis on which a tile has `size` small pixels.
#[inline(always)]
const fn products_of(size: usize) -> usize {
    if size == STEP { LONG } else { SHORT }
}

/// The large pixels on the bias and through the activation.
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
        2,
        1,
        transform_output_tiles::<L>(lanes, count, products, blank, bias, slope, output)
    );
}

/// The large pixels of the tiles of `HEIGHT` by `WIDTH` small ones.
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
    let (height, width) = (products_of(HEIGHT), products_of(WIDTH));
    let large = output.frame;
    let plane = plane(output.blocks * count);
    let slope = lanes.splat(slope);
    for block in 0..output.blocks {
        let bias = lanes.load(&bias[block]);
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let source = &products[block * count + tile..];
                let mut down = [[lanes.zero(); LONG]; 2 * STEP];
                for column in 0..width {
                    let mut values = [lanes.zero(); LONG];
                    for row in 0..height {
                        values[row] = lanes.load(&source[(row * LONG + column) * plane]);
                    }
                    let values = output_transform::<L, HEIGHT>(lanes, values);
                    for row in 0..2 * HEIGHT {
                        down[row][column] = values[row];
                    }
                }
                let rows = output.image_mut(block, image);
                for row in 0..2 * HEIGHT {
                    let mut values = output_transform::<L, WIDTH>(lanes, down[row]);
                    let place = large.at(2 * y + row, 2 * x);
                    blank.clear(lanes, image, place, &mut values[..2 * WIDTH]);
                    let target = &mut rows[place..][..2 * WIDTH];
                    for column in 0..2 * WIDTH {
                        let value = lanes.add(values[column], bias);
                        lanes.store(&mut target[column], lanes.leaky(value, slope));
                    }
                }
            },
        );
    }
}

#[inline(always)]
fn transform_gradient<L: Lanes>(
    lanes: L,
    run: &Run,
    output_gradient: &Blocked,
    products: &mut [Row],
) {
    let count = run.tiles();
    for_each_shape!(
        run,
        2,
        1,
        transform_gradient_tiles::<L>(lanes, count, output_gradient, products)
    );
}

/// The gradient of the products of the tiles of `HEIGHT` by `WIDTH` small pixels.
#[inline(always)]
fn transform_gradient_tiles<L: Lanes, const HEIGHT: usize, const WIDTH: usize>(
    section: &Section,
    lanes: L,
    count: usize,
    output_gradient: &Blocked,
    products: &mut [Row],
) {
    let (height, width) = (products_of(HEIGHT), products_of(WIDTH));
    let large = output_gradient.frame;
    let plane = plane(output_gradient.blocks * count);
    for block in 0..output_gradient.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = output_gradient.image(block, image);
                let mut down = [[lanes.zero(); 2 * STEP]; LONG];
                for column in 0..2 * WIDTH {
                    let mut values = [lanes.zero(); 2 * STEP];
                    for row in 0..2 * HEIGHT {
                        values[row] = lanes.load(&rows[large.at(2 * y + row, 2 * x + column)]);
                    }
                    let values = gradient_transform::<L, HEIGHT>(lanes, values);
                    for row in 0..height {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut products[block * count + tile..];
                for row in 0..height {
                    let values = gradient_transform::<L, WIDTH>(lanes, down[row]);
                    for column in 0..width {
                        lanes.store(&mut target[(row * LONG + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}

/// The transpose of [`input_transform`].
struct InputTransposed;

impl Transpose<INPUTS> for InputTransposed {
    #[inline(always)]
    fn transpose<L: Lanes>(l: L, length: Length, q: [L::V; INPUTS]) -> [L::V; INPUTS] {
        match length {
            Length::Long => [
                q[0],
                l.sub(l.sub(q[1], q[2]), q[3]),
                l.add(l.sub(q[1], q[0]), q[3]),
                q[2],
            ],
            Length::Short => {
                let twice = l.add(q[1], q[1]);
                [q[0], l.sub(l.sub(twice, q[0]), q[2]), q[2], l.zero()]
            }
        }
    }
}

/// The weights' transform and its transpose.
pub(crate) struct Upsample;

impl Transforms<LONG> for Upsample {
    const SHORT: usize = SHORT;
    const INPUTS: usize = INPUTS;

    /// `{w0, h, w2, h - w0, w2 - h}` for `h = (w0 + w1 + w2) / 2`.
    #[inline(always)]
    fn weights<L: Lanes>(l: L, w: [L::V; 3]) -> [L::V; LONG] {
        let half = l.mul(l.add(l.add(w[0], w[1]), w[2]), l.splat(0.5));
        [w[0], half, w[2], l.sub(half, w[0]), l.sub(w[2], half)]
    }

    #[inline(always)]
    fn weight_gradient<L: Lanes>(l: L, u: [L::V; LONG]) -> [L::V; 3] {
        let half = l.mul(l.sub(l.add(u[1], u[3]), u[4]), l.splat(0.5));
        [
            l.add(l.sub(u[0], u[3]), half),
            half,
            l.add(l.add(u[2], u[4]), half),
        ]
    }
}
