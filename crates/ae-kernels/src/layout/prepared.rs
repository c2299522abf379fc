//! A stage's weights as its algorithm wants them.

use crate::error::KernelError;
use crate::layout::buffer::zero_rows;
use crate::layout::weights::Weights;
use crate::simd::{BLOCK, Row};

/// A stage's weights, ready for its kernels; they are kept from one pass to the next, for as long as the weights stay.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// For the convolution: laid out, and transformed where the algorithm wants it.
    pub(crate) forward: Vec<Row>,
    /// For the gradient to the input.
    pub(crate) backward: Vec<Row>,
    pub(crate) bias: Vec<Row>,
    /// Whether the algorithm's transform is left to its kernels, so that the weights above are as they are before it.
    pub(crate) on_the_fly: bool,
    /// Before their transforms.
    pub(crate) laid_out: [Vec<Row>; 2],
    /// Those of each source, where a stage convolves two of them.
    pub(crate) sources: Vec<Prepared>,
    /// The weight that `forward` was made of, and whether `backward` was too.
    source: Vec<f32>,
    has_backward: bool,
}

impl Prepared {
    /// Takes the bias in, of `blocks` blocks that stay zero where there is none, and tells whether the weight too is what these were made of, for the passes that are wanted; if
    /// it isn't, it is to be laid out and then remembered.
    pub(crate) fn begin(
        &mut self,
        weights: Weights<'_>,
        blocks: usize,
        backward: bool,
        on_the_fly: bool,
    ) -> Result<bool, KernelError> {
        let bias = grow(&mut self.bias, blocks)?;
        for (row, values) in bias.iter_mut().zip(weights.bias.chunks(BLOCK)) {
            row.0[..values.len()].copy_from_slice(values);
        }
        let suits = self.on_the_fly == on_the_fly && (self.has_backward || !backward);
        self.on_the_fly = on_the_fly;
        Ok(suits && are_same(&self.source, weights.weight))
    }

    /// Remembers the weight that has been laid out.
    pub(crate) fn remember(&mut self, weight: &[f32], backward: bool) -> Result<(), KernelError> {
        self.source.clear();
        self.source
            .try_reserve_exact(weight.len())
            .map_err(|_| KernelError::Memory {
                bytes: size_of_val(weight),
            })?;
        self.source.extend_from_slice(weight);
        self.has_backward = backward;
        Ok(())
    }
}

/// A buffer of `rows` rows, which keeps what it has if it has so many.
pub(crate) fn grow(buffer: &mut Vec<Row>, rows: usize) -> Result<&mut [Row], KernelError> {
    if buffer.len() != rows {
        *buffer = zero_rows(rows)?;
    }
    Ok(buffer)
}

/// Whether two lists are the same to the bit.
fn are_same(a: &[f32], b: &[f32]) -> bool {
    const RUN: usize = 256;
    // Without leaving a run early, so that it vectorizes.
    let differ = |(a, b): (&[f32], &[f32])| {
        let pairs = a.iter().zip(b);
        pairs.fold(0, |bits, (a, b)| bits | (a.to_bits() ^ b.to_bits())) != 0
    };
    a.len() == b.len() && !a.chunks(RUN).zip(b.chunks(RUN)).any(differ)
}
