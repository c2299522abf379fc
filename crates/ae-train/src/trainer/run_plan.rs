//! What stays the same from a run's first step to its last.

use ae_data::{NoiseDraw, Split};
use ae_random::Purpose;
use burn::tensor::Device;

use crate::batches::plan::{BatchNoise, BatchPlan, shuffled};
use crate::config::CheckedTrainConfig;
use crate::run::progress::Progress;

/// The images, the settings and the device of a run, and what follows from them for each step.
pub(crate) struct RunPlan<'a> {
    pub(crate) split: &'a Split,
    pub(crate) config: &'a CheckedTrainConfig,
    /// With autodiff.
    pub(crate) device: Device,
    pub(crate) steps_per_epoch: usize,
}

impl<'a> RunPlan<'a> {
    pub(crate) fn new(split: &'a Split, config: &'a CheckedTrainConfig, device: &Device) -> Self {
        Self {
            split,
            config,
            device: device.clone().without_autodiff().autodiff(),
            steps_per_epoch: split.train.len().div_ceil(config.batch_size),
        }
    }

    /// Steps in the whole run.
    pub(crate) fn steps(&self) -> usize {
        self.steps_per_epoch * self.config.epochs
    }

    /// The learning rate of step `step`, counted from 0 over the whole run.
    pub(crate) fn learning_rate(&self, step: usize) -> f64 {
        self.config.schedule.learning_rate(
            self.config.learning_rate,
            step,
            self.config.warmup_steps,
            self.steps(),
        )
    }

    /// What is left of the epoch that `progress` lies in.
    pub(crate) fn rest_of_epoch(&self, progress: &Progress) -> BatchPlan {
        let config = self.config;
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
            order: Some(shuffled(config.seed, epoch, self.split.train.len())),
            batch_size: config.batch_size,
            first_batch: progress.batch,
            noise,
            threads: config.loader_threads,
        }
    }
}
