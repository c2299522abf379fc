//! The training of models for pictures of any sizes.

mod cost;
mod fitting;
mod network;
mod pool;
mod quantization;
mod settings;

pub use settings::PictureTrainingSettings;
