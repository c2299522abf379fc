//! Weights in the layouts of the kernels, and gradients back in PyTorch's.
//!
//! A weight comes as `[output channel][input channel][3][3]`. The convolutions want, for each tap and each pair
//! of blocks, sixteen rows of input channels by sixteen columns of output channels; the gradient to the input
//! wants the same with the channels exchanged and the window turned. Missing channels are zero.

use crate::buffer::zero_rows;
use crate::direct::{fixed, fixed_mut};
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
    /// The weight that `forward` was made of, as long as nothing but the convolution was asked for: whoever only draws
    /// runs the same weights again and again.
    source: Vec<f32>,
}

fn grow(buffer: &mut Vec<Row>, rows: usize) -> Result<&mut [Row], KernelError> {
    if buffer.len() != rows {
        *buffer = zero_rows(rows)?;
    }
    Ok(buffer)
}

impl Prepared {
    fn fill_bias(&mut self, step: &Step, values: &[f32]) -> Result<(), KernelError> {
        let bias = grow(&mut self.bias, step.output_blocks())?;
        for (row, values) in bias.iter_mut().zip(values.chunks(BLOCK)) {
            row.0[..values.len()].copy_from_slice(values);
        }
        Ok(())
    }

    /// Lays out `weights` for the passes that are wanted.
    pub(crate) fn fill(
        &mut self,
        isa: Isa,
        step: &Step,
        weights: Weights<'_>,
        backward: bool,
    ) -> Result<(), KernelError> {
        self.fill_bias(step, weights.bias)?;
        if !backward && is_same(&self.source, weights.weight) {
            return Ok(());
        }
        self.source.clear();
        let outputs = step.stage.output_channels;
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
        if !backward {
            let bytes = size_of_val(weights.weight);
            self.source
                .try_reserve_exact(weights.weight.len())
                .map_err(|_| KernelError::Memory { bytes })?;
            self.source.extend_from_slice(weights.weight);
        }
        Ok(())
    }
}

/// Whether two lists of floats are the same to the bit.
fn is_same(one: &[f32], other: &[f32]) -> bool {
    /// Compared without looking at the result between, so that it vectorises.
    const RUN: usize = 1 << 10;
    one.len() == other.len()
        && one.chunks(RUN).zip(other.chunks(RUN)).all(|(one, other)| {
            let pairs = one.iter().zip(other);
            pairs.fold(0, |bits, (a, b)| bits | (a.to_bits() ^ b.to_bits())) == 0
        })
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

/// Which of a block's channels its rows are.
#[derive(Clone, Copy)]
enum BlockRows {
    Inputs,
    Outputs,
}

/// Sixteen rows for each tap and each pair of blocks, at the place that `place` gives for the tap, the outputs' block and
/// the inputs' block, counted in blocks.
///
/// Block by block of channels, and there tap by tap: what is read and written together stays in the first cache, which
/// in the order of either layout it would not.
fn lay_out_blocks(
    rows: &mut [Row],
    step: &Step,
    weight: &[f32],
    block_rows: BlockRows,
    place: impl Fn(usize, usize, usize) -> usize,
) {
    let (outputs, inputs) = (step.stage.output_channels, step.stage.input_channels);
    for output_block in 0..outputs.div_ceil(BLOCK) {
        for input_block in 0..inputs.div_ceil(BLOCK) {
            let count = BLOCK.min(inputs - input_block * BLOCK);
            for tap in 0..TAPS {
                let from = place(tap, output_block, input_block) * BLOCK;
                let block: &mut [Row; BLOCK] = fixed_mut(&mut rows[from..]);
                for output in 0..BLOCK.min(outputs - output_block * BLOCK) {
                    let from = (output_block * BLOCK + output) * inputs + input_block * BLOCK;
                    let taps = &weight[from * TAPS..][..count * TAPS];
                    for input in 0..count {
                        let value = taps[input * TAPS + tap];
                        match block_rows {
                            BlockRows::Inputs => block[input].0[output] = value,
                            BlockRows::Outputs => block[output].0[input] = value,
                        }
                    }
                }
            }
        }
    }
}

/// `[tap][output block][input block][16 inputs]` rows of sixteen outputs.
fn lay_out(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    lay_out_blocks(
        rows,
        step,
        weight,
        BlockRows::Inputs,
        |tap, output, input| (tap * columns + output) * depth + input,
    );
}

/// `[tap][input block][output block][16 outputs]` rows of sixteen inputs.
fn lay_out_exchanged(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    lay_out_blocks(
        rows,
        step,
        weight,
        BlockRows::Outputs,
        |tap, output, input| (tap * depth + input) * columns + output,
    );
}

/// The same with the window turned by 180 degrees.
fn lay_out_turned(rows: &mut [Row], step: &Step, weight: &[f32]) {
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    lay_out_blocks(
        rows,
        step,
        weight,
        BlockRows::Outputs,
        |tap, output, input| ((TAPS - 1 - tap) * depth + input) * columns + output,
    );
}

/// The reverse of [`lay_out`].
fn read_blocks(rows: &[Row], step: &Step, weight: &mut [f32]) {
    let (outputs, inputs) = (step.stage.output_channels, step.stage.input_channels);
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    for output_block in 0..columns {
        for input_block in 0..depth {
            let count = BLOCK.min(inputs - input_block * BLOCK);
            for tap in 0..TAPS {
                let from = ((tap * columns + output_block) * depth + input_block) * BLOCK;
                let block: &[Row; BLOCK] = fixed(&rows[from..]);
                for output in 0..BLOCK.min(outputs - output_block * BLOCK) {
                    let to = (output_block * BLOCK + output) * inputs + input_block * BLOCK;
                    let taps = &mut weight[to * TAPS..][..count * TAPS];
                    for input in 0..count {
                        taps[input * TAPS + tap] = block[input].0[output];
                    }
                }
            }
        }
    }
}

/// A stage's gradients in PyTorch's layout, from the rows of a partial gradient.
pub(crate) fn read_gradient(step: &Step, rows: &[Row], weight: &mut [f32], bias: &mut [f32]) {
    let (outputs, inputs) = (step.stage.output_channels, step.stage.input_channels);
    let depth = step.input_blocks();
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
            read_blocks(rows, step, weight);
        }
    }
}
