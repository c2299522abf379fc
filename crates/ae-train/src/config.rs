//! The settings of a training run: unchecked, and checked ones that can be run.

use std::str::FromStr;

use ae_data::{NoiseChain, NoiseDraw};
use ae_models::ReconstructionLoss;
use serde::{Deserialize, Serialize};

use crate::config::self_supervision::SelfSupervision;
use crate::error::TrainError;
use crate::optim::config::OptimizerConfig;
use crate::optim::schedule::ScheduleConfig;
use crate::optim::segment::{RunLength, Segment};
use crate::optim::warm_up::WarmUp;
use crate::setting_checks::{at_least_one, below_one, by_name, not_negative, positive, refuse};

mod learning_rates;
mod lengths;
pub(crate) mod self_supervision;
mod usual;

/// Everything that decides how a model is trained; the `[train]` table of a run's `config.toml`.
///
/// Unchecked: [`check`](Self::check) makes the [`CheckedTrainConfig`] that a [`Trainer`](crate::Trainer) takes.
/// A field that a file leaves out takes its default; what has one and can be switched off is `"off"` there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// How often every training image is seen.
    pub epochs: usize,
    /// Optimizer steps of the whole run, in place of `epochs`; absent where those decide. The last epoch ends with the last
    /// of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Images in one step; the last step of an epoch takes what is left.
    pub batch_size: usize,
    /// Parts of a batch, at most, that are computed each by itself, and whose gradients are then added up in a fixed order:
    /// what several processes share out. A mean over the batch, and another number of parts rounds differently.
    #[serde(skip_serializing_if = "is_one")]
    pub batch_parts: usize,
    /// The learning rate that the schedule scales.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises linearly from 0 to the schedule's value. In a file `"auto"` for as many
    /// as suit the run's length.
    pub warmup_steps: WarmUp,
    /// What the reconstruction is compared to the target with.
    pub loss: ReconstructionLoss,
    /// The largest norm of all gradients taken together; longer ones are scaled down to it (Pascanu, Mikolov and
    /// Bengio, 2013, algorithm 1). In a file `"off"` for none.
    #[serde(with = "crate::number_or_off")]
    pub gradient_clip_norm: Option<f64>,
    /// The decay of the moving average of the weights that is measured and kept in place of them, as 0.999; absent for none.
    /// Of the step with `t` before it, it is at most `(1 + t) / (10 + t)`, so that the first weights are soon forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// The seed of everything random in the run.
    pub seed: u64,
    /// How it is trained where the images are noisy themselves and there are no clean ones; absent where the images are
    /// what is to come out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_supervised: Option<SelfSupervision>,
    /// The noise on the input; the target stays clean. Empty for a plain autoencoder.
    pub noise: NoiseChain,
    /// Whether each epoch sees new noise.
    pub noise_draw: NoiseDraw,
    /// Threads that make batches ahead of the loop. Changes the speed only, never a bit of the result.
    pub loader_threads: usize,
    /// Steps between checkpoints inside an epoch. There is one at the end of every epoch in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every_steps: Option<usize>,
    /// Seconds between checkpoints inside an epoch. In a file `"off"` for none.
    #[serde(with = "crate::number_or_off")]
    pub checkpoint_every_seconds: Option<f64>,
    /// Which epoch's model is kept.
    pub select: Selection,
    /// The rule that turns gradients into updates.
    pub optimizer: OptimizerConfig,
    /// How the learning rate changes from step to step.
    pub schedule: ScheduleConfig,
    /// When to stop before the last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// What the run was to be before it was resumed to another length, where its learning rates depend on
    /// that; written by the trainer, and empty for a run that was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
}

impl Default for TrainConfig {
    fn default() -> Self {
        let optimizer = OptimizerConfig::default();
        Self {
            epochs: 10,
            steps: None,
            batch_size: 128,
            batch_parts: 1,
            learning_rate: optimizer.default_learning_rate(),
            warmup_steps: WarmUp::Auto,
            loss: ReconstructionLoss::Mse,
            gradient_clip_norm: optimizer.default_clip_norm(),
            ema: None,
            seed: 1,
            self_supervised: None,
            noise: NoiseChain::default(),
            noise_draw: NoiseDraw::EachEpoch,
            loader_threads: 1,
            checkpoint_every_steps: None,
            checkpoint_every_seconds: Some(300.0),
            select: Selection::Best,
            optimizer,
            schedule: ScheduleConfig::default(),
            early_stopping: None,
            segments: Vec::new(),
        }
    }
}

