#![doc = include_str!("../README.md")]

mod api;
mod checked;
mod config;
mod erased;
mod error;
mod file;
mod inference;
mod kind;
mod kinds;
pub mod limits;
mod model;
mod networks;
mod parameters;
mod placement;
mod registry;
mod settings;
mod written;

pub use api::capabilities::{Autoencoder, Codes, Reconstruct, Trainable};
pub use api::code_bits::CodeBits;
pub use api::discrete_codes::DiscreteCodes;
pub use api::host_decoder::HostDecoder;
pub use api::latent_variable::LatentVariableModel;
pub use api::loss::ReconstructionLoss;
pub use api::objective::{Objective, TrainingBatch};
pub use api::posterior::Posterior;
pub use api::random::RandomNumbers;
pub use api::support::LikelihoodSupport;
pub use api::validation::{Direction, ValidationMeasure};
pub use checked::CheckedModelConfig;
pub use config::ModelConfig;
pub use error::ModelError;
pub use file::card::{ModelCard, config_of};
pub use file::load::{
    load_model, load_model_from_bytes, read_model_card, read_model_card_from_bytes,
    read_model_data, read_tensors, read_weights,
};
pub use file::precision::Precision;
pub use file::save::{save_model, save_model_in};
pub use inference::{Graph, GraphBuilder, GraphValue, Inference, Operation, Step};
pub use kind::{ModelKind, Outline};
pub use kinds::contractive::{ContractiveAutoencoder, ContractiveAutoencoderConfig};
pub use kinds::fsq::{FiniteScalarAutoencoder, FiniteScalarConfig};
pub use kinds::picture_transform::PictureTransform;
pub use kinds::picture_transform::config::PictureTransformConfig;
pub use kinds::quantized::QuantizedAutoencoder;
pub use kinds::quantized::codebook::Codebook;
pub use kinds::quantized::finite_scalar::FiniteScalarQuantizer;
pub use kinds::quantized::quantizer::{Quantized, Quantizer};
pub use kinds::sparse::sparsity::Sparsity;
pub use kinds::sparse::{SparseAutoencoder, SparseAutoencoderConfig};
pub use kinds::transform::TransformAutoencoder;
pub use kinds::transform::config::TransformConfig;
pub use kinds::transform::lambdas::Lambdas;
pub use kinds::unet::skip_connections::SkipConnections;
pub use kinds::unet::{Unet, UnetConfig};
pub use kinds::vae::beta_schedule::BetaSchedule;
pub use kinds::vae::likelihood::Likelihood;
pub use kinds::vae::{VariationalAutoencoder, VariationalAutoencoderConfig};
pub use kinds::vq::{VectorQuantizedAutoencoder, VectorQuantizedConfig};
pub use model::Model;
pub use networks::conv::ConvAutoencoder;
pub use networks::conv_config::ConvAutoencoderConfig;
pub use networks::dense::DenseAutoencoder;
pub use networks::dense_config::{DenseAutoencoderConfig, HiddenActivation, OutputActivation};
pub use networks::network::NetworkConfig;
pub use networks::padding::reflection;
pub use networks::upsampling::Upsampling;
pub use parameters::builder::Builder;
pub use parameters::initialization::Initialization;
pub use parameters::tensors::{
    NamedTensor, TensorShape, load_tensors, named_tensors, parameter_names, with_parameter_ids,
};
pub use placement::{ComputePath, Placement};
pub use registry::{RegisteredKind, RegisteredSetting, Registry};
pub use settings::{GivenSettings, SettingSpec, SettingValue};
