//! How anomalous images are to a model, and where.

use std::fmt;

use ae_data::{Image, ImageSet};

use crate::error::InferError;
use crate::open_model::OpenModel;

/// What an image's anomaly score is; the larger, the more anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnomalyScore {
    /// The negative evidence lower bound, of a model with a prior.
    NegativeBound,
    /// The mean squared error of the reconstruction, of any other.
    MeanSquaredError,
}

impl AnomalyScore {
    /// What it is called, with its unit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NegativeBound => "negative bound in nats",
            Self::MeanSquaredError => "mean squared error",
        }
    }
}

impl fmt::Display for AnomalyScore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where an image and what the model makes of it differ.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ErrorMap {
    /// The image.
    pub image: Image,
    /// What the model makes of it.
    pub output: Image,
    /// The absolute error of each pixel, averaged over its channels: `[height, width]`.
    pub errors: Vec<f32>,
}

impl OpenModel {
    /// What [`anomaly_scores`](Self::anomaly_scores) are.
    #[must_use]
    pub fn anomaly_score(&self) -> AnomalyScore {
        match self.has_prior() {
            true => AnomalyScore::NegativeBound,
            false => AnomalyScore::MeanSquaredError,
        }
    }

    /// The score of every image of a set, in its order.
    ///
    /// What a model with a prior samples depends on `seed` and the image's index alone.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, or the device fails.
    pub fn anomaly_scores(&self, set: &ImageSet, seed: u64) -> Result<Vec<f64>, InferError> {
        Ok(self.measurement().seed(seed).anomaly_scores(set)?)
    }

    /// Where the images of a set and what the model makes of them differ.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn error_maps(&self, set: &ImageSet) -> Result<Vec<ErrorMap>, InferError> {
        let shape = set.shape();
        let mut maps = Vec::with_capacity(set.len());
        self.reconstruct_set(set, None, |image| {
            let of_pixel = |pixel: usize| {
                let channels = (0..shape.channels).map(|channel| channel * shape.pixels() + pixel);
                channels
                    .map(|at| (image.clean[at] - image.output[at]).abs())
                    .sum::<f32>()
                    / shape.channels as f32
            };
            maps.push(ErrorMap {
                image: Image::from_unit(shape, image.clean),
                output: Image::from_unit(shape, image.output),
                errors: (0..shape.pixels()).map(of_pixel).collect(),
            });
            Ok(())
        })?;
        Ok(maps)
    }
}
