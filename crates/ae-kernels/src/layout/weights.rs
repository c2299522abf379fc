//! Weights in the layouts of the kernels, and gradients back in PyTorch's.
//!
//! A weight comes as `[output channel][input channel][3][3]`. The convolutions want, for each tap and each pair
//! of blocks, sixteen rows of input channels by sixteen columns of output channels; the gradient to the input
//! wants the same with the channels exchanged and the window turned. Missing channels are zero.

use crate::conv::algorithms::direct::{fixed, fixed_mut};
use crate::conv::algorithms::tap_gather::Window;
use crate::conv::algorithms::upsampled::Upsample;
use crate::conv::algorithms::winograd_f43::Winograd;
use crate::conv::plan::{Algorithm, Step};
use crate::conv::winograd::transforms::{ProductWeights, transform_weights};
use crate::error::KernelError;
use crate::layout::buffer::zero_rows;
use crate::simd::lanes::{BLOCK, Isa, Row};
use crate::simd::matmul::plane;

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
    /// Whether the algorithm's transform is left to [`crate::conv::winograd::on_the_fly`].
    is_brief: bool,
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
    /// Lays out `weights` for the passes that are wanted; transforms are left for later if these are `brief`.
    pub(crate) fn fill(
        &mut self,
        isa: Isa,
        step: &Step,
        weights: Weights<'_>,
        backward: bool,
        is_brief: bool,
    ) -> Result<(), KernelError> {
        let bias = grow(&mut self.bias, step.output_blocks())?;
        for (row, values) in bias.iter_mut().zip(weights.bias.chunks(BLOCK)) {
            row.0[..values.len()].copy_from_slice(values);
        }
        let suits = self.is_brief == is_brief && (self.has_backward || !backward);
        if suits && are_same(&self.source, weights.weight) {
            return Ok(());
        }
        self.is_brief = is_brief;
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
            Algorithm::Winograd if !self.is_brief => {
                let transform = transform_weights::<Winograd, _>;
                self.transform(isa, step, weight, backward, transform)?;
            }
            Algorithm::Upsample if !self.is_brief => {
                let transform = transform_weights::<Upsample, _>;
                self.transform(isa, step, weight, backward, transform)?;
            }
            Algorithm::Direct | Algorithm::Winograd | Algorithm::Upsample => {
                let rows = grow(&mut self.forward, step.gradient_rows)?;
                lay_out(rows, step, weight, Arrangement::Forward);
                if backward {
                    // The transposed algorithms turn the window by themselves.
                    let arrangement = match step.algorithm {
                        Algorithm::Direct => Arrangement::Turned,
                        _ => Arrangement::Exchanged,
                    };
                    let rows = grow(&mut self.backward, step.gradient_rows)?;
                    lay_out(rows, step, weight, arrangement);
                }
            }
        }
        Ok(())
    }

    /// What the products of the convolution take.
    pub(crate) fn product_weights(&self) -> ProductWeights<'_> {
        if self.is_brief {
            ProductWeights::Untransformed(&self.forward)
        } else {
            ProductWeights::Transformed(&self.forward)
        }
    }

    pub(crate) fn is_brief(&self) -> bool {
        self.is_brief
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
                let block = match arrangement {
                    Arrangement::Forward => (tap * columns + output_block) * depth + input_block,
                    Arrangement::Exchanged => (tap * depth + input_block) * columns + output_block,
                    Arrangement::Turned => {
                        ((TAPS - 1 - tap) * depth + input_block) * columns + output_block
                    }
                };
                let rows: &mut [Row; BLOCK] = fixed_mut(&mut rows[block * BLOCK..]);
                for output in channels_of(output_block, outputs) {
                    let start = (output * inputs + input_block * BLOCK) * TAPS;
                    let (output, values) = (output % BLOCK, &weight[start..]);
                    match (values.first_chunk(), channels_of(input_block, inputs).len()) {
                        (Some(values), BLOCK) => put(rows, arrangement, output, tap, values),
                        (_, some) => {
                            let mut padded = [0.0; BLOCK * TAPS];
                            padded[..some * TAPS].copy_from_slice(&values[..some * TAPS]);
                            put(rows, arrangement, output, tap, &padded);
                        }
                    }
                }
            }
        }
    }
}

/// Puts a tap of the weights from sixteen input channels to one output channel of a block into the block's rows.
#[inline(always)]
fn put(
    rows: &mut [Row; BLOCK],
    arrangement: Arrangement,
    output: usize,
    tap: usize,
    values: &[f32; BLOCK * TAPS],
) {
    for input in 0..BLOCK {
        let value = values[input * TAPS + tap];
        match arrangement {
            Arrangement::Forward => rows[input].0[output] = value,
            Arrangement::Exchanged | Arrangement::Turned => rows[output].0[input] = value,
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
            for output in 0..outputs {
                let row = &mut weight[output * inputs * TAPS..][..inputs * TAPS];
                for (input_block, values) in row.chunks_mut(BLOCK * TAPS).enumerate() {
                    let block = |tap: usize| (tap * columns + output / BLOCK) * depth + input_block;
                    let blocks: [&[Row; BLOCK]; TAPS] =
                        std::array::from_fn(|tap| fixed(&rows[block(tap) * BLOCK..]));
                    for (input, values) in values.chunks_exact_mut(TAPS).enumerate() {
                        for tap in 0..TAPS {
                            values[tap] = blocks[tap][input].0[output % BLOCK];
                        }
                    }
                }
            }
        }
    }
}
