//! Weights in blocks of sixteen by sixteen channels, and gradients back in PyTorch's layout.
//!
//! A weight comes as `[output channel][input channel][3][3]`. The convolutions want, for each tap and each pair
//! of blocks, sixteen rows of input channels by sixteen columns of output channels; the gradient to the input
//! wants the same with the channels exchanged and the window turned. Missing channels are zero.

use crate::simd::{BLOCK, Row, fixed, fixed_mut};

/// Taps of the window.
pub(crate) const TAPS: usize = 9;

/// Rows of a weight in blocks, with so many channels on either side; `None` where there are too many to count.
pub(crate) fn rows(inputs: usize, outputs: usize) -> Option<usize> {
    let blocks = outputs
        .div_ceil(BLOCK)
        .checked_mul(inputs.div_ceil(BLOCK))?;
    blocks.checked_mul(TAPS * BLOCK)
}

/// How blocks of sixteen by sixteen weights lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// `[tap][output block][input block][16 inputs]` rows of sixteen outputs.
    Forward,
    /// `[tap][input block][output block][16 outputs]` rows of sixteen inputs.
    Exchanged,
    /// The same with the window turned by 180 degrees.
    Turned,
}

/// The row of `[block of columns][block of rows][16]`, the weights of a single tap, that has a row's values in the block of a column.
pub(crate) fn single_tap_row(row_blocks: usize, column: usize, row: usize) -> usize {
    (column / BLOCK * row_blocks + row / BLOCK) * BLOCK + row % BLOCK
}

/// Calls `put` for every weight with output channel, input channel, tap and its place in PyTorch's layout.
#[inline(always)]
pub(crate) fn for_each_weight(
    outputs: usize,
    inputs: usize,
    mut put: impl FnMut(usize, usize, usize, usize),
) {
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
pub(crate) fn lay_out(
    rows: &mut [Row],
    (inputs, outputs): (usize, usize),
    weight: &[f32],
    arrangement: Arrangement,
) {
    let (depth, columns) = (inputs.div_ceil(BLOCK), outputs.div_ceil(BLOCK));
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

/// The reverse of [`lay_out`], of a gradient that lies as [`Arrangement::Forward`].
pub(crate) fn read(rows: &[Row], (inputs, outputs): (usize, usize), weight: &mut [f32]) {
    let (depth, columns) = (inputs.div_ceil(BLOCK), outputs.div_ceil(BLOCK));
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
