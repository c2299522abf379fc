#![doc = include_str!("../README.md")]

mod autoencoder;
mod config;
mod conv;
mod dense;
mod error;
mod initialization;
mod layer;
mod loss;
mod model;
mod model_file;
mod padding;
mod tensors;

pub use autoencoder::{Autoencoder, CodeBits, Draws, Objective, TrainingBatch};
pub use config::{CheckedModelConfig, ModelConfig, TensorShape, limits};
pub use conv::{ConvAutoencoder, ConvAutoencoderConfig};
pub use dense::{DenseAutoencoder, DenseAutoencoderConfig};
pub use error::ModelError;
pub use initialization::Initialization;
pub use loss::ReconstructionLoss;
pub use model::Model;
pub use model_file::{ModelCard, load_model, read_model_card, read_tensors, save_model};
pub use tensors::{NamedTensor, load_tensors, named_tensors, parameter_names, with_parameter_ids};
