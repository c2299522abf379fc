//! How likely a model takes images to be, by importance sampling.

use ae_data::ImageSet;
use ae_models::{LikelihoodSupport, Trainable};
use serde::{Deserialize, Serialize};

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::error::{Capability, TrainError};
use crate::measure::measurement::Measurement;
use crate::setting_checks::at_least_one;

/// Codes that are decoded at once.
const DECODED_AT_ONCE: usize = 2_048;

/// An estimate of how likely a model takes a set of images to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogLikelihood {
    /// The mean of `-ln p(x)` over the images, in nats: an upper bound in expectation, which more samples lower.
    pub negative_log_likelihood: f64,
    /// The standard error of that mean over images; what the samples add is not in it.
    pub standard_error: f64,
    /// The same as bits for each pixel of the image: a code length of 256 levels, or of black and white, as `support` has
    /// it ([`LikelihoodSupport::bits_per_pixel`]).
    pub bits_per_pixel: f64,
    /// What the likelihood is over.
    pub support: LikelihoodSupport,
    /// Codes sampled for each image.
    pub samples: usize,
    /// Images.
    pub images: usize,
}

impl<M: Trainable> Measurement<'_, M> {
    /// Estimates the log-likelihood of a set by `samples` codes an image, each sampled from the image's posterior.
    ///
    /// `ln p(x)` is estimated by `ln (1/k) sum p(x, z) / q(z | x)`, added up from logarithms. An image's codes depend on
    /// the seed and the image's index alone; the size of batches follows from `samples`.
    ///
    /// # Errors
    /// Where the model has no likelihood, `samples` is 0, or the set is empty, has another shape than the model, or cannot be read.
    ///
    /// # References
    /// Y. Burda, R. Grosse and R. Salakhutdinov (2016), *Importance weighted autoencoders*, equation 8 and section 5.
    pub fn log_likelihood(
        &self,
        set: &ImageSet,
        samples: usize,
    ) -> Result<LogLikelihood, TrainError> {
        at_least_one("samples", samples)?;
        let batch_size = (DECODED_AT_ONCE / samples).max(1);
        let samples_at_once = samples.min(DECODED_AT_ONCE);
        let (model, loader) = self.prepare(set, batch_size, None)?;
        let model = model
            .as_latent_variable_model()
            .ok_or_else(TrainError::lacks(
                "estimate a likelihood",
                Capability::Likelihood,
            ))?;
        let support = model.likelihood_support();
        let mut log_likelihoods = Vec::with_capacity(set.len());
        for batch in loader {
            let batch = batch?;
            let count = batch.indices.len();
            let images = images_tensor(batch.target, set.shape(), &self.device);
            let posterior = model.posterior(images.clone());
            let [_, latent] = posterior.mean.dims();
            let noise = LatentNoise::for_measuring(self.seed, &batch.indices)
                .standard_normal(samples * latent, &self.device)
                .reshape([count, samples, latent]);
            let mut sums = vec![LogSum::default(); count];
            for first in (0..samples).step_by(samples_at_once) {
                let taken = samples_at_once.min(samples - first);
                let noise = noise.clone().narrow(1, first, taken);
                let log_weights = model
                    .log_importance_weights(&posterior, images.clone(), noise)
                    .try_into_vec_as::<f32>()
                    .map_err(TrainError::device("estimating the likelihood"))?;
                for (sum, log_weights) in sums.iter_mut().zip(log_weights.chunks_exact(taken)) {
                    log_weights.iter().for_each(|&log| sum.add(log.into()));
                }
            }
            let logs = sums
                .into_iter()
                .map(|sum| sum.value() - (samples as f64).ln());
            log_likelihoods.extend(logs);
        }
        let images = log_likelihoods.len();
        let mean = log_likelihoods.iter().sum::<f64>() / images as f64;
        let variance = log_likelihoods
            .iter()
            .map(|log| (log - mean).powi(2))
            .sum::<f64>()
            / images as f64;
        Ok(LogLikelihood {
            negative_log_likelihood: -mean,
            standard_error: (variance / images as f64).sqrt(),
            bits_per_pixel: support.bits_per_pixel(
                -mean,
                set.shape().values(),
                set.shape().pixels(),
            ),
            support,
            samples,
            images,
        })
    }
}

