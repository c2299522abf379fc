//! A batch in parts, and the buffers of its passes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::dense::layer::DenseLayer;
use crate::error::{KernelError, check_length};
use crate::layout::buffer::zero_floats;

/// Parts of a batch: as many threads can work on it.
const PARTS: usize = 8;
/// Fewer rows than these are not worth a part of their own.
const PART_ROWS: usize = 32;
/// Most buffers that wait for another pass: those of one pass, and of a graph that was not differentiated.
const POOLED: usize = 4;

/// What a forward pass left in every layer, for the backward pass.
#[derive(Debug)]
pub struct Activations {
    kept: Rows,
    pool: Pool,
}

impl Activations {
    pub(crate) fn new(kept: Rows, pool: Pool) -> Self {
        Self { kept, pool }
    }

    pub(crate) fn rows(&self) -> &Rows {
        &self.kept
    }
}

impl Drop for Activations {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.kept));
    }
}

/// Numbers of every layer: `[batch, outputs]` each.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) batch: usize,
    pub(crate) layers: Vec<Vec<f32>>,
}

impl Rows {
    pub(crate) fn of_last(&self) -> &[f32] {
        self.layers.last().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn check(&self, batch: usize, layers: &[DenseLayer]) -> Result<(), KernelError> {
        check_length("the activations' layers", layers.len(), self.layers.len())?;
        for (layer, values) in layers.iter().zip(&self.layers) {
            check_length("the activations", batch * layer.outputs, values.len())?;
        }
        Ok(())
    }
}

/// What comes out of each layer, computed before or to be computed.
pub(crate) enum LayerOutputs<'a> {
    Kept(&'a Rows),
    Anew(Rows),
}

impl LayerOutputs<'_> {
    pub(crate) fn parts(&mut self, layers: &[DenseLayer]) -> Vec<Outputs<'_>> {
        match self {
            Self::Anew(rows) => cut(rows, layers).into_iter().map(Outputs::Anew).collect(),
            Self::Kept(kept) => {
                let rows = part_rows(kept.batch);
                let layers = kept.layers.iter().zip(layers);
                let chunks = layers.map(|(values, layer)| values.chunks(rows * layer.outputs));
                let parts = by_part(chunks);
                parts.into_iter().map(Outputs::Kept).collect()
            }
        }
    }

    pub(crate) fn rows(&self) -> &Rows {
        match self {
            Self::Kept(rows) => rows,
            Self::Anew(rows) => rows,
        }
    }
}

/// Buffers of earlier passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Rows>>>);

impl Pool {
    /// Buffers for a batch, of an earlier pass if there are some of this size.
    pub(crate) fn take(&self, batch: usize, layers: &[DenseLayer]) -> Result<Rows, KernelError> {
        let mut pooled = self.lock();
        if let Some(at) = pooled.iter().position(|rows| rows.batch == batch) {
            return Ok(pooled.swap_remove(at));
        }
        // None of those in it will do; they would only take up memory.
        pooled.clear();
        drop(pooled);
        let layers = layers.iter().map(|layer| floats(batch, layer.outputs));
        Ok(Rows {
            batch,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn give(&self, rows: Rows) {
        let mut pooled = self.lock();
        if pooled.len() < POOLED {
            pooled.push(rows);
        }
    }

    /// A poisoned lock guards buffers only; whoever panicked took theirs along.
    fn lock(&self) -> MutexGuard<'_, Vec<Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// [`LayerOutputs`] of a part.
pub(crate) enum Outputs<'a> {
    Kept(Vec<&'a [f32]>),
    /// Room for it.
    Anew(Vec<&'a mut [f32]>),
}

/// Each part's places in all layers of `rows`.
pub(crate) fn cut<'a>(rows: &'a mut Rows, layers: &[DenseLayer]) -> Vec<Vec<&'a mut [f32]>> {
    let count = part_rows(rows.batch);
    by_part(
        rows.layers
            .iter_mut()
            .zip(layers)
            .map(|(values, layer)| values.chunks_mut(count * layer.outputs)),
    )
}

/// Layers of parts as parts of layers.
fn by_part<T>(layers: impl Iterator<Item = impl Iterator<Item = T>>) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    for layer in layers {
        for (index, part) in layer.enumerate() {
            if parts.len() == index {
                parts.push(Vec::new());
            }
            parts[index].push(part);
        }
    }
    parts
}

/// Rows of a part, by the batch alone.
pub(crate) fn part_rows(batch: usize) -> usize {
    batch.div_ceil(PARTS).max(PART_ROWS)
}

/// `rows` times `columns` zeros.
pub(crate) fn floats(rows: usize, columns: usize) -> Result<Vec<f32>, KernelError> {
    zero_floats(rows.checked_mul(columns).ok_or(KernelError::Overflow)?)
}
