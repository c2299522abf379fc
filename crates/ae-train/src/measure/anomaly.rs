//! How strange an image is to a model.

use ae_data::ImageSet;
use ae_models::Autoencoder;
use burn::tensor::Device;

use crate::TrainError;
use crate::batches::latent_draws::LatentDraws;
use crate::measure::evaluate::{images_tensor, prepare, reconstruct_set};

/// The score of every image of a set, in its order: the larger, the stranger.
///
/// For a model with a likelihood it is the negative evidence lower bound in nats, of one code drawn from the image's
/// posterior by `(seed, index)`; for any other the mean squared error of the reconstruction.
///
/// # Errors
/// Where the set is empty, has another shape than the model, or cannot be read.
///
/// # References
/// J. An and S. Cho (2015), *Variational autoencoder based anomaly detection using reconstruction probability*.
pub fn anomaly_scores<M: Autoencoder>(
    model: &M,
    set: &ImageSet,
    seed: u64,
    device: &Device,
    batch_size: usize,
) -> Result<Vec<f64>, TrainError> {
    let mut scores = Vec::with_capacity(set.len());
    if model.as_latent_variable_model().is_none() {
        reconstruct_set(model, set, None, device, batch_size, |image| {
            let errors = image.clean.iter().zip(image.output);
            let sum: f64 = errors
                .map(|(&clean, &output)| (f64::from(clean) - f64::from(output)).powi(2))
                .sum();
            scores.push(sum / image.clean.len() as f64);
            Ok(())
        })?;
        return Ok(scores);
    }
    let (model, loader) = prepare(model, set, None, device, batch_size)?;
    let latent = model.code_values();
    let Some(model) = model.as_latent_variable_model() else {
        return Ok(scores);
    };
    for batch in loader {
        let batch = batch?;
        let count = batch.indices.len();
        let noise =
            LatentDraws::for_measuring(seed, &batch.indices).standard_normal(latent, device);
        let images = images_tensor(batch.target, set.shape(), device);
        let posterior = model.posterior(images.clone());
        let divergence = posterior.kl_divergence().sum_dim(1).reshape([count]);
        let log_likelihood = model.log_likelihood(posterior.sample(noise), images);
        let bounds = (divergence - log_likelihood)
            .try_into_vec_as::<f32>()
            .map_err(TrainError::device("scoring"))?;
        scores.extend(bounds.into_iter().map(f64::from));
    }
    Ok(scores)
}
