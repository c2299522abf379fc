//! The convolutional autoencoder as stacks of stages, which `ae-kernels` runs.

use ae_kernels::{Activation, Loss, Precision, Stack, Stage};
use burn::tensor::Tensor;

use crate::conv::ConvAutoencoderConfig;
use crate::layer::{Convolution, LayerSpec};
use crate::loss::ReconstructionLoss;

/// The stages of an encoder whose layers are `layers`: pooling after each of the first `poolings`.
fn encoder_stages(layers: &[LayerSpec], poolings: usize) -> impl Iterator<Item = Stage> {
    layers.iter().enumerate().map(move |(index, layer)| {
        let stage = Stage::new(layer.inputs, layer.outputs, Activation::Relu);
        if index < poolings {
            stage.with_max_pool()
        } else {
            stage
        }
    })
}

/// The stages of a decoder whose convolutions are `layers`: upsampling before each but the first, a sigmoid after the
/// last.
fn decoder_stages(layers: &[LayerSpec]) -> impl Iterator<Item = Stage> {
    layers.iter().enumerate().map(|(index, layer)| {
        let is_last = index + 1 == layers.len();
        let activation = if is_last {
            Activation::Sigmoid
        } else {
            Activation::Relu
        };
        let stage = Stage::new(layer.inputs, layer.outputs, activation);
        if index > 0 {
            stage.with_upsample()
        } else {
            stage
        }
    })
}

/// The model's convolutions as they are run: by `ae-kernels` where it has kernels for the backend, by Burn's own
/// operations elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Stacks {
    pub(crate) encoder: Stack,
    pub(crate) decoder: Stack,
    /// One after the other, for a model that has nothing else between them.
    pub(crate) whole: Option<Stack>,
}

impl Stacks {
    pub(crate) fn new(
        config: &ConvAutoencoderConfig,
        encoder: &[LayerSpec],
        decoder: &[LayerSpec],
    ) -> Self {
        let poolings = config.poolings();
        let decoder = &decoder[config.transposed()..];
        let is_whole = config.latent.is_none() && config.transposed() == 0;
        let stack = |stages: Vec<Stage>| {
            Stack::new(stages, Precision::default())
                .expect("the configuration was checked: its layers fit together")
        };
        Self {
            encoder: stack(encoder_stages(encoder, poolings).collect()),
            decoder: stack(decoder_stages(decoder).collect()),
            whole: is_whole.then(|| {
                stack(
                    encoder_stages(encoder, poolings)
                        .chain(decoder_stages(decoder))
                        .collect(),
                )
            }),
        }
    }

    /// The same by Burn's own operations on every backend.
    pub(crate) fn by_operations(&self) -> Self {
        Self {
            encoder: self.encoder.by_operations(),
            decoder: self.decoder.by_operations(),
            whole: self.whole.as_ref().map(Stack::by_operations),
        }
    }
}

/// Weights and biases as a stack takes them.
pub(crate) fn weights<'a>(
    layers: impl IntoIterator<Item = &'a Convolution>,
) -> Vec<(Tensor<4>, Tensor<1>)> {
    layers.into_iter().map(Convolution::values).collect()
}

/// The loss as the kernels call it: the mean over every value in both crates.
pub(crate) fn kernel_loss(loss: ReconstructionLoss) -> Loss {
    match loss {
        ReconstructionLoss::Mse => Loss::Mse,
        ReconstructionLoss::Bce => Loss::Bce,
        ReconstructionLoss::L1 => Loss::L1,
    }
}
