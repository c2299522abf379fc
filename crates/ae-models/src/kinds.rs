//! The kinds of models: each in a file of its own, and in one list.

pub(crate) mod contractive;
pub(crate) mod conv;
pub(crate) mod dense;
pub(crate) mod fsq;
pub(crate) mod made_of_network;
pub(crate) mod picture_transform;
pub(crate) mod quantized;
pub(crate) mod sparse;
pub(crate) mod transform;
pub(crate) mod unet;
pub(crate) mod vae;
pub(crate) mod vq;

use crate::config::ModelConfig;
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::dense_config::DenseAutoencoderConfig;
use crate::registry::Registry;

impl Registry {
    /// The kinds of this crate.
    #[must_use]
    pub fn builtin() -> Self {
        Self::empty()
            .with::<ConvAutoencoderConfig>()
            .with::<DenseAutoencoderConfig>()
            .with::<vae::VariationalAutoencoderConfig>()
            .with::<sparse::SparseAutoencoderConfig>()
            .with::<contractive::ContractiveAutoencoderConfig>()
            .with::<unet::UnetConfig>()
            .with::<transform::config::TransformConfig>()
            .with::<picture_transform::config::PictureTransformConfig>()
            .with::<vq::VectorQuantizedConfig>()
            .with::<fsq::FiniteScalarConfig>()
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        ConvAutoencoderConfig::default().into()
    }
}
