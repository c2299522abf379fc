//! The loss of each row of a batch, on the caller's thread.

use crate::dense::layer::{self, DenseLayer};
use crate::dense::parts::floats;
use crate::dense::stack::DenseStack;
use crate::error::{KernelError, check_length};
use crate::layout::weights::Weights;
use crate::loss::Loss;

/// What [`DenseStack::row_losses`] works in, for one thread at a time.
#[derive(Clone, Debug, Default)]
pub struct RowBuffers {
    /// What comes out of the layer before and of this one.
    halves: [Vec<f32>; 2],
}

impl RowBuffers {
    /// Room for `rows` rows of the widest layer.
    fn make_room(&mut self, rows: usize, layers: &[DenseLayer]) -> Result<(), KernelError> {
        let widest = layers.iter().map(|layer| layer.outputs).max().unwrap_or(0);
        let needed = rows.checked_mul(widest).ok_or(KernelError::Overflow)?;
        if self.halves[0].len() < needed {
            self.halves = [floats(rows, widest)?, floats(rows, widest)?];
        }
        Ok(())
    }
}

impl DenseStack {
    /// The sum of a loss over what comes out of each row, all of them against one target.
    ///
    /// Everything is done on the calling thread: who has many batches gives every thread its own, with buffers of its own.
    /// A few hundred rows at a time stay in the processor's cache.
    ///
    /// # Shapes
    /// - `values`: `[rows, inputs]`, the last axis fastest
    /// - `target`: `[outputs]`
    /// - output: `[rows]`
    ///
    /// # Errors
    /// When a length does not fit, there are no rows, or there is no memory for the buffers.
    pub fn row_losses(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        target: &[f32],
        loss: Loss,
        buffers: &mut RowBuffers,
    ) -> Result<Vec<f64>, KernelError> {
        self.check_lengths(values, weights)?;
        check_length("the target", self.outputs(), target.len())?;
        let rows = values.len() / self.inputs();
        buffers.make_room(rows, self.layers())?;
        let [mut before, mut after] = buffers.halves.each_mut().map(Vec::as_mut_slice);
        let (last, hidden) = self.layers().split_last().expect("a stack has layers");
        let mut is_first = true;
        for (layer, weights) in hidden.iter().zip(weights) {
            let x = match is_first {
                true => values,
                false => &before[..rows * layer.inputs],
            };
            layer::forward(
                self.isa(),
                layer,
                *weights,
                x,
                &mut after[..rows * layer.outputs],
            );
            std::mem::swap(&mut before, &mut after);
            is_first = false;
        }
        let x = match is_first {
            true => values,
            false => &before[..rows * last.inputs],
        };
        let y = &mut after[..rows * last.outputs];
        layer::sums(last, weights[hidden.len()], x, y);
        // Row by row, so that what the activation gives is read while it is near.
        let losses = y.chunks_exact_mut(last.outputs).map(|row| {
            last.activation.apply(self.isa(), row);
            loss.total(row, target)
        });
        Ok(losses.collect())
    }
}
