//! Which images go into which batch, in which order and under which noise.

use std::sync::Arc;

use ae_data::{DataError, ImageSet, NoiseChain};
use ae_random::{Draw, Purpose};

use crate::batches::neighbors::{NeighborDraw, Neighbors};

/// The most batches of a group.
const GROUP_BATCHES: usize = 64;
/// The most values of a group of several batches.
const GROUP_VALUES: usize = 1 << 16;

/// Images on the host, ready to become tensors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    /// Each image's index in its set.
    pub(crate) indices: Vec<u64>,
    /// The clean images, `[batch, channels, height, width]`, pixels in `[0, 1]`.
    pub(crate) target: Vec<f32>,
    /// The noisy ones; `None` where there is no noise, and input and target are the same.
    pub(crate) input: Option<Vec<f32>>,
    /// Where the images are noisy themselves and there are no clean ones: the neighbors that were drawn of them.
    pub(crate) neighbors: Option<Neighbors>,
}

/// Which images in which order with which noise.
#[derive(Clone)]
pub(crate) struct BatchPlan {
    pub(crate) set: ImageSet,
    /// Indices in the set; `None` for the set's own order.
    pub(crate) order: Option<Arc<[usize]>>,
    pub(crate) batch_size: usize,
    /// Batches at the beginning that are left out.
    pub(crate) first_batch: usize,
    /// The number of the batch before which the plan ends; `None` where all batches are made.
    pub(crate) end_batch: Option<usize>,
    pub(crate) noise: Option<BatchNoise>,
    /// Where neighbors are to be drawn.
    pub(crate) neighbors: Option<NeighborDraw>,
    pub(crate) threads: usize,
}

/// The noise of a plan, with what its draws are named by.
#[derive(Clone)]
pub(crate) struct BatchNoise {
    pub(crate) chain: NoiseChain,
    pub(crate) seed: u64,
    pub(crate) purpose: Purpose,
    pub(crate) epoch: u64,
}

impl BatchNoise {
    /// The noise under which images are measured: always the same for a seed.
    pub(crate) fn for_measuring(chain: Option<&NoiseChain>, seed: u64) -> Option<Self> {
        let chain = chain.filter(|chain| !chain.is_empty())?;
        Some(Self {
            chain: chain.clone(),
            seed,
            purpose: Purpose::Validation,
            epoch: 0,
        })
    }
}

/// The order in which an epoch goes through its images.
pub(crate) fn shuffled(seed: u64, epoch: u64, images: usize) -> Arc<[usize]> {
    let draw = Draw {
        seed,
        purpose: Purpose::Shuffle,
        epoch,
        index: 0,
    };
    draw.stream().permutation(images).into()
}

impl BatchPlan {
    /// Number of batches, those left out at the beginning included. The last one of the set may be smaller.
    pub(crate) fn batches(&self) -> usize {
        let all = self.set.len().div_ceil(self.batch_size);
        self.end_batch.map_or(all, |end| end.min(all))
    }

    /// Batches that are handed over together.
    pub(crate) fn group(&self) -> usize {
        let values = self.batch_size.saturating_mul(self.set.shape().values());
        (GROUP_VALUES / values.max(1)).clamp(1, GROUP_BATCHES)
    }

    pub(crate) fn make(&self, number: usize) -> Result<Batch, DataError> {
        let shape = self.set.shape();
        let from = number * self.batch_size;
        let until = (from + self.batch_size).min(self.set.len());
        let mut indices = Vec::with_capacity(until - from);
        let mut target = vec![0.0; (until - from) * shape.values()];
        for (position, pixels) in (from..until).zip(target.chunks_exact_mut(shape.values())) {
            let index = self
                .order
                .as_ref()
                .map_or(position, |order| order[position]);
            self.set.read_unit_into(index, pixels)?;
            indices.push(index as u64);
        }
        let input = self.noise.as_ref().map(|noise| {
            let mut input = target.clone();
            for (&index, pixels) in indices.iter().zip(input.chunks_exact_mut(shape.values())) {
                let draw = Draw {
                    seed: noise.seed,
                    purpose: noise.purpose,
                    epoch: noise.epoch,
                    index,
                };
                noise.chain.apply(shape, pixels, &mut draw.stream());
            }
            input
        });
        let neighbors = self
            .neighbors
            .map(|draw| Neighbors::of(draw, shape, &indices, &target));
        Ok(Batch {
            indices,
            target,
            input,
            neighbors,
        })
    }
}
