//! Statistics of the codes of a whole set: whether a variational model ignores its code, how sparse a sparse one is.

use ae_data::ImageSet;
use ae_models::{LatentVariableModel, Trainable};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::error::{Capability, TrainError};
use crate::measure::codeword_usage::{CodewordReport, UsageMeter};
use crate::measure::measurement::Measurement;

/// A latent dimension is active if the variance of its posterior mean over the images is above this.
///
/// # References
/// Y. Burda, R. Grosse and R. Salakhutdinov (2016), *Importance weighted autoencoders*, section 5.2.
pub const ACTIVE_VARIANCE: f64 = 0.01;

/// Statistics of a set's codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum CodeReport {
    /// Of a model with a posterior.
    Variational(VariationalReport),
    /// Of a model whose codes are meant to be sparse.
    Sparse(SparseReport),
    /// Of a model whose codes are indices of codewords.
    Codewords(CodewordReport),
}

/// The bound of a variational model, and which dimensions of its code are in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VariationalReport {
    /// The negative evidence lower bound, `reconstruction + kl`: nats per image, whatever the model's `beta`.
    pub negative_bound: f64,
    /// The negative log-likelihood of the images given one code sampled from each one's posterior: nats per image.
    pub reconstruction: f64,
    /// The Kullback-Leibler divergence of the posteriors from the prior: nats per image.
    pub kl: f64,
    /// Dimensions whose posterior mean has a variance above [`ACTIVE_VARIANCE`] over the images.
    pub active_units: usize,
    /// Latent dimensions.
    pub units: usize,
    /// The divergence of each dimension: nats, a mean over the images.
    pub kl_per_dimension: Vec<f64>,
    /// The variance of each dimension's posterior mean over the images.
    pub mean_variances: Vec<f64>,
}

impl VariationalReport {
    /// Whether the code is ignored: the decoder's output is the same whatever the image.
    #[must_use]
    pub fn is_collapsed(&self) -> bool {
        self.active_units == 0
    }
}

/// How many latent dimensions are active.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SparseReport {
    /// The share of values that are active, over all images and all latent dimensions.
    pub active_share: f64,
    /// Latent dimensions that are active for no image at all.
    pub dead_units: usize,
    /// Latent dimensions.
    pub units: usize,
}

impl<M: Trainable> Measurement<'_, M> {
    /// Measures the model's codes over a set, in the way that suits the model; `None` for a plain one, and for one
    /// without codes.
    ///
    /// # Errors
    /// Where the set is empty, has another shape than the model, or cannot be read.
    pub fn report_codes(&self, set: &ImageSet) -> Result<Option<CodeReport>, TrainError> {
        if self.model.as_latent_variable_model().is_some() {
            return self.report_posterior(set).map(Some);
        }
        if self.model.as_discrete_codes().is_some() {
            return self.report_codewords(set).map(Some);
        }
        let threshold = |model: &M| model.as_codes()?.activity_threshold();
        match threshold(self.model) {
            Some(threshold) => self.report_activity(set, threshold).map(Some),
            None => Ok(None),
        }
    }

    fn report_posterior(&self, set: &ImageSet) -> Result<CodeReport, TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, None)?;
        let model = model
            .as_latent_variable_model()
            .ok_or_else(TrainError::lacks("measure a bound", Capability::Likelihood))?;
        let mut meter = VariationalMeter::new(model, self.seed);
        for batch in loader {
            let batch = batch?;
            let images = images_tensor(batch.target, set.shape(), &self.device);
            meter.add(images, &batch.indices)?;
        }
        Ok(meter.finish())
    }

    fn report_codewords(&self, set: &ImageSet) -> Result<CodeReport, TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, None)?;
        let model = model
            .as_discrete_codes()
            .ok_or_else(TrainError::lacks("count codewords", Capability::Codes))?;
        let mut meter = UsageMeter::new(model.codewords());
        for batch in loader {
            let images = images_tensor(batch?.target, set.shape(), &self.device);
            let indices = model
                .indices(images)
                .try_into_vec_as::<i32>()
                .map_err(TrainError::device("encoding"))?;
            // None is negative; one that was would be none of the codewords.
            indices
                .into_iter()
                .for_each(|index| meter.add(index as usize));
        }
        Ok(CodeReport::Codewords(meter.finish()))
    }

    fn report_activity(&self, set: &ImageSet, threshold: f32) -> Result<CodeReport, TrainError> {
        let mut meter = SparseMeter::new(threshold);
        self.encode(set, |_, code| {
            meter.add(code);
            Ok(())
        })?;
        Ok(meter.finish())
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    tensor
        .try_into_vec_as::<f32>()
        .map_err(TrainError::device("encoding"))
}

