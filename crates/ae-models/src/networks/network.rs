//! The network inside a model of another kind: convolutional or fully connected.

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::api::capabilities::{Codes, Trainable};
use crate::api::loss::ReconstructionLoss;
use crate::error::ModelError;
use crate::inference::{GraphBuilder, GraphValue, Inference};
use crate::networks::conv::ConvAutoencoder;
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::dense::DenseAutoencoder;
use crate::networks::dense_config::DenseAutoencoderConfig;
use crate::networks::layer::LayerSpec;
use crate::parameters::builder::Builder;

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

    /// The default network of a name.
    pub(crate) fn named(kind: &str) -> Option<Self> {
        match kind {
            "conv" => Some(Self::default()),
            "dense" => Some(Self::Dense(DenseAutoencoderConfig::default())),
            _ => None,
        }
    }

    /// Values in the bottleneck; `None` where the code is a feature map.
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

    /// What the model around the network computes when it is used; `code_of` adds what becomes of the encoder's values,
    /// which are rows where the code is a list and a map of the shape that it is given where it is one.
    pub(crate) fn inference(
        &self,
        input_shape: [usize; 3],
        code_of: impl FnOnce(&mut GraphBuilder, GraphValue, Option<[usize; 3]>) -> GraphValue,
    ) -> Inference {
        match self {
            Self::Conv(config) => config.inference_with(input_shape, PREFIX, code_of),
            Self::Dense(config) => config.inference_with(input_shape, PREFIX, code_of),
        }
    }

    /// What tells the network from others, in a few words.
    pub(crate) fn summary(&self) -> &'static str {
        match self {
            Self::Conv(config) => config.summary(),
            Self::Dense(config) => config.summary(),
        }
    }

    /// Takes the image's own width out of settings that a person wrote, where the network counts from it.
    pub(crate) fn drop_image_width(&mut self, image_values: usize) {
        match self {
            Self::Conv(_) => {}
            Self::Dense(config) => config.drop_image_width(image_values),
        }
    }

    /// Builds the network whose settings were checked, with an encoder that gives `outputs` values for each of the
    /// code's.
    pub(crate) fn checked_build(&self, outputs: usize, builder: &mut Builder<'_>) -> Network {
        let layers = self
            .layers(builder.input_shape(), outputs)
            .expect("the settings were checked");
        self.build(&layers, builder)
    }

    fn build(&self, layers: &[LayerSpec], builder: &mut Builder<'_>) -> Network {
        match self {
            Self::Conv(config) => Network::Conv(ConvAutoencoder::build(config, layers, builder)),
            Self::Dense(config) => Network::Dense(DenseAutoencoder::build(config, layers, builder)),
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
    pub(crate) fn input_shape(&self) -> [usize; 3] {
        match self {
            Self::Conv(network) => network.input_shape(),
            Self::Dense(network) => network.input_shape(),
        }
    }

    pub(crate) fn code_shape(&self) -> Vec<usize> {
        match self {
            Self::Conv(network) => network.code_shape(),
            Self::Dense(network) => network.code_shape(),
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
