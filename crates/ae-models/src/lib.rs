#![doc = include_str!("../README.md")]

mod api;
mod config;
mod error;
mod file;
mod kinds;
mod model;
mod networks;
mod parameters;
mod setting;

pub use api::autoencoder::{Autoencoder, CodeBits, Objective, TrainingBatch};
pub use api::latent_variable::LatentVariableModel;
pub use api::loss::ReconstructionLoss;
pub use api::posterior::Posterior;
pub use api::random::RandomNumbers;
pub use config::{CheckedModelConfig, ModelConfig, TensorShape, limits};
pub use error::ModelError;
pub use file::{ModelCard, load_model, read_model_card, read_tensors, save_model};
pub use kinds::contractive::{ContractiveAutoencoder, ContractiveAutoencoderConfig};
pub use kinds::sparse::sparsity::Sparsity;
pub use kinds::sparse::{SparseAutoencoder, SparseAutoencoderConfig};
pub use kinds::vae::beta_schedule::BetaSchedule;
pub use kinds::vae::likelihood::Likelihood;
pub use kinds::vae::{VariationalAutoencoder, VariationalAutoencoderConfig};
pub use model::Model;
pub use networks::conv::{ConvAutoencoder, ConvAutoencoderConfig};
pub use networks::dense::{DenseAutoencoder, DenseAutoencoderConfig, OutputActivation};
pub use networks::network::NetworkConfig;
pub use networks::upsampling::Upsampling;
pub use parameters::initialization::Initialization;
pub use parameters::tensors::{
    NamedTensor, load_tensors, named_tensors, parameter_names, with_parameter_ids,
};
