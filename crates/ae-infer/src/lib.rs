#![doc = include_str!("../README.md")]

mod anomaly;
mod batches;
mod codes;
mod denoise;
mod error;
mod generate;
mod image_sets;
mod latent_space;
mod model_path;
mod no_part;
mod npy;
mod open_model;
mod open_set;
mod opened_set;
mod own_set;
mod preparation;
mod probe;
mod progress;
mod quality;
mod relation;
mod set_request;
#[cfg(test)]
mod tests;
mod tiling;

pub use ae_models::{ComputePath, Model, ModelCard, Placement, Registry};
pub use ae_train::Reconstruction;
pub use burn::tensor::Device;

pub use anomaly::{AnomalyScore, ErrorMap};
pub use codes::Codes;
pub use denoise::{NoiseTrial, noisy_image, page_image, page_quality};
pub use error::{Capability, InferError};
pub use generate::CodeSource;
pub use image_sets::Reconstructed;
pub use latent_space::{LatentDimension, fade};
pub use model_path::{ModelPath, runs_in};
pub use no_part::NoPartReason;
pub use npy::{NpyError, NpyReader, NpyRows, write_npy};
pub use open_model::{BATCH_SIZE, OpenModel};
pub use opened_set::OpenedSet;
pub use own_set::DataOrigin;
pub use preparation::Preparation;
pub use probe::ProbedFeatures;
pub use progress::{Progress, ProgressUnit};
pub use relation::Relation;
pub use set_request::SetRequest;
pub use tiling::Tiling;