/// The logarithm of a sum whose summands' logarithms come one by one.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    largest: f64,
    /// The sum, divided by what `largest` is the logarithm of.
    scaled: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self {
            largest: f64::NEG_INFINITY,
            scaled: 0.0,
        }
    }
}

impl LogSum {
    fn add(&mut self, log: f64) {
        if log > self.largest {
            self.scaled = self.scaled * (self.largest - log).exp() + 1.0;
            self.largest = log;
        } else if log > f64::NEG_INFINITY || log.is_nan() {
            self.scaled += (log - self.largest).exp();
        }
    }

    fn value(self) -> f64 {
        self.largest + self.scaled.ln()
    }
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;
    use ae_models::{
        DenseAutoencoderConfig, ModelConfig, NetworkConfig, VariationalAutoencoderConfig,
    };

    use burn::tensor::Device;

    use super::*;

    #[test]
    fn an_estimate_is_the_mean_weight_of_all_codes_of_each_image() {
        // All images in one batch; and more codes than are decoded at once, in parts of which the last is smaller.
        for samples in [7, 2 * DECODED_AT_ONCE + 7] {
            check_estimate(samples);
        }
    }

    fn check_estimate(samples: usize) {
        let device = Device::flex();
        let config = ModelConfig::from(VariationalAutoencoderConfig {
            network: NetworkConfig::Dense(DenseAutoencoderConfig {
                widths: vec![5],
                latent: 2,
                ..DenseAutoencoderConfig::default()
            }),
            ..VariationalAutoencoderConfig::default()
        });
        let model = config.init([1, 2, 2], 3, &device).unwrap();
        let pixels: Vec<u8> = vec![0, 255, 9, 77, 255, 255, 255, 0, 130, 0, 0, 0];
        let shape = ImageShape::new(1, 2, 2);
        let set = ImageSet::from_images("s", shape, pixels.clone(), None, vec![]).unwrap();
        let found = Measurement::new(&model, &device)
            .seed(5)
            .log_likelihood(&set, samples)
            .unwrap();

        let latent = model.as_latent_variable_model().unwrap();
        let likelihoods: Vec<f64> = pixels
            .chunks(4)
            .enumerate()
            .map(|(index, pixels)| {
                let noise = LatentNoise::for_measuring(5, &[index as u64])
                    .standard_normal(samples * 2, &device)
                    .reshape([1, samples, 2]);
                let pixels = pixels
                    .iter()
                    .map(|&pixel| f32::from(pixel) / 255.0)
                    .collect();
                let image = images_tensor(pixels, shape, &device);
                let posterior = latent.posterior(image.clone());
                let weights = latent.log_importance_weights(&posterior, image, noise);
                let logs: Vec<f32> = weights.try_into_vec_as().unwrap();
                let mean =
                    logs.iter().map(|&log| f64::from(log).exp()).sum::<f64>() / samples as f64;
                mean.ln()
            })
            .collect();
        let mean = likelihoods.iter().sum::<f64>() / 3.0;
        let variance = likelihoods
            .iter()
            .map(|log| (log - mean).powi(2))
            .sum::<f64>()
            / 3.0;
        assert!(
            (found.negative_log_likelihood + mean).abs() < 1e-5,
            "{found:?}, {mean}"
        );
        assert!(
            (found.standard_error - (variance / 3.0).sqrt()).abs() < 1e-5,
            "{found:?}"
        );
    }

    #[test]
    fn sums_of_what_no_float_can_hold_have_logarithms() {
        let check = |logs: &[f64], expected: f64| {
            let mut sum = LogSum::default();
            logs.iter().for_each(|&log| sum.add(log));
            let found = sum.value();
            assert!(
                (found - expected).abs() < 1e-9,
                "{logs:?}: {found}, not {expected}"
            );
        };
        check(&[0.0, 0.0], 2f64.ln());
        check(&[-1e5, -1e5 + 3f64.ln()], -1e5 + 4f64.ln());
        check(&[-1e5 + 3f64.ln(), -1e5], -1e5 + 4f64.ln());
        check(&[f64::NEG_INFINITY, 1.0], 1.0);
        let mut sum = LogSum::default();
        [1.0, f64::NAN, 2.0].iter().for_each(|&log| sum.add(log));
        assert!(sum.value().is_nan());
    }
}
