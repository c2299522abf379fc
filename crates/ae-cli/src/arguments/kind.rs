//! Which model `ae train` builds.

use ae_models::{BetaSchedule, Likelihood, Sparsity, Upsampling};
use clap::{Args, ValueEnum};

use super::value::{at_least_one, at_least_zero, named, parsed};

/// The model's kind and settings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Model")]
pub(crate) struct KindArguments {
    /// The kind of model.
    #[arg(long, value_enum, value_name = "KIND")]
    pub model: Option<ModelKind>,
    /// The network inside a vae, sparse or contractive model [default: conv].
    #[arg(long, value_enum, value_name = "NETWORK")]
    pub network: Option<NetworkKind>,
    /// The encoder's widths, outermost first: channels (conv), or numbers (dense), where without
    /// --latent the last is the code, and the first may be the image itself.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = at_least_one)]
    pub widths: Option<Vec<usize>>,
    /// Squeeze the code to this many numbers.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub latent: Option<usize>,
    /// How the decoder doubles the picture (conv): by repeating pixels before a convolution, or by transposed
    /// convolutions, with pooling after the encoder's last convolution, too, as in Keras' example.
    #[arg(long, value_name = "HOW", value_parser = named::<Upsampling>(["nearest", "transposed"]))]
    pub upsampling: Option<Upsampling>,
    /// Decode with the encoder's weights, transposed (dense).
    #[arg(long)]
    pub tied: bool,
    /// What pixels are drawn from (vae): bernoulli, gaussian (its width learned), gaussian:SIGMA,
    /// logistic (256 bins).
    #[arg(long, value_name = "NAME", value_parser = parsed::<Likelihood>)]
    pub likelihood: Option<Likelihood>,
    /// The weight of the divergence from the prior (vae); 1 is the bound itself.
    #[arg(long, value_name = "WEIGHT", value_parser = at_least_zero, allow_negative_numbers = true)]
    pub beta: Option<f64>,
    /// How beta rises (vae): constant, linear:STEPS, cyclical:STEPS, cyclical:STEPS:SHARE.
    #[arg(long, value_name = "SCHEDULE", value_parser = parsed::<BetaSchedule>)]
    pub beta_schedule: Option<BetaSchedule>,
    /// Nats of divergence that each number of the code has for nothing (vae).
    #[arg(long, value_name = "NATS", value_parser = at_least_zero, allow_negative_numbers = true)]
    pub free_bits: Option<f64>,
    /// Codes sampled for each image and step (vae); above 1, train by the importance-weighted bound.
    #[arg(long, value_name = "K", value_parser = at_least_one)]
    pub importance_samples: Option<usize>,
    /// What keeps a code sparse (sparse): l1:WEIGHT, kl:TARGET:WEIGHT, top-k:KEPT.
    #[arg(long, value_name = "PENALTY", value_parser = parsed::<Sparsity>)]
    pub sparsity: Option<Sparsity>,
    /// The weight of the encoder's squared Jacobian (contractive).
    #[arg(long, value_name = "WEIGHT", value_parser = at_least_zero, allow_negative_numbers = true)]
    pub contraction: Option<f64>,
}

impl KindArguments {
    /// Every option with whether it was given.
    pub(crate) fn given(&self) -> [(&'static str, bool); 13] {
        [
            ("--model", self.model.is_some()),
            ("--network", self.network.is_some()),
            ("--widths", self.widths.is_some()),
            ("--latent", self.latent.is_some()),
            ("--upsampling", self.upsampling.is_some()),
            ("--tied", self.tied),
            ("--likelihood", self.likelihood.is_some()),
            ("--beta", self.beta.is_some()),
            ("--beta-schedule", self.beta_schedule.is_some()),
            ("--free-bits", self.free_bits.is_some()),
            ("--importance-samples", self.importance_samples.is_some()),
            ("--sparsity", self.sparsity.is_some()),
            ("--contraction", self.contraction.is_some()),
        ]
    }
}

/// A kind of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelKind {
    /// Convolutions, pooling and upsampling.
    Conv,
    /// Fully connected layers.
    Dense,
    /// Variational: a Gaussian for each image, and images from a prior.
    Vae,
    /// Each image wakes few numbers of the code.
    Sparse,
    /// The code changes little when the image does.
    Contractive,
}

/// An architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NetworkKind {
    /// Convolutions, pooling and upsampling.
    Conv,
    /// Fully connected layers.
    Dense,
}
