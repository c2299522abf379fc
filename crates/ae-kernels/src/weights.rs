//! Weights in the layouts of the kernels, and gradients back in PyTorch's.
//!
//! A weight comes as `[output channel][input channel][3][3]`. The convolutions want, for each tap and each pair
//! of blocks, sixteen rows of input channels by sixteen columns of output channels; the gradient to the input
//! wants the same with the channels exchanged and the window turned. Missing channels are zero.

use crate::buffer::zero_rows;
use crate::error::KernelError;
use crate::matmul::plane;
use crate::plan::{Algorithm, Step};
use crate::simd::{BLOCK, Isa, Row};
use crate::taps::Window;
use crate::{upsample, winograd};

/// Taps of the window.
const TAPS: usize = 9;

/// A stage's weight and bias, `[output, input, 3, 3]` and `[output]`.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// `[output_channels, input_channels, 3, 3]`, the last axis fastest.
    pub weight: &'a [f32],
    /// `[output_channels]`.
    pub bias: &'a [f32],
}

/// A stage's weights, ready for its kernels; buffers are kept from one pass to the next.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// For the convolution: laid out, and transformed where the algorithm wants it.
    pub(crate) forward: Vec<Row>,
    /// For the gradient to the input.
    pub(crate) backward: Vec<Row>,
    pub(crate) bias: Vec<Row>,
    laid_out: Vec<Row>,
}

fn grow(buffer: &mut Vec<Row>, rows: usize) -> Result<&mut [Row], KernelError> {
    if buffer.len() != rows {
        *buffer = zero_rows(rows)?;
    }
    Ok(buffer)
}

impl Prepared {
    /// Lays out `weights` for the passes that are wanted.
    pub(crate) fn fill(
        &mut self,
        isa: Isa,
        step: &Step,
        weights: Weights<'_>,
        backward: bool,
    ) -> Result<(), KernelError> {
        let outputs = step.stage.output_channels;
        let bias = grow(&mut self.bias, step.output_blocks())?;
        for (row, values) in bias.iter_mut().zip(weights.bias.chunks(BLOCK)) {
            row.0[..values.len()].copy_from_slice(values);
        }
        let (inputs, depth, columns) = (
            step.stage.input_channels,
            step.input_blocks(),
            step.output_blocks(),
        );
        match step.algorithm {
            Algorithm::Planar => {
                let rows = grow(&mut self.forward, step.gradient_rows)?;
                for_each(outputs, inputs, |output, input, tap, from| {
                    rows[(output / BLOCK * inputs + input) * TAPS + tap].0[output % BLOCK] =
                        weights.weight[from];
                });
                if backward {
                    // The gradient to the image gathers the taps' contributions of the output's gradient.
                    let blocks = Window::Turned.columns(inputs).div_ceil(BLOCK);
                    let rows = grow(&mut self.backward, blocks * columns * BLOCK)?;
                    for_each(outputs, inputs, |output, input, tap, from| {
                        let column = input * TAPS + tap;
                        rows[(column / BLOCK * columns + output / BLOCK) * BLOCK
                            + output % BLOCK]
                            .0[column % BLOCK] = weights.weight[from];
                    });
                }
            }
            Algorithm::Taps => {
                let window = Window::of(step.stage.resize);
                let blocks = window.columns(outputs).div_ceil(BLOCK);
                let rows = grow(&mut self.forward, step.gradient_rows)?;
                rows.fill(Row::ZERO);
                for_each(outputs, inputs, |output, input, tap, from| {
                    for column in window.columns_of(output, tap) {
                        rows[(column / BLOCK * depth + input / BLOCK) * BLOCK + input % BLOCK].0
                            [column % BLOCK] += weights.weight[from];
                    }
                });
                if backward {
                    let rows = grow(&mut self.backward, step.gradient_rows)?;
                    rows.fill(Row::ZERO);
                    for_each(outputs, inputs, |output, input, tap, from| {
                        for column in window.columns_of(output, tap) {
                            rows[(input / BLOCK * blocks + column / BLOCK) * BLOCK
                                + column % BLOCK]
                                .0[input % BLOCK] += weights.weight[from];
                        }
                    });
                }
            }
            Algorithm::Direct => {
                lay_out(
                    grow(&mut self.forward, step.gradient_rows)?,
                    step,
                    weights.weight,
                );
                if backward {
                    lay_out_turned(
                        grow(&mut self.backward, step.gradient_rows)?,
                        step,
                        weights.weight,
                    );
                }
            }
            Algorithm::Winograd | Algorithm::Upsample => {
                let (products, transform): (_, fn(Isa, &[Row], &mut [Row])) = match step.algorithm {
                    Algorithm::Winograd => (winograd::PRODUCTS, winograd::transform_weights),
                    _ => (upsample::PRODUCTS, upsample::transform_weights),
                };
                let rows = products * plane(step.gradient_rows / TAPS);
                let laid_out = grow(&mut self.laid_out, step.gradient_rows)?;
                laid_out.fill(Row::ZERO);
                lay_out(laid_out, step, weights.weight);
                transform(isa, laid_out, grow(&mut self.forward, rows)?);
                if backward {
                    // The two layouts leave different places for missing channels.
                    laid_out.fill(Row::ZERO);
                    if step.algorithm == Algorithm::Winograd {
                        lay_out_turned(laid_out, step, weights.weight);
                    } else {
                        lay_out_exchanged(laid_out, step, weights.weight);
                    }
                    transform(isa, laid_out, grow(&mut self.backward, rows)?);
                }
            }
        }
        Ok(())
    }
}

