//! The sparse autoencoder.

pub(crate) mod sparsity;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::api::autoencoder::{Autoencoder, Objective, TrainingBatch};
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::kinds::sparse::sparsity::Sparsity;
use crate::networks::layer::LayerSpec;
use crate::networks::network::{Network, NetworkConfig};
use crate::parameters::initialization::WeightSource;

/// Settings of [`SparseAutoencoder`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SparseAutoencoderConfig {
    /// What keeps most of a code at rest.
    pub sparsity: Sparsity,
    /// The encoder and the decoder.
    pub network: NetworkConfig,
}

impl SparseAutoencoderConfig {
    pub(crate) fn layers(&self, input_shape: [usize; 3]) -> Result<Vec<LayerSpec>, ModelError> {
        let layers = self.network.layers(input_shape, 1)?;
        let code_values = self.network.code_shape(input_shape).iter().product();
        self.sparsity
            .check_code(code_values, self.network.latent().is_none())?;
        Ok(layers)
    }
}

/// A sparse autoencoder: each image wakes only a few of the code's numbers, so a code may be larger than the image and
/// still say what is in it.
///
/// Its loss is the reconstruction loss of the training configuration, a mean over every value, and the penalty that
/// [`Sparsity`] documents, per image, as a term of its own: `l1`, `sparsity_kl`, or none for top-k.
///
/// In PyTorch: the module of [`ConvAutoencoder`](crate::ConvAutoencoder) or
/// [`DenseAutoencoder`](crate::DenseAutoencoder) as `network`, with a ReLU (L1), a sigmoid (KL) or top-k on the code.
#[derive(Module, Debug)]
pub struct SparseAutoencoder {
    network: Network,
    #[module(skip)]
    config: SparseAutoencoderConfig,
}

impl SparseAutoencoder {
    pub(crate) fn build(
        config: &SparseAutoencoderConfig,
        input_shape: [usize; 3],
        layers: &[LayerSpec],
        weights: &mut dyn WeightSource,
        device: &Device,
    ) -> Self {
        Self {
            network: config.network.build(input_shape, layers, weights, device),
            config: config.clone(),
        }
    }

    /// The same model, whose layers are Burn's own operations on every backend.
    #[must_use]
    pub(crate) fn by_operations(self) -> Self {
        Self {
            network: self.network.by_operations(),
            ..self
        }
    }
}

impl Autoencoder for SparseAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.network.input_shape()
    }

    fn code_shape(&self) -> Vec<usize> {
        self.config.network.code_shape(self.input_shape())
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        self.config.sparsity.activate(self.network.encode(images))
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        self.network.decode(codes)
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let codes = self.encode(batch.input);
        let loss = self
            .network
            .decoding_loss(codes.clone(), batch.target, batch.loss);
        let mut terms = vec![("reconstruction", loss)];
        terms.extend(self.config.sparsity.penalty(codes));
        Objective::sum(terms)
    }

    fn config(&self) -> Option<ModelConfig> {
        Some(ModelConfig::Sparse(self.config.clone()))
    }

    fn activity_threshold(&self) -> Option<f32> {
        Some(self.config.sparsity.activity_threshold())
    }
}
