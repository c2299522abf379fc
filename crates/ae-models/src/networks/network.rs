//! The network inside a model of another kind: convolutional or fully connected.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::api::autoencoder::Autoencoder;
use crate::api::loss::ReconstructionLoss;
use crate::error::ModelError;
use crate::networks::conv::{ConvAutoencoder, ConvAutoencoderConfig};
use crate::networks::dense::{DenseAutoencoder, DenseAutoencoderConfig};
use crate::networks::layer::LayerSpec;
use crate::parameters::initialization::{Initialization, WeightSource};

/// The encoder and the decoder that a variational, sparse or contractive model is made of, tagged by `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum NetworkConfig {
    /// Convolutions and pooling, `kind = "conv"`.
    Conv(ConvAutoencoderConfig),
    /// Fully connected layers, `kind = "dense"`.
    Dense(DenseAutoencoderConfig),
}

impl Default for NetworkConfig {
    /// The default convolutional network with a code of 32 numbers.
    fn default() -> Self {
        Self::Conv(ConvAutoencoderConfig {
            latent: Some(32),
            ..ConvAutoencoderConfig::default()
        })
    }
}

/// What stands before the names of a network's parameters in the model around it.
pub(crate) const PREFIX: &str = "network.";

impl NetworkConfig {
    /// The network's name, as in a configuration file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Dense(_) => "dense",
        }
    }

    /// Numbers in the bottleneck; `None` where the code is a feature map.
    #[must_use]
    pub fn latent(&self) -> Option<usize> {
        match self {
            Self::Conv(config) => config.latent,
            Self::Dense(config) => Some(config.latent),
        }
    }

    /// Checks the settings and lists the layers, with an encoder that gives `outputs` numbers for each of the code's.
    pub(crate) fn layers(
        &self,
        input_shape: [usize; 3],
        outputs: usize,
    ) -> Result<Vec<LayerSpec>, ModelError> {
        let mut layers = match self {
            Self::Conv(config) => config.layers(input_shape, outputs)?,
            Self::Dense(config) => config.layers(input_shape, outputs)?,
        };
        for layer in &mut layers {
            layer.name.insert_str(0, PREFIX);
        }
        Ok(layers)
    }

    pub(crate) fn code_shape(&self, input_shape: [usize; 3]) -> Vec<usize> {
        match self {
            Self::Conv(config) => config.code_shape(input_shape),
            Self::Dense(config) => vec![config.latent],
        }
    }

    pub(crate) fn initialization(&self) -> Initialization {
        match self {
            Self::Conv(config) => config.initialization,
            Self::Dense(config) => config.initialization,
        }
    }

    pub(crate) fn build(
        &self,
        input_shape: [usize; 3],
        layers: &[LayerSpec],
        weights: &mut dyn WeightSource,
        device: &Device,
    ) -> Network {
        match self {
            Self::Conv(config) => Network::Conv(ConvAutoencoder::build(
                config,
                input_shape,
                layers,
                weights,
                device,
            )),
            Self::Dense(config) => Network::Dense(DenseAutoencoder::build(
                config,
                input_shape,
                layers,
                weights,
                device,
            )),
        }
    }
}

/// The encoder and decoder of a [`NetworkConfig`].
#[derive(Module, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a process has one or two of them, and their weights are elsewhere"
)]
pub(crate) enum Network {
    Conv(ConvAutoencoder),
    Dense(DenseAutoencoder),
}

impl Network {
    /// The same network, whose layers are Burn's own operations.
    pub(crate) fn by_operations(self) -> Self {
        match self {
            Self::Conv(network) => Self::Conv(network.by_operations()),
            Self::Dense(network) => Self::Dense(network.by_operations()),
        }
    }

    pub(crate) fn input_shape(&self) -> [usize; 3] {
        match self {
            Self::Conv(network) => network.input_shape(),
            Self::Dense(network) => network.input_shape(),
        }
    }

    /// # Shapes
    /// - output: `[batch, outputs * code_values]`, with the `outputs` of [`NetworkConfig::layers`]
    pub(crate) fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        match self {
            Self::Conv(network) => network.encode(images),
            Self::Dense(network) => network.encode(images),
        }
    }

    pub(crate) fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        match self {
            Self::Conv(network) => network.decode(codes),
            Self::Dense(network) => network.decode(codes),
        }
    }

    /// The mean of a loss over all values of what is drawn from `codes`, in one pass with its gradients where nothing is
    /// cropped off.
    ///
    /// # Shapes
    /// - output: `[1]`
    pub(crate) fn decoding_loss(
        &self,
        codes: Tensor<2>,
        target: Tensor<4>,
        loss: ReconstructionLoss,
    ) -> Tensor<1> {
        match self {
            Self::Conv(network) => network.decoding_loss(codes, target, loss),
            Self::Dense(network) => network.decoding_loss(codes, target, loss),
        }
    }
}
