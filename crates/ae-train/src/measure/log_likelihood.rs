//! How likely a model takes images to be, by importance sampling.

use ae_data::ImageSet;
use ae_kernels::{KernelError, RowBuffers};
use ae_models::{HostDecoder, LatentVariableModel, LikelihoodSupport, Posterior, Trainable};
use ae_random::RandomStream;
use burn::tensor::Tensor;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::error::{Capability, TrainError};
use crate::measure::measurement::Measurement;
use crate::setting_checks::at_least_one;

/// Codes that are decoded at once by a model's own operations.
const DECODED_AT_ONCE: usize = 2_048;
/// Codes that a thread decodes at once: what comes out of a few hundred stays in its cache. Even, for codes' random numbers
/// come in pairs.
const DECODED_BY_A_THREAD: usize = 256;
/// Images that threads share out among themselves.
const IMAGES_AT_ONCE: usize = 256;
/// What is said to have failed where it does.
const ACTION: &str = "estimating the likelihood";

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
        let model = self.copied_model();
        let model = model
            .as_latent_variable_model()
            .ok_or_else(TrainError::lacks(
                "estimate a likelihood",
                Capability::Likelihood,
            ))?;
        let support = model.likelihood_support();
        let decoder = model.host_decoder();
        let batch_size = match decoder {
            Some(_) => IMAGES_AT_ONCE,
            None => (DECODED_AT_ONCE / samples).max(1),
        };
        let mut log_likelihoods = Vec::with_capacity(set.len());
        for batch in self.batches(set, batch_size, None, None)? {
            let batch = batch?;
            let noise = LatentNoise::for_measuring(self.seed, &batch.indices);
            let images = images_tensor(batch.target.clone(), set.shape(), &self.device);
            let logs = match &decoder {
                Some(decoder) => {
                    let posterior = model.posterior(images);
                    by_threads(decoder, posterior, &batch.target, noise, samples)?
                }
                None => self.by_tensors(model, images, noise, samples)?,
            };
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
    /// The estimates of a batch by the model's own operations.
    fn by_tensors(
        &self,
        model: &dyn LatentVariableModel,
        images: Tensor<4>,
        noise: LatentNoise<'_>,
        samples: usize,
    ) -> Result<Vec<f64>, TrainError> {
        let [count, ..] = images.dims();
        let posterior = model.posterior(images.clone());
        let [_, latent] = posterior.mean.dims();
        let noise = noise
            .standard_normal(samples * latent, &self.device)
            .reshape([count, samples, latent]);
        let at_once = samples.min(DECODED_AT_ONCE);
        let mut sums = vec![LogSum::default(); count];
        for first in (0..samples).step_by(at_once) {
            let taken = at_once.min(samples - first);
            let noise = noise.clone().narrow(1, first, taken);
            let log_weights = model
                .log_importance_weights(&posterior, images.clone(), noise)
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device(ACTION))?;
            for (sum, log_weights) in sums.iter_mut().zip(log_weights.chunks_exact(taken)) {
                log_weights.iter().for_each(|&log| sum.add(log.into()));
            }
        }
        Ok(sums.into_iter().map(|sum| sum.mean(samples)).collect())
    }
}

/// The estimates of a batch, each image's on one thread from the random numbers that [`Measurement::by_tensors`] takes. No
/// number depends on the threads.
fn by_threads(
    decoder: &HostDecoder,
    posterior: Posterior,
    images: &[f32],
    noise: LatentNoise<'_>,
    samples: usize,
) -> Result<Vec<f64>, TrainError> {
    let [count, latent] = posterior.mean.dims();
    let read = |values: Tensor<2>| {
        let values = values.try_into_vec_as::<f32>();
        values.map_err(TrainError::device(ACTION))
    };
    let (means, log_variances) = (read(posterior.mean)?, read(posterior.log_variance)?);
    let gaussians = means
        .par_chunks_exact(latent)
        .zip(log_variances.par_chunks_exact(latent));
    let logs = gaussians
        .zip(images.par_chunks_exact(images.len() / count))
        .enumerate()
        .map_init(
            RowBuffers::default,
            |buffers, (position, ((mean, log_variance), image))| {
                let gaussian = Gaussian { mean, log_variance };
                let stream = noise.stream(position);
                of_image(decoder, gaussian, image, stream, samples, buffers)
            },
        );
    let logs: Result<_, KernelError> = logs.collect();
    logs.map_err(|error| TrainError::Device {
        action: ACTION,
        reason: error.to_string(),
    })
}

/// An image's posterior.
#[derive(Clone, Copy)]
struct Gaussian<'a> {
    mean: &'a [f32],
    log_variance: &'a [f32],
}

