//! How anomalous an image is to a model.

use ae_data::ImageSet;
use ae_models::Trainable;

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::error::{Capability, TrainError};
use crate::measure::measurement::Measurement;

impl<M: Trainable> Measurement<'_, M> {
    /// The score of every image of a set, in its order: the larger, the more anomalous.
    ///
    /// For a model with a likelihood it is the negative evidence lower bound in nats, of one code sampled from the
    /// image's posterior; for any other the mean squared error of the reconstruction.
    ///
    /// # Errors
    /// Where the model has no likelihood and does not reconstruct, and where the set is empty, has another shape than the model, or cannot be read.
    ///
    /// # References
    /// J. An and S. Cho (2015), *Variational autoencoder based anomaly detection using reconstruction probability*.
    pub fn anomaly_scores(&self, set: &ImageSet) -> Result<Vec<f64>, TrainError> {
        if self.model.as_latent_variable_model().is_some() {
            return self.negative_bounds(set);
        }
        self.squared_errors(set)
    }

    /// The mean squared error of the reconstruction of every image of a set, in its order.
    ///
    /// # Errors
    /// Where the model does not reconstruct, and where the set is empty, has another shape than the model, or cannot be read.
    pub fn squared_errors(&self, set: &ImageSet) -> Result<Vec<f64>, TrainError> {
        let mut scores = Vec::with_capacity(set.len());
        self.reconstruct(set, |image| {
            let errors = image.clean.iter().zip(image.output);
            let sum: f64 = errors
                .map(|(&clean, &output)| (f64::from(clean) - f64::from(output)).powi(2))
                .sum();
            scores.push(sum / image.clean.len() as f64);
            Ok(())
        })?;
        Ok(scores)
    }

    fn negative_bounds(&self, set: &ImageSet) -> Result<Vec<f64>, TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, None)?;
        let model = model
            .as_latent_variable_model()
            .ok_or_else(TrainError::lacks("measure a bound", Capability::Likelihood))?;
        let mut bounds = Vec::with_capacity(set.len());
        for batch in loader {
            let batch = batch?;
            let count = batch.indices.len();
            let images = images_tensor(batch.target, set.shape(), &self.device);
            let posterior = model.posterior(images.clone());
            let [_, latent] = posterior.mean.dims();
            let noise = LatentNoise::for_measuring(self.seed, &batch.indices)
                .standard_normal(latent, &self.device);
            let divergence = posterior.kl_divergence().sum_dim(1).reshape([count]);
            let log_likelihood = model.log_likelihood(posterior.sample(noise), images);
            let values = (divergence - log_likelihood)
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device("scoring"))?;
            bounds.extend(values.into_iter().map(f64::from));
        }
        Ok(bounds)
    }
}
