//! The transforms of a run's tiles: of the input, of the products into outputs, and of the outputs' gradient.
//!
//! Both axes of a tile are constants, so that each of its four shapes has a loop of its own without branches.

use crate::conv::winograd::tiles::{Length, Run, Section};
use crate::conv::winograd::transforms::{OUTPUTS, Transforms};
use crate::conv::winograd::zero_windows::ZeroWindows;
use crate::layout::buffer::Blocked;
use crate::simd::matmul::plane;
use crate::simd::{Lanes, Row};

/// Calls a function for the tiles of each shape of a run, with whether they are tall and whether they are broad as
/// constants.
macro_rules! for_each_shape {
    ($run:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        use Length::{Long, Short};
        $function::<L, T, POINTS, INPUTS, true, false>(&$run.section(Long, Short), $($argument),*);
        $function::<L, T, POINTS, INPUTS, true, true>(&$run.section(Long, Long), $($argument),*);
        $function::<L, T, POINTS, INPUTS, false, true>(&$run.section(Short, Long), $($argument),*);
        $function::<L, T, POINTS, INPUTS, false, false>(&$run.section(Short, Short), $($argument),*);
    }};
}

#[inline(always)]
const fn length(is_long: bool) -> Length {
    if is_long { Length::Long } else { Length::Short }
}

/// The transformed input: a plane of the run's tiles for each.
#[inline(always)]
pub(crate) fn transform_input<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    run: &Run,
    input: &Blocked,
    transformed: &mut [Row],
) {
    let count = run.tiles();
    for_each_shape!(run, input_tiles(lanes, count, input, transformed));
}

#[inline(always)]
fn input_tiles<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
    const TALL: bool,
    const BROAD: bool,
>(
    section: &Section,
    lanes: L,
    count: usize,
    input: &Blocked,
    transformed: &mut [Row],
) {
    // The tile's pixels with one more on either side, of which there are as many after their transform.
    let (height, width) = (T::pixels(length(TALL)) + 2, T::pixels(length(BROAD)) + 2);
    let frame = input.frame;
    let plane = plane(input.blocks * count);
    for block in 0..input.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = input.image(block, image);
                let mut down = [[lanes.zero(); INPUTS]; INPUTS];
                let lines: [&[Row]; INPUTS] = std::array::from_fn(
                    #[inline(always)]
                    |line| {
                        let line = line.min(height - 1);
                        &rows[(y + line) * frame.pitch + x..][..width]
                    },
                );
                for column in 0..width {
                    let values = std::array::from_fn(
                        #[inline(always)]
                        |line| lanes.load(&lines[line][column]),
                    );
                    let values = T::input(lanes, length(TALL), values);
                    for row in 0..height {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut transformed[block * count + tile..];
                for row in 0..height {
                    let values = T::input(lanes, length(BROAD), down[row]);
                    for column in 0..width {
                        lanes.store(&mut target[(row * INPUTS + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}

/// The outputs from their products, on the bias and through the activation's slope; sums of `zero` windows are zero.
#[inline(always)]
pub(crate) fn transform_output<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    run: &Run,
    products: &[Row],
    zero: &ZeroWindows,
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
) {
    let count = run.tiles();
    for_each_shape!(
        run,
        output_tiles(lanes, count, products, zero, bias, slope, output)
    );
}

#[inline(always)]
fn output_tiles<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
    const TALL: bool,
    const BROAD: bool,
>(
    section: &Section,
    lanes: L,
    count: usize,
    products: &[Row],
    zero: &ZeroWindows,
    bias: &[Row],
    slope: f32,
    output: &mut Blocked,
) {
    let (height, width) = (T::points(length(TALL)), T::points(length(BROAD)));
    let rows_of_tile = T::SCALE * T::pixels(length(TALL));
    let columns_of_tile = T::SCALE * T::pixels(length(BROAD));
    let frame = output.frame;
    let plane = plane(output.blocks * count);
    let slope = lanes.splat(slope);
    for block in 0..output.blocks {
        let bias = lanes.load(&bias[block]);
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let source = &products[block * count + tile..];
                let mut down = [[lanes.zero(); POINTS]; OUTPUTS];
                for column in 0..width {
                    let mut values = [lanes.zero(); POINTS];
                    for row in 0..height {
                        values[row] = lanes.load(&source[(row * POINTS + column) * plane]);
                    }
                    let values = T::output(lanes, length(TALL), values);
                    for row in 0..rows_of_tile {
                        down[row][column] = values[row];
                    }
                }
                let (y, x) = (T::SCALE * y, T::SCALE * x);
                let (mut inside_rows, mut inside_columns) = (rows_of_tile, columns_of_tile);
                if T::OVERHANGS {
                    inside_rows = inside_rows.min(frame.height - y);
                    inside_columns = inside_columns.min(frame.width - x);
                }
                let rows = output.image_mut(block, image);
                for row in 0..inside_rows {
                    let mut values = T::output(lanes, length(BROAD), down[row]);
                    let place = frame.at(y + row, x);
                    zero.clear(lanes, image, place, &mut values[..inside_columns]);
                    let target = &mut rows[place..][..inside_columns];
                    for (target, value) in target.iter_mut().zip(values) {
                        lanes.store(target, lanes.leaky(lanes.add(value, bias), slope));
                    }
                }
            },
        );
    }
}

/// The gradient of the products from that of the outputs.
#[inline(always)]
pub(crate) fn transform_gradient<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    run: &Run,
    gradient: &Blocked,
    products: &mut [Row],
) {
    let count = run.tiles();
    for_each_shape!(run, gradient_tiles(lanes, count, gradient, products));
}

#[inline(always)]
fn gradient_tiles<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
    const TALL: bool,
    const BROAD: bool,
>(
    section: &Section,
    lanes: L,
    count: usize,
    gradient: &Blocked,
    products: &mut [Row],
) {
    let (height, width) = (T::points(length(TALL)), T::points(length(BROAD)));
    let rows_of_tile = T::SCALE * T::pixels(length(TALL));
    let columns_of_tile = T::SCALE * T::pixels(length(BROAD));
    let frame = gradient.frame;
    let plane = plane(gradient.blocks * count);
    for block in 0..gradient.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = gradient.image(block, image);
                let (y, x) = (T::SCALE * y, T::SCALE * x);
                let mut down = [[lanes.zero(); OUTPUTS]; POINTS];
                for column in 0..columns_of_tile {
                    let mut values = [lanes.zero(); OUTPUTS];
                    // A tile that hangs over the image's end reads the frame's zeros.
                    for row in 0..rows_of_tile {
                        values[row] = lanes.load(&rows[frame.at(y + row, x + column)]);
                    }
                    let values = T::output_gradient(lanes, length(TALL), values);
                    for row in 0..height {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut products[block * count + tile..];
                for row in 0..height {
                    let values = T::output_gradient(lanes, length(BROAD), down[row]);
                    for column in 0..width {
                        lanes.store(&mut target[(row * POINTS + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}
