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

/// A stage's weights, ready for its kernels; they are kept from one pass to the next, for as long as the weights stay.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// For the convolution: laid out, and transformed where the algorithm wants it.
    pub(crate) forward: Vec<Row>,
    /// For the gradient to the input.
    pub(crate) backward: Vec<Row>,
    pub(crate) bias: Vec<Row>,
    /// Before their transforms.
    laid_out: [Vec<Row>; 2],
    /// The weight that `forward` was made of, and whether `backward` was too.
    source: Vec<f32>,
    has_backward: bool,
}

/// Whether two lists are the same to the bit.
fn are_same(a: &[f32], b: &[f32]) -> bool {
    const RUN: usize = 256;
    // Without leaving a run early, so that it vectorises.
    let differ = |(a, b): (&[f32], &[f32])| {
        let pairs = a.iter().zip(b);
        pairs.fold(0, |bits, (a, b)| bits | (a.to_bits() ^ b.to_bits())) != 0
    };
    a.len() == b.len() && !a.chunks(RUN).zip(b.chunks(RUN)).any(differ)
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
        let bias = grow(&mut self.bias, step.output_blocks())?;
        for (row, values) in bias.iter_mut().zip(weights.bias.chunks(BLOCK)) {
            row.0[..values.len()].copy_from_slice(values);
        }
        if are_same(&self.source, weights.weight) && (self.has_backward || !backward) {
            return Ok(());
        }
        self.lay_out(isa, step, weights.weight, backward)?;
        self.source.clear();
        self.source
            .try_reserve_exact(weights.weight.len())
            .map_err(|_| KernelError::Memory {
                bytes: size_of_val(weights.weight),
            })?;
        self.source.extend_from_slice(weights.weight);
        self.has_backward = backward;
        Ok(())
    }

    fn lay_out(
        &mut self,
        isa: Isa,
        step: &Step,
        weight: &[f32],
        backward: bool,
    ) -> Result<(), KernelError> {
        let (inputs, outputs) = (step.stage.input_channels, step.stage.output_channels);
        let (depth, columns) = (step.input_blocks(), step.output_blocks());
        match step.algorithm {
            Algorithm::Planar => {
                let rows = grow(&mut self.forward, step.gradient_rows)?;
                for_each(outputs, inputs, |output, input, tap, from| {
                    rows[(output / BLOCK * inputs + input) * TAPS + tap].0[output % BLOCK] =
                        weight[from];
                });
                if backward {
                    // The gradient to the image gathers the taps' contributions of the output's gradient.
                    let blocks = Window::Turned.columns(inputs).div_ceil(BLOCK);
                    let rows = grow(&mut self.backward, blocks * columns * BLOCK)?;
                    for_each(outputs, inputs, |output, input, tap, from| {
                        let column = input * TAPS + tap;
                        rows[(column / BLOCK * columns + output / BLOCK) * BLOCK
                            + output % BLOCK]
                            .0[column % BLOCK] = weight[from];
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
                            [column % BLOCK] += weight[from];
                    }
                });
                if backward {
                    let rows = grow(&mut self.backward, step.gradient_rows)?;
                    rows.fill(Row::ZERO);
                    for_each(outputs, inputs, |output, input, tap, from| {
                        for column in window.columns_of(output, tap) {
                            rows[(input / BLOCK * blocks + column / BLOCK) * BLOCK
                                + column % BLOCK]
                                .0[input % BLOCK] += weight[from];
                        }
                    });
                }
            }
            Algorithm::Direct => {
                let rows = grow(&mut self.forward, step.gradient_rows)?;
                lay_out(rows, step, weight, Arrangement::Forward);
                if backward {
                    let rows = grow(&mut self.backward, step.gradient_rows)?;
                    lay_out(rows, step, weight, Arrangement::Turned);
                }
            }
            Algorithm::Winograd => {
                self.transform(isa, step, weight, backward, winograd::transform_weights)?;
            }
            Algorithm::Upsample => {
                self.transform(isa, step, weight, backward, upsample::transform_weights)?;
            }
        }
        Ok(())
    }

    /// Lays the weight out and transforms it, for the convolution and with the channels exchanged for the gradient.
    fn transform(
        &mut self,
        isa: Isa,
        step: &Step,
        weight: &[f32],
        backward: bool,
        transform: fn(Isa, &[Row], &mut [Row]),
    ) -> Result<(), KernelError> {
        let rows = step.products().unwrap_or(1) * plane(step.gradient_rows / TAPS);
        let [first, second] = &mut self.laid_out;
        let one = |laid_out: &mut Vec<Row>, target: &mut Vec<Row>, arrangement| {
            // Places of missing channels stay zero.
            let laid_out = grow(laid_out, step.gradient_rows)?;
            lay_out(laid_out, step, weight, arrangement);
            transform(isa, laid_out, grow(target, rows)?);
            Ok(())
        };
        if !backward {
            return one(first, &mut self.forward, Arrangement::Forward);
        }
        let (forward, backward) = rayon::join(
            || one(first, &mut self.forward, Arrangement::Forward),
            || one(second, &mut self.backward, Arrangement::Exchanged),
        );
        forward.and(backward)
    }
}

