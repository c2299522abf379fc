#![doc = include_str!("../README.md")]

mod anomaly;
mod batches;
mod codes;
mod denoise;
mod denoisers;
mod discrete;
mod error;
mod generate;
mod image_sets;
mod latent_space;
mod model_path;
mod npy;
mod open_model;
mod picture_transform;
mod probe;
mod progress;
mod quality;
mod sets;
#[cfg(test)]
mod tests;
mod tiling;
mod transform;
mod whole_pictures;

pub use ae_models::{ComputePath, Model, ModelCard, Placement, Registry};
pub use ae_train::Reconstruction;
pub use burn::tensor::Device;

pub use anomaly::error_map::ErrorMap;
pub use anomaly::normal_images::{NORMAL_CLASSES, normal_class};
pub use anomaly::score::AnomalyScore;
pub use anomaly::scorer::{AnomalyScorer, ScorerRequest};
pub use codes::Codes;
pub use denoise::noise_correlation::NoiseCorrelation;
pub use denoise::{
    DenoisedPage, DenoisedValues, NoiseTrial, Removal, denoise_page, denoise_values, noisy_image,
    page_image, page_quality, try_denoising,
};
pub use denoisers::denoiser::{Denoiser, NoiseFilter};
pub use denoisers::model::ModelDenoiser;
pub use denoisers::orientations::InOrientations;
pub use denoisers::photo::{PHOTO, PhotoDenoiser};
pub use denoisers::self_supervised::{SelfDenoiser, ZERO_SHOT};
pub use denoisers::{FILTERS, filter};
pub use discrete::IndexGrid;
pub use error::{Capability, InferError};
pub use generate::CodeSource;
pub use image_sets::Reconstructed;
pub use latent_space::{LatentDimension, fade};
pub use model_path::{ModelPath, runs_in};
pub use npy::{NpyError, NpyHeader, NpyNumber, NpyReader, NpyRows, write_npy};
pub use open_model::{BATCH_SIZE, OpenModel};
pub use picture_transform::SymbolBlock;
pub use probe::ProbedFeatures;
pub use progress::{Progress, ProgressUnit};
pub use sets::{DataOrigin, NoPartReason, OpenedSet, Preparation, Relation, SetRequest};
pub use tiling::Tiling;
pub use whole_pictures::PictureQuality;
