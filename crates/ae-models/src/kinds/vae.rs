//! The variational autoencoder.

pub(crate) mod beta_schedule;
pub(crate) mod likelihood;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::api::autoencoder::{Autoencoder, Objective, TrainingBatch};
use crate::api::latent_variable::{LatentVariableModel, log_mean_exp};
use crate::api::posterior::Posterior;
use crate::config::{ModelConfig, limits};
use crate::error::ModelError;
use crate::kinds::vae::beta_schedule::BetaSchedule;
use crate::kinds::vae::likelihood::Likelihood;
use crate::networks::dense::OutputActivation;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::networks::network::{Network, NetworkConfig};
use crate::parameters::initialization::WeightSource;
use crate::setting::check_coefficient;

/// Settings of [`VariationalAutoencoder`].
///
/// The default is a convolutional network with a code of 32 numbers, a Bernoulli likelihood and the bound as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VariationalAutoencoderConfig {
    /// The distribution of pixels given a code.
    pub likelihood: Likelihood,
    /// What the Kullback-Leibler divergence is multiplied by. At 1 the loss is the negative bound.
    pub beta: f64,
    /// How much of `beta` counts when.
    pub beta_schedule: BetaSchedule,
    /// Nats of divergence that each dimension of the code has for nothing, at least: below them it feels no pull
    /// towards the prior. 0 for the plain bound.
    pub free_bits: f64,
    /// Samples of the code per image and step. With one the loss is the bound with the divergence in closed form; with
    /// more it is the importance-weighted bound.
    pub importance_samples: usize,
    /// The encoder and the decoder. `latent` in there is the size of the code; the encoder gives two numbers for each.
    pub network: NetworkConfig,
}

impl Default for VariationalAutoencoderConfig {
    fn default() -> Self {
        Self {
            likelihood: Likelihood::default(),
            beta: 1.0,
            beta_schedule: BetaSchedule::default(),
            free_bits: 0.0,
            importance_samples: 1,
            network: NetworkConfig::default(),
        }
    }
}

/// The learned scale of a likelihood, among the parameters.
const LOG_SCALE: &str = "log_scale";

impl VariationalAutoencoderConfig {
    pub(crate) fn layers(&self, input_shape: [usize; 3]) -> Result<Vec<LayerSpec>, ModelError> {
        self.likelihood.check()?;
        self.beta_schedule.check()?;
        check_coefficient("beta", self.beta)?;
        check_coefficient("free_bits", self.free_bits)?;
        if self.importance_samples == 0 || self.importance_samples > limits::IMPORTANCE_SAMPLES {
            let reason = format!(
                "{}: must be 1 to {}",
                self.importance_samples,
                limits::IMPORTANCE_SAMPLES
            );
            return Err(ModelError::config("importance_samples", reason));
        }
        let is_plain_bound = self.beta == 1.0
            && self.beta_schedule == BetaSchedule::Constant
            && self.free_bits == 0.0;
        if self.importance_samples > 1 && !is_plain_bound {
            return Err(ModelError::config(
                "importance_samples",
                "the importance-weighted bound has no divergence apart that `beta`, `beta_schedule` or `free_bits` could weigh",
            ));
        }
        if self.network.latent().is_none() {
            return Err(ModelError::config(
                "latent",
                "none given: a variational model's code is a list of numbers, not a feature map",
            ));
        }
        if let NetworkConfig::Dense(dense) = &self.network
            && dense.output == OutputActivation::Linear
            && self.likelihood == Likelihood::Bernoulli
        {
            return Err(ModelError::config(
                "output",
                "a linear one is no probability, which a Bernoulli likelihood takes it for",
            ));
        }
        let mut layers = self.network.layers(input_shape, 2)?;
        if let Some(initial) = self.likelihood.initial_log_scale() {
            layers.push(LayerSpec::new(
                LOG_SCALE,
                LayerKind::Constant { initial },
                1,
                1,
            ));
        }
        Ok(layers)
    }

    pub(crate) fn latent(&self) -> usize {
        self.network.latent().unwrap_or(0)
    }
}