struct VariationalMeter<'a> {
    model: &'a dyn LatentVariableModel,
    seed: u64,
    images: f64,
    log_likelihoods: f64,
    divergences: Vec<f64>,
    /// Running means of the posterior means, and sums of squares around them.
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl<'a> VariationalMeter<'a> {
    fn new(model: &'a dyn LatentVariableModel, seed: u64) -> Self {
        Self {
            model,
            seed,
            images: 0.0,
            log_likelihoods: 0.0,
            divergences: Vec::new(),
            means: Vec::new(),
            squares: Vec::new(),
        }
    }

    fn add(&mut self, images: Tensor<4>, indices: &[u64]) -> Result<(), TrainError> {
        let posterior = self.model.posterior(images.clone());
        let [_, units] = posterior.mean.dims();
        for sums in [&mut self.divergences, &mut self.means, &mut self.squares] {
            sums.resize(units, 0.0);
        }
        let noise =
            LatentNoise::for_measuring(self.seed, indices).standard_normal(units, &images.device());
        let codes = posterior.sample(noise);
        let log_likelihoods = read(self.model.log_likelihood(codes, images))?;
        self.log_likelihoods += log_likelihoods.into_iter().map(f64::from).sum::<f64>();
        for row in read(posterior.kl_divergence())?.chunks_exact(units) {
            for (sum, &divergence) in self.divergences.iter_mut().zip(row) {
                *sum += f64::from(divergence);
            }
        }
        // B. P. Welford (1962), Note on a method for calculating corrected sums of squares and products.
        for row in read(posterior.mean)?.chunks_exact(units) {
            self.images += 1.0;
            for ((mean, squares), &value) in self.means.iter_mut().zip(&mut self.squares).zip(row) {
                let difference = f64::from(value) - *mean;
                *mean += difference / self.images;
                *squares += difference * (f64::from(value) - *mean);
            }
        }
        Ok(())
    }

    fn finish(self) -> CodeReport {
        let over_images = |sums: Vec<f64>| -> Vec<f64> {
            sums.into_iter().map(|sum| sum / self.images).collect()
        };
        let reconstruction = -self.log_likelihoods / self.images;
        let kl_per_dimension = over_images(self.divergences);
        let mean_variances = over_images(self.squares);
        let kl = kl_per_dimension.iter().sum();
        CodeReport::Variational(VariationalReport {
            negative_bound: reconstruction + kl,
            reconstruction,
            kl,
            active_units: mean_variances
                .iter()
                .filter(|&&variance| variance > ACTIVE_VARIANCE)
                .count(),
            units: mean_variances.len(),
            kl_per_dimension,
            mean_variances,
        })
    }
}

struct SparseMeter {
    threshold: f32,
    images: usize,
    active: u64,
    ever_active: Vec<bool>,
}

impl SparseMeter {
    fn new(threshold: f32) -> Self {
        Self {
            threshold,
            images: 0,
            active: 0,
            ever_active: Vec::new(),
        }
    }

    /// Takes one image's code.
    fn add(&mut self, code: &[f32]) {
        self.images += 1;
        self.ever_active.resize(code.len(), false);
        for (ever_active, &value) in self.ever_active.iter_mut().zip(code) {
            if value.abs() > self.threshold {
                self.active += 1;
                *ever_active = true;
            }
        }
    }

    fn finish(self) -> CodeReport {
        let units = self.ever_active.len();
        CodeReport::Sparse(SparseReport {
            active_share: self.active as f64 / (self.images * units) as f64,
            dead_units: self.ever_active.iter().filter(|&&active| !active).count(),
            units,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_and_dead_dimensions_are_counted() {
        let mut meter = SparseMeter::new(0.5);
        meter.add(&[0.0, 1.0, -0.6, 0.5]);
        meter.add(&[0.0, 0.7, 0.0, 0.2]);
        meter.add(&[0.0, 0.0, 0.0, 0.0]);
        let CodeReport::Sparse(report) = meter.finish() else {
            panic!("a sparse report was asked for")
        };
        // 1.0 and 0.7 of the second number and -0.6 of the third, out of twelve; the first and the last never.
        assert_eq!(report.active_share, 0.25);
        assert_eq!((report.dead_units, report.units), (2, 4));
    }
}
