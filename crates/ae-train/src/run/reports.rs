//! What a run reports while it trains, and what its log keeps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ae_data::Part;
use ae_eval::Quality;
use serde::{Deserialize, Serialize};

use crate::config::Selection;
use crate::measure::code_report::CodeReport;
use crate::optim::segment::RateChange;

/// What a run is going to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StartReport {
    /// Epochs in the whole run.
    pub epochs: usize,
    /// Steps in one epoch.
    pub steps_per_epoch: usize,
    /// Steps in the whole run.
    pub steps: usize,
    /// Training images.
    pub train_images: usize,
    /// Images that the model is measured on after each epoch, and that epochs are compared by.
    pub validation_images: usize,
    /// Images that are kept for the end.
    pub test_images: usize,
    /// What the images are that epochs are compared by: [`Part::Test`] in a run from before there were others.
    pub measured_part: Part,
    /// Which epoch's model is kept: the last where there are no validation images.
    pub selection: Selection,
    /// Steps over which the learning rate rises at the start.
    pub warmup_steps: usize,
    /// Numbers that training changes.
    pub parameters: usize,
    /// The checkpoint that the run is resumed from, if it is resumed.
    pub resumed: Option<Resumed>,
}

/// The checkpoint that a run is resumed from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resumed {
    /// Its directory.
    pub checkpoint: PathBuf,
    /// Steps taken before it.
    pub steps_done: usize,
    /// The epoch it lies in, counted from 1.
    pub epoch: usize,
    /// Newer checkpoints that cannot be used, each with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// How the learning rate changes, if it does.
    pub rate_change: Option<RateChange>,
    /// The fingerprints of the test images of then and of now, where they are not the same: nothing of the training
    /// depends on them.
    pub other_test_images: Option<(String, String)>,
}

/// One step of the optimizer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// The step, counted from 1 over the whole run.
    pub step: usize,
    /// Steps in the whole run.
    pub steps: usize,
    /// The batch's loss, before the update.
    pub loss: f32,
    /// The loss's terms by name.
    pub terms: Vec<(&'static str, f32)>,
    /// The norm of all gradients taken together, before clipping.
    pub gradient_norm: f32,
    /// The learning rate of the update.
    pub learning_rate: f64,
    /// Training images per second in this epoch so far, since the start or the resumption.
    pub images_per_second: f64,
}

/// One pass over the training images.
///
/// What `metrics.jsonl` holds of an epoch, and what a resumed run reads back from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochReport {
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// Steps taken in the run so far.
    pub step: usize,
    /// Mean loss over the training images, each taken before the update it led to.
    pub train_loss: f64,
    /// The loss's terms likewise, by name.
    pub terms: BTreeMap<String, f64>,
    /// The part of the set that the model was measured on; `None` without validation images, and in a log from before
    /// there were any, when it was the test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// How near the reconstructions of that part's images come; `None` without validation images, and of a model that does
    /// not reconstruct.
    pub validation: Option<Validation>,
    /// The mean of the objective over these images, of a model that is [measured](ae_models::ValidationMeasure) by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// What the codes of these images say, of a variational or a sparse model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<CodeReport>,
    /// The learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Whether this is the best model so far, by its [`validation_measure`](ae_models::Trainable::validation_measure) on
    /// the validation images; never without any.
    pub best: bool,
    /// Seconds spent on training, since the start or the resumption.
    pub train_seconds: f64,
    /// Seconds spent on measuring.
    pub validation_seconds: f64,
    /// Training images per second.
    pub images_per_second: f64,
}

impl EpochReport {
    /// The part that the model was measured on, whenever the log was written; `None` where it was not measured.
    #[must_use]
    pub fn measured_part(&self) -> Option<Part> {
        let is_measured = self.validation.is_some() || self.validation_loss.is_some();
        self.part.or(is_measured.then_some(Part::Test))
    }
}

/// What the model that was kept does on images that nothing was decided by, measured once, at the end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestReport {
    /// The part of the set.
    pub part: Part,
    /// How many of its images were measured.
    pub images: usize,
    /// The epoch whose model was measured, counted from 1; absent where none was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<usize>,
    /// How near the reconstructions come.
    pub quality: Validation,
    /// What the codes say, of a variational or a sparse model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<CodeReport>,
}

/// How near a model's reconstructions come to the images, after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean squared error.
    pub mse: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Peak signal-to-noise ratio in decibels; absent where the reconstruction is exact.
    pub psnr: Option<f64>,
    /// Structural similarity.
    pub ssim: f64,
}

impl From<Quality> for Validation {
    fn from(quality: Quality) -> Self {
        Self {
            mse: quality.mse,
            rmse: quality.rmse,
            psnr: quality.psnr.is_finite().then_some(quality.psnr),
            ssim: quality.ssim,
        }
    }
}

/// A checkpoint that was written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckpointReport {
    /// Its directory.
    pub path: PathBuf,
    /// Steps taken before it.
    pub step: usize,
    /// How long writing it took.
    pub seconds: f64,
}
