//! The convolutional autoencoder as stacks of stages and dense layers, which `ae-kernels` runs.

use ae_kernels::{Activation, DenseStack, Stack, Stage, TransposedConvolution};
use burn::tensor::Tensor;

use crate::networks::compute;
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::layer::{Convolution, LayerSpec};
use crate::placement::ComputePath;

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

/// The model's layers as they are run: by `ae-kernels` where it has kernels for the backend, by Burn's own
/// operations elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Stacks {
    pub(crate) encoder: Stack,
    /// The decoder's transposed convolutions, which come first.
    pub(crate) doublings: Vec<TransposedConvolution>,
    pub(crate) decoder: Stack,
    /// One after the other, for a model that has nothing else between them.
    pub(crate) whole: Option<Stack>,
    pub(crate) bottleneck: Option<Bottleneck>,
}

/// The dense layers from the last feature map to the code and back.
#[derive(Clone, Debug)]
pub(crate) struct Bottleneck {
    pub(crate) to_code: DenseStack,
    pub(crate) from_code: DenseStack,
}

impl Bottleneck {
    /// `None` for a model whose code is the feature map.
    fn new(layers: &[LayerSpec], path: ComputePath) -> Option<Self> {
        let [to_code, from_code] = layers else {
            return None;
        };
        let stack = |layer: &LayerSpec, activation| {
            compute::dense_stack(vec![layer.dense(activation)], path)
                .expect("the configuration was checked: its layers have numbers")
        };
        Some(Self {
            to_code: stack(to_code, Activation::None),
            from_code: stack(from_code, Activation::Relu),
        })
    }
}

impl Stacks {
    pub(crate) fn new(
        config: &ConvAutoencoderConfig,
        encoder: &[LayerSpec],
        bottleneck: &[LayerSpec],
        decoder: &[LayerSpec],
        path: ComputePath,
    ) -> Self {
        let poolings = config.poolings();
        let (transposed, decoder) = decoder.split_at(config.transposed());
        let doubling = |layer: &LayerSpec| {
            compute::transposed(layer.inputs, layer.outputs, path)
                .expect("the configuration was checked: its layers have channels")
        };
        let is_whole = config.latent.is_none() && config.transposed() == 0;
        let stack = |stages: Vec<Stage>| {
            compute::stack(stages, path)
                .expect("the configuration was checked: its layers fit together")
        };
        Self {
            encoder: stack(encoder_stages(encoder, poolings).collect()),
            doublings: transposed.iter().map(doubling).collect(),
            decoder: stack(decoder_stages(decoder).collect()),
            whole: is_whole.then(|| {
                stack(
                    encoder_stages(encoder, poolings)
                        .chain(decoder_stages(decoder))
                        .collect(),
                )
            }),
            bottleneck: Bottleneck::new(bottleneck, path),
        }
    }
}

/// Weights and biases as a stack takes them.
pub(crate) fn weights<'a>(
    layers: impl IntoIterator<Item = &'a Convolution>,
) -> Vec<(Tensor<4>, Option<Tensor<1>>)> {
    layers.into_iter().map(Convolution::values).collect()
}
