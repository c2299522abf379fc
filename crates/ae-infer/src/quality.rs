//! How near a model's reconstructions come to the images of a set.

use ae_data::{ImageSet, NoiseChain, Split};
use ae_eval::{Pca, Quality, QualityMeter, cross_entropy};
use ae_train::{CodeActivity, CodeReport, LogLikelihood, TrainError};

use crate::error::InferError;
use crate::open_model::OpenModel;

impl OpenModel {
    /// The quality of the reconstructions of a set, against the clean images where `noise` is added to what the model
    /// sees.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn quality(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
    ) -> Result<Quality, InferError> {
        let measurement = match noise {
            Some((chain, seed)) => self.measurement().noise(chain).seed(seed),
            None => self.measurement(),
        };
        Ok(measurement.evaluate(set)?)
    }

    /// The mean binary cross-entropy of the reconstructions of a set.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn cross_entropy(&self, set: &ImageSet) -> Result<f64, InferError> {
        let mut sum = 0.0;
        self.reconstruct_set(set, None, |image| {
            sum += cross_entropy(image.clean, image.output);
            Ok(())
        })?;
        Ok(sum / set.len() as f64)
    }

    /// An estimate of how likely the model takes the images of a set to be, by `samples` codes an image; `None` for a
    /// model without a likelihood.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, or `samples` is 0.
    pub fn log_likelihood(
        &self,
        set: &ImageSet,
        samples: usize,
        seed: u64,
    ) -> Result<Option<LogLikelihood>, InferError> {
        match self.measurement().seed(seed).log_likelihood(set, samples) {
            Err(TrainError::Lacks { .. }) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    /// What the codes of a set say of the model: of a variational or a sparse one; `None` for any other.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model.
    pub fn code_report(&self, set: &ImageSet, seed: u64) -> Result<Option<CodeReport>, InferError> {
        Ok(self.measurement().seed(seed).report_codes(set)?)
    }

    /// How many latent dimensions differ over the images of a set; `None` for a model without codes, and where all images
    /// are the same.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model.
    pub fn code_activity(&self, set: &ImageSet) -> Result<Option<CodeActivity>, InferError> {
        Ok(self.measurement().code_activity(set)?)
    }

    /// The mean squared error on the test images over that of as many principal components, fitted to the training
    /// images.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set), or the model has no codes.
    pub fn error_over_pca(&self, split: &Split) -> Result<f64, InferError> {
        let found = self.quality(&split.test, None)?;
        let pca = Pca::fit_images(&split.train, self.code_values()?)?;
        let shape = split.test.shape();
        let mut meter = QualityMeter::new(shape);
        let mut pixels = vec![0.0; shape.values()];
        for index in 0..split.test.len() {
            split.test.read_unit_into(index, &mut pixels)?;
            meter.add(&pixels, &pca.reconstruct(&pixels));
        }
        Ok(found.mse / meter.finish().mse)
    }
}
