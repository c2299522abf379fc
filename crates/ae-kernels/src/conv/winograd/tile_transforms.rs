//! The transforms of a run's tiles: of the input, of the products into outputs, and of the outputs' gradient.
//!
//! Both axes of a tile are constants, so that each of its four shapes has loops of its own, unrolled and without branches.

use std::marker::PhantomData;

use crate::conv::winograd::tiles::{Length, Run, Section};
use crate::conv::winograd::transforms::{OUTPUTS, Transforms};
use crate::conv::winograd::zero_windows::ZeroWindows;
use crate::layout::bands::Band;
use crate::layout::buffer::Blocked;
use crate::simd::matmul::plane;
use crate::simd::{Lanes, Row};

/// Calls a function for the tiles of each shape of a run, with both of its axes as types.
macro_rules! for_each_shape {
    ($run:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        use Length::{Long, Short};
        $function::<L, T, Along<T, POINTS, INPUTS, true>, Along<T, POINTS, INPUTS, false>, POINTS, INPUTS>(
            &$run.section(Long, Short), $($argument),*
        );
        $function::<L, T, Along<T, POINTS, INPUTS, true>, Along<T, POINTS, INPUTS, true>, POINTS, INPUTS>(
            &$run.section(Long, Long), $($argument),*
        );
        $function::<L, T, Along<T, POINTS, INPUTS, false>, Along<T, POINTS, INPUTS, true>, POINTS, INPUTS>(
            &$run.section(Short, Long), $($argument),*
        );
        $function::<L, T, Along<T, POINTS, INPUTS, false>, Along<T, POINTS, INPUTS, false>, POINTS, INPUTS>(
            &$run.section(Short, Short), $($argument),*
        );
    }};
}

/// An axis of a tile.
trait Axis {
    const LENGTH: Length;
    /// Pixels of the input with one more on either side, of which there are as many after their transform.
    const WINDOW: usize;
    const PRODUCTS: usize;
    const OUTPUTS: usize;
}

/// The axis on which a tile of the transforms `T` is long or short.
struct Along<T, const POINTS: usize, const INPUTS: usize, const LONG: bool>(PhantomData<T>);

impl<T: Transforms<POINTS, INPUTS>, const POINTS: usize, const INPUTS: usize, const LONG: bool> Axis
    for Along<T, POINTS, INPUTS, LONG>
{
    const LENGTH: Length = if LONG { Length::Long } else { Length::Short };
    const WINDOW: usize = T::PIXELS + 2 - !LONG as usize;
    const PRODUCTS: usize = if LONG { POINTS } else { T::SHORT };
    const OUTPUTS: usize = T::SCALE * (T::PIXELS - !LONG as usize);
}

/// The transformed input: a plane of the run's tiles for each. The run's images are counted from one of the input's on.
#[inline(always)]
pub(crate) fn transform_input<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    const POINTS: usize,
    const INPUTS: usize,
>(
    lanes: L,
    run: &Run,
    input: (&Blocked, usize),
    transformed: &mut [Row],
) {
    let count = run.tiles();
    for_each_shape!(run, input_tiles(lanes, count, input, transformed));
}

#[inline(always)]
fn input_tiles<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    V: Axis,
    H: Axis,
    const POINTS: usize,
    const INPUTS: usize,