/// How blocks of sixteen by sixteen weights lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrangement {
    /// `[tap][output block][input block][16 inputs]` rows of sixteen outputs.
    Forward,
    /// `[tap][input block][output block][16 outputs]` rows of sixteen inputs.
    Exchanged,
    /// The same with the window turned by 180 degrees.
    Turned,
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

/// The channels of a block, of `channels` in all.
fn channels_of(block: usize, channels: usize) -> std::ops::Range<usize> {
    block * BLOCK..((block + 1) * BLOCK).min(channels)
}

/// Brings PyTorch's layout into blocks, block by block, for their sixteen by sixteen windows stay in the first cache.
fn lay_out(rows: &mut [Row], step: &Step, weight: &[f32], arrangement: Arrangement) {
    let (inputs, outputs) = (step.stage.input_channels, step.stage.output_channels);
    let (depth, columns) = (step.input_blocks(), step.output_blocks());
    for output_block in 0..columns {
        for input_block in 0..depth {
            for tap in 0..TAPS {
                let from =
                    |output: usize, input: usize| weight[(output * inputs + input) * TAPS + tap];
                let block = match arrangement {
                    Arrangement::Forward => (tap * columns + output_block) * depth + input_block,
                    Arrangement::Exchanged => (tap * depth + input_block) * columns + output_block,
                    Arrangement::Turned => {
                        ((TAPS - 1 - tap) * depth + input_block) * columns + output_block
                    }
                };
                let rows = &mut rows[block * BLOCK..][..BLOCK];
                if arrangement == Arrangement::Forward {
                    for (row, input) in rows.iter_mut().zip(channels_of(input_block, inputs)) {
                        for output in channels_of(output_block, outputs) {
                            row.0[output % BLOCK] = from(output, input);
                        }
                    }
                } else {
                    for (row, output) in rows.iter_mut().zip(channels_of(output_block, outputs)) {
                        for input in channels_of(input_block, inputs) {
                            row.0[input % BLOCK] = from(output, input);
                        }
                    }
                }
            }
        }
    }
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
            for output_block in 0..columns {
                for input_block in 0..depth {
                    for output in channels_of(output_block, outputs) {
                        for input in channels_of(input_block, inputs) {
                            let to = (output * inputs + input) * TAPS;
                            for (tap, value) in weight[to..to + TAPS].iter_mut().enumerate() {
                                let block = (tap * columns + output_block) * depth + input_block;
                                *value = rows[block * BLOCK + input % BLOCK].0[output % BLOCK];
                            }
                        }
                    }
                }
            }
        }
    }
}
