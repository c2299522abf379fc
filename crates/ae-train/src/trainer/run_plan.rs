//! What stays the same from a run's first step to its last.

use ae_data::{NoiseDraw, Part, Split};
use ae_random::Purpose;
use burn::tensor::Device;

use crate::batches::neighbors::NeighborDraw;
use crate::batches::order::epoch_order;
use crate::batches::plan::{BatchNoise, BatchPlan};
use crate::config::CheckedTrainConfig;
use crate::distributed::batch_parts::{BatchParts, RankShare};
use crate::distributed::communicator::Communicator;
use crate::run::progress::Progress;

/// Steps in one epoch.
pub(crate) fn steps_per_epoch(split: &Split, config: &CheckedTrainConfig) -> usize {
    split.train.len().div_ceil(config.batch_size)
}

/// The images, the settings and the device of a run, and what follows from them for each step.
pub(crate) struct RunPlan<'a> {
    pub(crate) split: &'a Split,
    /// With the history of a run that was resumed to another length.
    pub(crate) config: CheckedTrainConfig,
    /// What the images are that a model is measured on after each epoch: test images in a run from before there were
    /// others.
    pub(crate) measured_part: Part,
    /// With autodiff.
    pub(crate) device: Device,
    pub(crate) steps_per_epoch: usize,
    pub(crate) communicator: &'a dyn Communicator,
}

impl<'a> RunPlan<'a> {
    pub(crate) fn new(
        split: &'a Split,
        measured_part: Part,
        config: CheckedTrainConfig,
        device: &Device,
        communicator: &'a dyn Communicator,
    ) -> Self {
        Self {
            communicator,
            split,
            measured_part,
            device: device.clone().without_autodiff().autodiff(),
            steps_per_epoch: steps_per_epoch(split, &config),
            config,
        }
    }

    /// Whether other processes train the same model.
    pub(crate) fn is_shared(&self) -> bool {
        self.communicator.size() > 1
    }

    /// The parts of the batch that `progress` is at, where batches are computed in parts.
    pub(crate) fn batch_parts(&self, progress: &Progress) -> Option<BatchParts> {
        let is_whole = self.config.batch_parts == 1 && !self.is_shared();
        (!is_whole).then(|| {
            let left = self.split.train.len() - progress.batch * self.config.batch_size;
            BatchParts::new(left.min(self.config.batch_size), self.config.batch_parts)
        })
    }

    /// Steps in the whole run.
    pub(crate) fn steps(&self) -> usize {
        self.config.run_steps(self.steps_per_epoch)
    }

    /// Epochs in the whole run.
    pub(crate) fn epochs(&self) -> usize {
        self.config.run_epochs(self.steps_per_epoch)
    }

    /// Whether the run has taken all of its steps.
    pub(crate) fn is_over(&self, progress: &Progress) -> bool {
        self.config.is_over(progress.epoch, progress.step)
    }

    /// Batches of the epoch that `progress` lies in: fewer than others have where the run ends within it.
    pub(crate) fn batches_of_epoch(&self, progress: &Progress) -> usize {
        let rest = self
            .config
            .next_early_end(progress.step)
            .map(|end| end - progress.step);
        rest.map_or(self.steps_per_epoch, |rest| {
            self.steps_per_epoch
                .min(progress.batch.saturating_add(rest))
        })
    }

    /// The learning rate of step `step`, counted from 0 over the whole run.
    pub(crate) fn learning_rate(&self, step: usize) -> f64 {
        self.config.learning_rate_at(step, self.steps_per_epoch)
    }

    /// The weight of the regularization at step `step`, counted from 0 over the whole run, where there are no clean targets.
    pub(crate) fn regularization(&self, step: usize) -> f64 {
        let method = self.config.self_supervised;
        method.map_or(0.0, |method| {
            let steps = self.config.run_steps_at(step, self.steps_per_epoch);
            method.regularization_at(step, steps)
        })
    }

    /// What is left of the epoch that `progress` lies in.
    pub(crate) fn rest_of_epoch(&self, progress: &Progress) -> BatchPlan {
        let config = &self.config;
        let epoch = progress.epoch as u64;
        let noise = (!config.noise.is_empty()).then(|| BatchNoise {
            chain: config.noise.clone(),
            seed: config.seed,
            purpose: Purpose::Noise,
            epoch: match config.noise_draw {
                NoiseDraw::EachEpoch => epoch,
                NoiseDraw::Once => 0,
            },
        });
        BatchPlan {
            set: self.split.train.in_epoch(epoch),
            order: Some(epoch_order(&self.split.train, config.seed, epoch)),
            batch_size: config.batch_size,
            share: self.is_shared().then(|| RankShare {
                parts: config.batch_parts,
                rank: self.communicator.rank(),
                size: self.communicator.size(),
            }),
            first_batch: progress.batch,
            end_batch: Some(self.batches_of_epoch(progress)),
            noise,
            neighbors: config.self_supervised.map(|_| NeighborDraw {
                seed: config.seed,
                purpose: Purpose::Neighbors,
                epoch,
            }),
            threads: config.loader_threads,
        }
    }
}