/// A variational autoencoder: its encoder gives a Gaussian for each image instead of a point, and its decoder a
/// distribution of images for each code, so that a code drawn from the standard normal prior makes an image.
///
/// The loss, **per image and in nats**: sums over the values of an image and the numbers of its code, means over the
/// images of the batch alone.
///
/// | term | with one sample |
/// |---|---|
/// | `reconstruction` | `-ln p(x \| z)` of a code drawn from the posterior, by the [`Likelihood`] |
/// | `kl` | `beta * share * sum over dimensions of max(free_bits, mean over the batch of the divergence)` |
///
/// With `beta` 1, no schedule and no free bits, their sum is the negative evidence lower bound. With more importance
/// samples there is the one term `bound`, `-ln mean of p(x, z) / q(z | x)` over the samples, computed from logarithms.
/// The training configuration's reconstruction loss is not used: the likelihood is in its place.
///
/// [`encode`](Autoencoder::encode) gives the posterior's mean and [`reconstruct`](Autoencoder::reconstruct) draws from
/// it, without randomness.
///
/// The equivalent PyTorch module (`network` is the module of [`ConvAutoencoder`](crate::ConvAutoencoder) or
/// [`DenseAutoencoder`](crate::DenseAutoencoder) whose last encoding layer has `2 * latent` outputs):
///
/// ```python
/// class VariationalAutoencoder(nn.Module):
///     def __init__(self, network, learns_scale=False):
///         super().__init__()
///         self.network = network
///         if learns_scale:
///             self.log_scale = nn.Parameter(torch.full((1,), math.log(0.2)))
///
///     def forward(self, images):
///         mean, log_variance = self.network.encode(images).chunk(2, 1)
///         codes = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
///         return self.network.decode(codes), mean, log_variance
/// ```
///
/// # References
/// D. P. Kingma and M. Welling (2014), *Auto-encoding variational Bayes*, equation 10. I. Higgins et al. (2017),
/// *beta-VAE*, equation 4. D. P. Kingma et al. (2016), *Improving variational inference with inverse autoregressive
/// flow*, appendix C.8: free bits. Y. Burda, R. Grosse and R. Salakhutdinov (2016), *Importance weighted autoencoders*,
/// equation 8.
#[derive(Module, Debug)]
pub struct VariationalAutoencoder {
    network: Network,
    log_scale: Option<Param<Tensor<1>>>,
    #[module(skip)]
    config: VariationalAutoencoderConfig,
}

impl VariationalAutoencoder {
    pub(crate) fn build(
        config: &VariationalAutoencoderConfig,
        input_shape: [usize; 3],
        layers: &[LayerSpec],
        weights: &mut dyn WeightSource,
        device: &Device,
    ) -> Self {
        let (network_layers, scale) = match layers.split_last() {
            Some((last, rest)) if last.name == LOG_SCALE => (rest, Some(last)),
            _ => (layers, None),
        };
        let network = config
            .network
            .build(input_shape, network_layers, weights, device);
        let log_scale = scale.map(|spec| {
            let values = weights.next_layer(spec).swap_remove(0);
            Param::from_data(TensorData::new(values, [1]), device)
        });
        Self {
            network,
            log_scale,
            config: config.clone(),
        }
    }

    /// The same model, whose layers are Burn's own operations on every backend.
    #[must_use]
    pub(crate) fn by_operations(self) -> Self {
        Self {
            network: self.network.by_operations(),
            ..self
        }
    }

    fn log_scale(&self) -> Option<Tensor<1>> {
        self.log_scale.as_ref().map(Param::val)
    }

    /// The negative log-likelihood per image, a mean over the batch.
    fn reconstruction_term(&self, codes: Tensor<2>, target: Tensor<4>) -> Tensor<1> {
        let likelihood = self.config.likelihood;
        match likelihood.mean_loss() {
            Some(loss) => {
                let values = self.network.input_shape().iter().product();
                let mean = self.network.decoding_loss(codes, target, loss);
                likelihood.of_mean_loss(mean, values, self.log_scale())
            }
            None => self.log_likelihood(codes, target).mean().neg(),
        }
    }

    /// The weighted divergence per image, a mean over the batch.
    fn divergence_term(&self, posterior: &Posterior, step: u64) -> Tensor<1> {
        let per_dimension = posterior.kl_divergence().mean_dim(0);
        let charged = if self.config.free_bits > 0.0 {
            per_dimension.clamp_min(self.config.free_bits)
        } else {
            per_dimension
        };
        let beta = self.config.beta * self.config.beta_schedule.share(step);
        charged.sum().mul_scalar(beta)
    }
}

impl LatentVariableModel for VariationalAutoencoder {
    fn posterior(&self, images: Tensor<4>) -> Posterior {
        Posterior::split(self.network.encode(images))
    }

    fn log_likelihood(&self, codes: Tensor<2>, images: Tensor<4>) -> Tensor<1> {
        let output = self.network.decode(codes);
        self.config
            .likelihood
            .of_images(output, images, self.log_scale())
    }
}

impl Autoencoder for VariationalAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.network.input_shape()
    }

    fn code_shape(&self) -> Vec<usize> {
        vec![self.config.latent()]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        self.posterior(images).mean
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        self.network.decode(codes)
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let latent = self.config.latent();
        let samples = self.config.importance_samples;
        let noise = batch.standard_normal(samples * latent);
        let posterior = self.posterior(batch.input);
        if samples == 1 {
            let codes = posterior.sample(noise);
            return Objective::sum(vec![
                (
                    "reconstruction",
                    self.reconstruction_term(codes, batch.target),
                ),
                ("kl", self.divergence_term(&posterior, batch.step)),
            ]);
        }
        let [images, _] = noise.dims();
        let noise = noise.reshape([images, samples, latent]);
        let log_weights = self.log_importance_weights(&posterior, batch.target, noise);
        Objective::sum(vec![("bound", log_mean_exp(log_weights).mean().neg())])
    }

    fn config(&self) -> Option<ModelConfig> {
        Some(ModelConfig::Vae(self.config.clone()))
    }

    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        Some(self)
    }
}
