//! What anomaly scores are judged by: those of images that the model was not fitted to.

use std::sync::{Arc, OnceLock};

use ae_data::ImageSet;
use ae_eval::Calibration;
use ae_infer::{AnomalyScore, OpenModel, ScorerRequest, SetRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::Refusal;

/// Scores of held-out images, or why there are none; nothing before they are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibrated(Arc<OnceLock<Result<Calibration, String>>>);

/// What a model's scores are judged by.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(crate) enum CalibrationState {
    /// Held-out images are being scored.
    Calibrating,
    /// Scores have p-values and verdicts.
    Calibrated {
        /// Held-out images that were scored.
        images: usize,
        /// The smallest rate of false alarms that so many images allow.
        smallest_rate: f64,
    },
    /// Scores stand alone.
    Uncalibrated {
        /// Why there are no held-out images.
        reason: String,
    },
}

impl Calibrated {
    /// Scores the held-out images of the set that the model was trained on.
    pub(crate) fn fill(&self, model: &OpenModel) {
        let found = held_out(model).and_then(|set| {
            let scored = scores(model, &set).map_err(|error| error.to_string())?;
            Ok(Calibration::new(scored))
        });
        // It is filled once.
        let _ = self.0.set(found);
    }

    /// Notes that there are none, and why.
    pub(crate) fn leave_out(&self, reason: &str) {
        let _ = self.0.set(Err(reason.to_owned()));
    }

    /// The scores, where they are there.
    pub(crate) fn get(&self) -> Option<&Calibration> {
        self.0.get()?.as_ref().ok()
    }

    pub(crate) fn state(&self) -> CalibrationState {
        match self.0.get() {
            None => CalibrationState::Calibrating,
            Some(Ok(calibration)) => CalibrationState::Calibrated {
                images: calibration.len(),
                smallest_rate: calibration.smallest_rate(),
            },
            Some(Err(reason)) => CalibrationState::Uncalibrated {
                reason: reason.clone(),
            },
        }
    }

    /// Whether the scores are still to come.
    pub(crate) fn is_coming(&self) -> bool {
        self.0.get().is_none()
    }
}

/// Normal images that the model was not fitted to, of its own set.
fn held_out(model: &OpenModel) -> Result<ImageSet, String> {
    let opened = model.open_set(&SetRequest::default());
    let opened = opened.map_err(|error| error.to_string())?;
    if !opened.relation().is_own() {
        return Err("the set that the model was trained on is not where it was".to_owned());
    }
    let set = opened.calibration_images(false);
    let set = set.map_err(|error| error.to_string())?;
    match set.is_empty() {
        true => Err("the model's set has no image that it was not fitted to".to_owned()),
        false => Ok(set),
    }
}

/// How anomalous the images of a set are to a model: the mean squared error, or a variational model's negative bound.
///
/// # Errors
/// The images have another shape, the model cannot reconstruct, or the device fails.
pub(crate) fn scores(model: &OpenModel, set: &ImageSet) -> Result<Vec<f64>, ae_infer::InferError> {
    let scorer = model.anomaly_scorer(
        &[AnomalyScore::Error],
        &ScorerRequest {
            held_out: None,
            train: None,
            neighbors: 1,
            seed: model.preparation().seed,
        },
    )?;
    scorer.scores(AnomalyScore::Error, set)
}

/// That calibration is not over yet.
pub(crate) fn not_yet() -> Refusal {
    Refusal::unavailable("held-out images are still being scored to judge by; try again")
}
