//! What the kinds have in common that are made of a network: the model around it, its settings and their checks.

use burn::tensor::Tensor;

use crate::api::capabilities::{Codes, Reconstruct};
use crate::error::ModelError;
use crate::kind::Outline;
use crate::networks::layer::LayerSpec;
use crate::networks::network::{Network, NetworkConfig};
use crate::networks::options;
use crate::settings::SettingSpec;

/// A model around a network, which differs from it in what becomes of the encoder's values. Whatever is one
/// reconstructs and has codes.
pub(crate) trait MadeOfNetwork {
    /// The network inside.
    fn network(&self) -> &Network;

    /// What the encoder's values become before the decoder has them.
    ///
    /// # Shapes
    /// - `outputs`: `[batch, outputs]`, as many as the network's layers were made for
    /// - output: `[batch, code_values]`
    fn code_of(&self, outputs: Tensor<2>) -> Tensor<2>;

    /// The size that a value must exceed to count as active, where that means something.
    fn threshold(&self) -> Option<f32> {
        None
    }
}

impl<M: MadeOfNetwork> Reconstruct for M {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }
}

impl<M: MadeOfNetwork> Codes for M {
    fn code_shape(&self) -> Vec<usize> {
        self.network().code_shape()
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        self.code_of(self.network().encode(images))
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        self.network().decode(codes)
    }

    fn activity_threshold(&self) -> Option<f32> {
        self.threshold()
    }
}

/// The settings of a kind that is made of a network: the network's and its own.
pub(crate) fn options_with(own: &[SettingSpec]) -> Vec<SettingSpec> {
    [&options::EITHER[..], own].concat()
}

/// Refuses a network whose code is a feature map.
pub(crate) fn check_latent(network: &NetworkConfig, adjective: &str) -> Result<(), ModelError> {
    match network.latent() {
        Some(_) => Ok(()),
        None => Err(ModelError::config(
            "latent",
            format!(
                "none given: a {adjective} model's code is a list of values, not a feature map"
            ),
        )),
    }
}

/// What the layers of a model say of it.
pub(crate) fn outline(
    network: &NetworkConfig,
    input_shape: [usize; 3],
    layers: &[LayerSpec],
) -> Outline {
    Outline::new()
        .with_code(network.code_shape(input_shape))
        .with_tensors(LayerSpec::tensors_of(layers))
}
