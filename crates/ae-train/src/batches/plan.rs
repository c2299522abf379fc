//! Which images go into which batch, in which order and under which noise.

use std::sync::Arc;

use ae_data::{DataError, ImageSet, NoiseChain};
use ae_random::{Draw, Purpose};

use crate::batches::neighbors::{NeighborDraw, Neighbors};
use crate::distributed::batch_parts::RankShare;

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

impl Batch {
    /// The batch in parts of `images` images, and the rest.
    pub(crate) fn in_parts(&self, images: usize) -> impl Iterator<Item = Self> + '_ {
        let count = self.indices.len();
        (0..count).step_by(images).map(move |start| {
            let range = start..(start + images).min(count);
            let of = |values: &[f32]| {
                let each = values.len() / count;
                values[range.start * each..range.end * each].to_vec()
            };
            Self {
                indices: self.indices[range.clone()].to_vec(),
                target: of(&self.target),
                input: self.input.as_deref().map(of),
                neighbors: self.neighbors.as_ref().map(|neighbors| Neighbors {
                    first: of(&neighbors.first),
                    second: of(&neighbors.second),
                    signs: of(&neighbors.signs),
                }),
            }
        })
    }
}

/// Which images in which order with which noise.
#[derive(Clone)]
pub(crate) struct BatchPlan {
    pub(crate) set: ImageSet,
    /// Indices in the set; `None` for the set's own order.
    pub(crate) order: Option<Arc<[usize]>>,
    pub(crate) batch_size: usize,
    /// This rank's share of every batch; `None` for all of it.
    pub(crate) share: Option<RankShare>,
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
        let (from, until) = match self.share {
            Some(share) => {
                let own = share.images_of(until - from);
                (from + own.start, from + own.end)
            }
            None => (from, until),
        };
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