/// Calls `put` for every weight with output channel, input channel, tap and its place in PyTorch's layout.
#[inline(always)]
fn for_each(outputs: usize, inputs: usize, mut put: impl FnMut(usize, usize, usize, usize)) {
    for output in 0..outputs {
        for input in 0..inputs {
            for tap in 0..TAPS {
                put(output, input, tap, (output * inputs + input) * TAPS + tap);
            }
        }
    }
}

/// `[tap][output block][input block][16 inputs]` rows of sixteen outputs.
fn lay_out(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    for_each(
        step.stage.output_channels,
        step.stage.input_channels,
        |output, input, tap, from| {
            let block = (tap * columns + output / BLOCK) * depth + input / BLOCK;
            rows[block * BLOCK + input % BLOCK].0[output % BLOCK] = weight[from];
        },
    );
}

/// `[tap][input block][output block][16 outputs]` rows of sixteen inputs.
fn lay_out_exchanged(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    for_each(
        step.stage.output_channels,
        step.stage.input_channels,
        |output, input, tap, from| {
            let block = (tap * depth + input / BLOCK) * columns + output / BLOCK;
            rows[block * BLOCK + output % BLOCK].0[input % BLOCK] = weight[from];
        },
    );
}

/// The same with the window turned by 180 degrees.
fn lay_out_turned(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    for_each(
        step.stage.output_channels,
        step.stage.input_channels,
        |output, input, tap, from| {
            let block = ((TAPS - 1 - tap) * depth + input / BLOCK) * columns + output / BLOCK;
            rows[block * BLOCK + output % BLOCK].0[input % BLOCK] = weight[from];
        },
    );
}

/// A stage's gradients in PyTorch's layout, from the rows of a partial gradient.
pub(crate) fn read_gradient(step: &Step, rows: &[Row], weight: &mut [f32], bias: &mut [f32]) {
    let (outputs, inputs) = (step.stage.output_channels, step.stage.input_channels);
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    let (rows, bias_rows) = rows[step.gradient_start..].split_at(step.gradient_rows);
    for (values, row) in bias.chunks_mut(BLOCK).zip(bias_rows) {
        values.copy_from_slice(&row.0[..values.len()]);
    }
    match step.algorithm {
        Algorithm::Planar => for_each(outputs, inputs, |output, input, tap, to| {
            weight[to] = rows[(output / BLOCK * inputs + input) * TAPS + tap].0[output % BLOCK];
        }),
        Algorithm::Taps => for_each(outputs, inputs, |output, input, tap, to| {
            weight[to] = Window::of(step.stage.resize)
                .columns_of(output, tap)
                .map(|column| {
                    rows[(column / BLOCK * depth + input / BLOCK) * BLOCK + input % BLOCK].0
                        [column % BLOCK]
                })
                .sum();
        }),
        Algorithm::Direct | Algorithm::Winograd | Algorithm::Upsample => {
            for_each(outputs, inputs, |output, input, tap, to| {
                let block = (tap * columns + output / BLOCK) * depth + input / BLOCK;
                weight[to] = rows[block * BLOCK + input % BLOCK].0[output % BLOCK];
            });
        }
    }
}
