//! The sparse kind.

pub(crate) mod sparsity;

use burn::module::Module;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::objective::{Objective, TrainingBatch};
use crate::error::ModelError;
use crate::inference::{Inference, Operation};
use crate::kind::{ModelKind, Outline};
use crate::kinds::made_of_network::{MadeOfNetwork, options_with, outline};
use crate::kinds::sparse::sparsity::Sparsity;
use crate::networks::network::{Network, NetworkConfig};
use crate::networks::options::apply_to_network;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

/// Settings of [`SparseAutoencoder`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SparseAutoencoderConfig {
    /// What keeps most of a code at rest.
    pub sparsity: Sparsity,
    /// The encoder and the decoder.
    pub network: NetworkConfig,
}

const SPARSITY: SettingSpec = SettingSpec {
    name: "sparsity",
    value: SettingValue::Text("PENALTY"),
    help: "What keeps a code sparse: l1:WEIGHT, kl:TARGET:WEIGHT, top-k:KEPT",
};

impl ModelKind for SparseAutoencoderConfig {
    const NAME: &'static str = "sparse";
    const SUMMARY: &'static str = "Each image wakes few values of the code";
    type Model = SparseAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        let layers = self.network.layers(input_shape, 1)?;
        let code_values = self.network.code_shape(input_shape).iter().product();
        self.sparsity
            .check_code(code_values, self.network.latent().is_none())?;
        Ok(outline(&self.network, input_shape, &layers))
    }

    fn build(&self, builder: &mut Builder<'_>) -> SparseAutoencoder {
        SparseAutoencoder {
            network: self.network.checked_build(1, builder),
            config: self.clone(),
        }
    }

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        let sparsity = self.sparsity;
        let network = &self.network;
        Some(network.inference(input_shape, |graph, values, map| {
            let count = match sparsity {
                Sparsity::L1 { .. } => return graph.step(Operation::Relu, values),
                Sparsity::Kl { .. } => return graph.step(Operation::Sigmoid, values),
                Sparsity::TopK { kept } => kept,
            };
            let Some(shape) = map else {
                return graph.step(Operation::KeepLargest { count }, values);
            };
            let rows = graph.step(Operation::Flatten, values);
            let kept = graph.step(Operation::KeepLargest { count }, rows);
            graph.step(Operation::Unflatten { shape }, kept)
        }))
    }

    fn options() -> Vec<SettingSpec> {
        options_with(&[SPARSITY])
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        apply_to_network(&mut self.network, given)?;
        set(&mut self.sparsity, given.parsed(SPARSITY.name)?);
        Ok(())
    }

    fn without_image_width(&mut self, image_values: usize) {
        self.network.drop_image_width(image_values);
    }

    fn description(&self) -> String {
        format!("sparse, {}; {}", self.sparsity, self.network.summary())
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

impl MadeOfNetwork for SparseAutoencoder {
    fn network(&self) -> &Network {
        &self.network
    }

    fn code_of(&self, outputs: Tensor<2>) -> Tensor<2> {
        self.config.sparsity.activate(outputs)
    }

    fn threshold(&self) -> Option<f32> {
        Some(self.config.sparsity.activity_threshold())
    }
}

impl Trainable for SparseAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.network.input_shape()
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

    fn objective_is_mean_of_images(&self) -> bool {
        !matches!(self.config.sparsity, Sparsity::Kl { .. })
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}