/// Whether a batch is computed as a whole, as it was before there were parts.
fn is_one(parts: &usize) -> bool {
    *parts == 1
}

/// Which epoch's model a run keeps in `model.safetensors` and gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// The one with the best [`validation_measure`](ae_models::Trainable::validation_measure) on the validation images;
    /// the last where there are none.
    #[default]
    Best,
    /// The last.
    Last,
}

impl Selection {
    /// The name it is chosen by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Last => "last",
        }
    }
}

impl FromStr for Selection {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let choices = [("best", Self::Best), ("last", Self::Last)];
        by_name("select", text, &choices, "must be best or last")
    }
}

/// Stops a run whose score no longer improves.
///
/// The score is the model's [`validation_measure`](ae_models::Trainable::validation_measure) on the validation images;
/// a run without any is refused.
///
/// # References
/// L. Prechelt (1998), *Early stopping, but when?*
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without improvement that are waited for.
    pub patience_epochs: usize,
    /// What a score must fall by, at least, to count as an improvement.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self {
            patience_epochs: 5,
            min_delta: 0.0,
        }
    }
}

/// Settings that can be run: only [`TrainConfig::check`] makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedTrainConfig(TrainConfig);

impl CheckedTrainConfig {
    /// The settings.
    #[must_use]
    pub fn get(&self) -> &TrainConfig {
        &self.0
    }
}

impl std::ops::Deref for CheckedTrainConfig {
    type Target = TrainConfig;

    fn deref(&self) -> &TrainConfig {
        &self.0
    }
}

impl TrainConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`TrainError::Config`] names the first field that cannot be run, its value and what it must be.
    pub fn check(&self) -> Result<CheckedTrainConfig, TrainError> {
        at_least_one("epochs", self.epochs)?;
        if let Some(steps) = self.steps {
            at_least_one("steps", steps)?;
        }
        at_least_one("batch_size", self.batch_size)?;
        at_least_one("batch_parts", self.batch_parts)?;
        positive("learning_rate", self.learning_rate)?;
        at_least_one("loader_threads", self.loader_threads)?;
        if self.loader_threads > 256 {
            return Err(refuse(
                "loader_threads",
                self.loader_threads,
                "must be at most 256",
            ));
        }
        if i64::try_from(self.seed).is_err() {
            // TOML's integers are signed, and a run's configuration must survive being written.
            return Err(refuse(
                "seed",
                self.seed,
                "must be at most 9223372036854775807",
            ));
        }
        if let Some(norm) = self.gradient_clip_norm {
            positive("gradient_clip_norm", norm)?;
        }
        if let Some(decay) = self.ema {
            positive("ema", decay)?;
            below_one("ema", decay)?;
        }
        if let Some(steps) = self.checkpoint_every_steps {
            at_least_one("checkpoint_every_steps", steps)?;
        }
        if let Some(seconds) = self.checkpoint_every_seconds {
            positive("checkpoint_every_seconds", seconds)?;
        }
        if let Some(stopping) = &self.early_stopping {
            at_least_one("early_stopping.patience_epochs", stopping.patience_epochs)?;
            not_negative("early_stopping.min_delta", stopping.min_delta)?;
        }
        if let Some(method) = self.self_supervised {
            let alone = "must be absent where the images are noisy themselves";
            if !self.noise.is_empty() {
                return Err(refuse("noise", &self.noise, alone));
            }
            if self.loss != ReconstructionLoss::Mse {
                let name = method.name();
                let must = "must be mse, whose mean the method is about";
                return Err(refuse("loss", format!("{} with {name}", self.loss), must));
            }
        }
        let mut begin = 0;
        for segment in &self.segments {
            match segment.length() {
                RunLength::Epochs(epochs) => at_least_one("segments.epochs", epochs)?,
                RunLength::Steps(steps) => at_least_one("segments.steps", steps)?,
            }
            if segment.until_step <= begin {
                return Err(refuse(
                    "segments.until_step",
                    segment.until_step,
                    "must be above that of the segment before",
                ));
            }
            begin = segment.until_step;
        }
        self.optimizer.check()?;
        self.schedule.check()?;
        Ok(CheckedTrainConfig(self.clone()))
    }
}

/// Parses a `[train]` table on its own.
impl FromStr for TrainConfig {
    type Err = toml::de::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests;