>(
    section: &Section,
    lanes: L,
    count: usize,
    (input, first): (&Blocked, usize),
    transformed: &mut [Row],
) {
    let frame = input.frame;
    let plane = plane(input.blocks * count);
    for block in 0..input.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = input.image(block, first + image);
                let mut down = [[lanes.zero(); INPUTS]; INPUTS];
                let lines: [&[Row]; INPUTS] = std::array::from_fn(
                    #[inline(always)]
                    |line| {
                        let line = line.min(V::WINDOW - 1);
                        &rows[(y + line) * frame.pitch + x..][..H::WINDOW]
                    },
                );
                for column in 0..H::WINDOW {
                    let values = std::array::from_fn(
                        #[inline(always)]
                        |line| lanes.load(&lines[line][column]),
                    );
                    let values = T::input(lanes, V::LENGTH, values);
                    for row in 0..V::WINDOW {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut transformed[block * count + tile..];
                // Each plane's line is fetched side by side with the others; stores alone would wait for one after another.
                let mut touched = 0;
                for row in 0..V::WINDOW {
                    for column in 0..H::WINDOW {
                        touched |= target[(row * INPUTS + column) * plane].0[0].to_bits();
                    }
                }
                std::hint::black_box(touched);
                for row in 0..V::WINDOW {
                    let values = T::input(lanes, H::LENGTH, down[row]);
                    for column in 0..H::WINDOW {
                        lanes.store(&mut target[(row * INPUTS + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}

/// What becomes of the outputs of a transform.
#[derive(Clone, Copy)]
pub(crate) struct ToSums<'a> {
    /// One row for each output block.
    pub(crate) bias: &'a [Row],
    /// The activation's, for sums at or below zero.
    pub(crate) slope: f32,
    /// Whether they are added to what is there, before bias and slope.
    pub(crate) adds: bool,
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
    to_sums: ToSums<'_>,
    output: &mut Band<'_>,
) {
    let count = run.tiles();
    for_each_shape!(
        run,
        output_tiles(lanes, count, products, zero, to_sums, output)
    );
}

#[inline(always)]
fn output_tiles<
    L: Lanes,
    T: Transforms<POINTS, INPUTS>,
    V: Axis,
    H: Axis,
    const POINTS: usize,
    const INPUTS: usize,
>(
    section: &Section,
    lanes: L,
    count: usize,
    products: &[Row],
    zero: &ZeroWindows,
    to_sums: ToSums<'_>,
    output: &mut Band<'_>,
) {
    let frame = output.frame;
    let plane = plane(output.blocks * count);
    let slope = lanes.splat(to_sums.slope);
    for block in 0..output.blocks {
        let bias = lanes.load(&to_sums.bias[block]);
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let source = &products[block * count + tile..];
                let mut down = [[lanes.zero(); POINTS]; OUTPUTS];
                for column in 0..H::PRODUCTS {
                    let mut values = [lanes.zero(); POINTS];
                    for row in 0..V::PRODUCTS {
                        values[row] = lanes.load(&source[(row * POINTS + column) * plane]);
                    }
                    let values = T::output(lanes, V::LENGTH, values);
                    for row in 0..V::OUTPUTS {
                        down[row][column] = values[row];
                    }
                }
                let (y, x) = (T::SCALE * y, T::SCALE * x);
                let (mut inside_lines, mut inside_columns) = (V::OUTPUTS, H::OUTPUTS);
                if T::OVERHANGS {
                    inside_lines = inside_lines.min(frame.height - y);
                    inside_columns = inside_columns.min(frame.width - x);
                }
                let start = output.at(y, x);
                let rows = output.image_mut(block, image);
                for row in 0..inside_lines {
                    let mut values = T::output(lanes, H::LENGTH, down[row]);
                    let place = frame.at(y + row, x);
                    zero.clear(lanes, image, place, &mut values[..inside_columns]);
                    let target = &mut rows[start + row * frame.pitch..][..inside_columns];
                    for (target, mut value) in target.iter_mut().zip(values) {
                        if to_sums.adds {
                            value = lanes.add(value, lanes.load(target));
                        }
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
    V: Axis,
    H: Axis,
    const POINTS: usize,
    const INPUTS: usize,
>(
    section: &Section,
    lanes: L,
    count: usize,
    gradient: &Blocked,
    products: &mut [Row],
) {
    let frame = gradient.frame;
    let plane = plane(gradient.blocks * count);
    for block in 0..gradient.blocks {
        section.for_each(
            #[inline(always)]
            |tile, image, y, x| {
                let rows = gradient.image(block, image);
                let (y, x) = (T::SCALE * y, T::SCALE * x);
                let mut down = [[lanes.zero(); OUTPUTS]; POINTS];
                for column in 0..H::OUTPUTS {
                    let mut values = [lanes.zero(); OUTPUTS];
                    // A tile that hangs over the image's end reads the frame's zeros.
                    for row in 0..V::OUTPUTS {
                        values[row] = lanes.load(&rows[frame.at(y + row, x + column)]);
                    }
                    let values = T::output_gradient(lanes, V::LENGTH, values);
                    for row in 0..V::PRODUCTS {
                        down[row][column] = values[row];
                    }
                }
                let target = &mut products[block * count + tile..];
                for row in 0..V::PRODUCTS {
                    let values = T::output_gradient(lanes, H::LENGTH, down[row]);
                    for column in 0..H::PRODUCTS {
                        lanes.store(&mut target[(row * POINTS + column) * plane], values[column]);
                    }
                }
            },
        );
    }
}
