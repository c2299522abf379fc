//! The variational kind.

pub(crate) mod beta_schedule;
pub(crate) mod likelihood;

use ae_kernels::HostTensor;
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::host_decoder::HostDecoder;
use crate::api::latent_variable::{LatentVariableModel, log_mean_exp};
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::posterior::Posterior;
use crate::api::support::LikelihoodSupport;
use crate::error::ModelError;
use crate::inference::{Inference, Operation};
use crate::kind::{ModelKind, Outline};
use crate::kinds::made_of_network::{MadeOfNetwork, check_latent, options_with, outline};
use crate::kinds::vae::beta_schedule::BetaSchedule;
use crate::kinds::vae::likelihood::Likelihood;
use crate::limits;
use crate::networks::dense_config::OutputActivation;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::networks::network::{Network, NetworkConfig};
use crate::networks::options::apply_to_network;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};
use crate::written::check_coefficient;

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

const LIKELIHOOD: SettingSpec = SettingSpec {
    name: "likelihood",
    value: SettingValue::Text("NAME"),
    help: "The distribution of pixels: bernoulli, gaussian (its width learned), gaussian:SIGMA, logistic (256 bins)",
};

const BETA: SettingSpec = SettingSpec {
    name: "beta",
    value: SettingValue::Text("WEIGHT"),
    help: "The weight of the divergence from the prior; 1 is the bound itself",
};

const BETA_SCHEDULE: SettingSpec = SettingSpec {
    name: "beta-schedule",
    value: SettingValue::Text("SCHEDULE"),
    help: "How beta rises: constant, linear:STEPS, cyclical:STEPS, cyclical:STEPS:SHARE",
};

const FREE_BITS: SettingSpec = SettingSpec {
    name: "free-bits",
    value: SettingValue::Text("NATS"),
    help: "Nats of divergence that each latent dimension has for nothing",
};

const IMPORTANCE_SAMPLES: SettingSpec = SettingSpec {
    name: "importance-samples",
    value: SettingValue::Text("K"),
    help: "Codes sampled for each image and step; above 1, train by the importance-weighted bound",
};

impl ModelKind for VariationalAutoencoderConfig {
    const NAME: &'static str = "vae";
    const SUMMARY: &'static str = "Variational: a Gaussian for each image, and images from a prior";
    type Model = VariationalAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.check_settings()?;
        let mut layers = self.network.layers(input_shape, 2)?;
        layers.extend(self.scale_layer());
        Ok(outline(&self.network, input_shape, &layers))
    }

    fn build(&self, builder: &mut Builder<'_>) -> VariationalAutoencoder {
        let network = self.network.checked_build(2, builder);
        let log_scale = self.scale_layer().map(|layer| layer.constant(builder));
        VariationalAutoencoder {
            network,
            log_scale,
            config: self.clone(),
        }
    }

    /// The code is the mean of the posterior.
    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let count = self.network.latent()?;
        let network = &self.network;
        Some(network.inference(input_shape, |graph, values, _| {
            graph.step(Operation::FirstValues { count }, values)
        }))
    }

    fn options() -> Vec<SettingSpec> {
        options_with(&[
            LIKELIHOOD,
            BETA,
            BETA_SCHEDULE,
            FREE_BITS,
            IMPORTANCE_SAMPLES,
        ])
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        apply_to_network(&mut self.network, given)?;
        set(&mut self.likelihood, given.parsed(LIKELIHOOD.name)?);
        set(&mut self.beta, given.at_least_zero(BETA.name)?);
        set(&mut self.beta_schedule, given.parsed(BETA_SCHEDULE.name)?);
        set(&mut self.free_bits, given.at_least_zero(FREE_BITS.name)?);
        set(
            &mut self.importance_samples,
            given.at_least_one(IMPORTANCE_SAMPLES.name)?,
        );
        Ok(())
    }

    fn without_image_width(&mut self, image_values: usize) {
        self.network.drop_image_width(image_values);
    }

    fn description(&self) -> String {
        let objective = match self.importance_samples {
            1 => format!("beta {}", self.beta),
            samples => format!("{samples} importance samples"),
        };
        format!(
            "variational, {} likelihood, {objective}; {}",
            self.likelihood,
            self.network.summary()
        )
    }

    fn objective_unit(&self) -> Option<&'static str> {
        Some("nats per image")
    }
}

impl VariationalAutoencoderConfig {
    fn check_settings(&self) -> Result<(), ModelError> {
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
        check_latent(&self.network, "variational")?;
        if let NetworkConfig::Dense(dense) = &self.network
            && dense.output == OutputActivation::Linear
            && self.likelihood == Likelihood::Bernoulli
        {
            return Err(ModelError::config(
                "output",
                "a linear one is no probability, which a Bernoulli likelihood takes it for",
            ));
        }
        Ok(())
    }

    /// The learned scale of the likelihood, if it has one.
    fn scale_layer(&self) -> Option<LayerSpec> {
        let initial = self.likelihood.initial_log_scale()?;
        Some(LayerSpec::new(
            LOG_SCALE,
            LayerKind::Constant { initial },
            1,
            1,
        ))
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
/// [`encode`](Codes::encode) gives the posterior's mean and [`reconstruct`](Reconstruct::reconstruct) draws from
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

    fn host_decoder(&self) -> Option<HostDecoder> {
        let Network::Dense(network) = &self.network else {
            return None;
        };
        let likelihood = self.config.likelihood;
        let log_scale = match self.log_scale() {
            Some(log_scale) => HostTensor::new(log_scale)?.values().first().copied(),
            None => None,
        };
        let values = self.network.input_shape().iter().product();
        let of_sum = likelihood.of_loss_sum(values, log_scale)?;
        let (stack, weights) = network.decoder_on_host()?;
        let loss = likelihood.mean_loss()?.of_kernels();
        Some(HostDecoder::new(stack, weights, loss, of_sum))
    }

    fn likelihood_support(&self) -> LikelihoodSupport {
        self.config.likelihood.support()
    }
}

impl MadeOfNetwork for VariationalAutoencoder {
    fn network(&self) -> &Network {
        &self.network
    }

    fn code_of(&self, outputs: Tensor<2>) -> Tensor<2> {
        Posterior::split(outputs).mean
    }
}

impl Trainable for VariationalAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.network.input_shape()
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let latent = self.code_values();
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

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }

    fn as_latent_variable_model(&self) -> Option<&dyn LatentVariableModel> {
        Some(self)
    }
}