/// The estimate of one image: `ln (1/k) sum p(x, z) / q(z | x)` over `k` codes.
fn of_image(
    decoder: &HostDecoder,
    Gaussian { mean, log_variance }: Gaussian<'_>,
    image: &[f32],
    mut stream: RandomStream,
    samples: usize,
    buffers: &mut RowBuffers,
) -> Result<f64, KernelError> {
    let latent = mean.len();
    let deviations: Vec<f32> = log_variance.iter().map(|log| (0.5 * log).exp()).collect();
    let mut codes = vec![0.0; DECODED_BY_A_THREAD.min(samples) * latent];
    let mut log_ratios = Vec::with_capacity(DECODED_BY_A_THREAD);
    let mut sum = LogSum::default();
    for first in (0..samples).step_by(DECODED_BY_A_THREAD) {
        let codes = &mut codes[..DECODED_BY_A_THREAD.min(samples - first) * latent];
        stream.fill_standard_normal(codes);
        log_ratios.clear();
        for code in codes.chunks_exact_mut(latent) {
            let mut twice = 0.0;
            for (i, number) in code.iter_mut().enumerate() {
                let value = mean[i] + deviations[i] * *number;
                // The two normal densities have their constants in common: ln p(z) - ln q(z | x).
                twice += log_variance[i] + *number * *number - value * value;
                *number = value;
            }
            log_ratios.push(f64::from(0.5 * twice));
        }
        let log_likelihoods = decoder.log_likelihoods(codes, image, buffers)?;
        for (log, log_ratio) in log_likelihoods.into_iter().zip(&log_ratios) {
            sum.add(log + log_ratio);
        }
    }
    Ok(sum.mean(samples))
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

    /// The logarithm of the mean of `count` summands.
    fn mean(self, count: usize) -> f64 {
        self.value() - (count as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;
    use ae_models::{
        ConvAutoencoderConfig, DenseAutoencoderConfig, HiddenActivation, Likelihood, ModelConfig,
        NetworkConfig, VariationalAutoencoderConfig,
    };

    use burn::tensor::Device;

    use super::*;

    #[test]
    fn an_estimate_is_the_mean_weight_of_all_codes_of_each_image() {
        // All images in one batch; and more codes than are decoded at once, in parts of which the last is smaller.
        for samples in [7, 2 * DECODED_AT_ONCE + 7] {
            check_estimate(dense(Likelihood::Bernoulli), samples, true);
        }
        for likelihood in [
            Likelihood::Gaussian { sigma: 0.3 },
            Likelihood::LearnedGaussian,
        ] {
            check_estimate(dense(likelihood), DECODED_BY_A_THREAD + 3, true);
        }
        // What the kernels don't compute at once.
        check_estimate(dense(Likelihood::Logistic), 50, false);
        let conv = VariationalAutoencoderConfig {
            network: NetworkConfig::Conv(ConvAutoencoderConfig {
                widths: vec![3],
                latent: Some(2),
                ..ConvAutoencoderConfig::default()
            }),
            ..VariationalAutoencoderConfig::default()
        };
        check_estimate(conv, 50, false);
    }

    fn dense(likelihood: Likelihood) -> VariationalAutoencoderConfig {
        VariationalAutoencoderConfig {
            likelihood,
            network: NetworkConfig::Dense(DenseAutoencoderConfig {
                widths: vec![5],
                latent: 2,
                activation: HiddenActivation::Tanh,
                ..DenseAutoencoderConfig::default()
            }),
            ..VariationalAutoencoderConfig::default()
        }
    }

    /// Compares with the mean of the weights that the model's own operations give.
    fn check_estimate(config: VariationalAutoencoderConfig, samples: usize, by_threads: bool) {
        let device = Device::flex();
        let config = ModelConfig::from(config);
        let model = config.init([1, 2, 2], 3, &device).unwrap();
        let pixels: Vec<u8> = vec![0, 255, 9, 77, 255, 255, 255, 0, 130, 0, 0, 0];
        let shape = ImageShape::new(1, 2, 2);
        let set = ImageSet::from_images("s", shape, pixels.clone(), None, vec![]).unwrap();
        let found = Measurement::new(&model, &device)
            .seed(5)
            .log_likelihood(&set, samples)
            .unwrap();

        let latent = model.as_latent_variable_model().unwrap();
        assert_eq!(latent.host_decoder().is_some(), by_threads);
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
    fn any_number_of_threads_gives_the_same_bits() {
        let device = Device::flex();
        let config = ModelConfig::from(dense(Likelihood::Bernoulli));
        let model = config.init([1, 2, 2], 3, &device).unwrap();
        let pixels: Vec<u8> = (0..4 * 9).map(|value| 7 * value as u8).collect();
        let shape = ImageShape::new(1, 2, 2);
        let set = ImageSet::from_images("s", shape, pixels, None, vec![]).unwrap();
        let by = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let measurement = Measurement::new(&model, &device).seed(5);
            pool.unwrap()
                .install(|| measurement.log_likelihood(&set, 600).unwrap())
        };
        let expected = by(1);
        for threads in [2, 3, 5] {
            assert_eq!(by(threads), expected, "{threads} threads");
        }
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
