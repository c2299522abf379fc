//! The convolutional autoencoder.

use ae_kernels::{Activation, DenseStack, Precision, Stack, Stage};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::autoencoder::{Autoencoder, Objective, TrainingBatch};
use crate::config::{ModelConfig, limits};
use crate::dense::check_latent;
use crate::error::ModelError;
use crate::initialization::{Initialization, WeightSource};
use crate::layer::{Convolution, LayerKind, LayerSpec, Linear};
use crate::loss::ReconstructionLoss;
use crate::padding::{crop, pad_to_multiple};

/// Settings of [`ConvAutoencoder`].
///
/// The default is the autoencoder of the classic notMNIST tutorial: for 28x28 gray pixels it has 314,625 parameters
/// and a code of 7x7x128 numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvAutoencoderConfig {
    /// Output channels of each convolution of the encoder. After each but the last, pooling halves the picture.
    pub widths: Vec<usize>,
    /// A bottleneck of this many numbers: one dense layer from the last feature map to them, and one back. Without it
    /// the feature map is the code, and the model runs on pictures of any size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent: Option<usize>,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for ConvAutoencoderConfig {
    fn default() -> Self {
        Self {
            widths: vec![32, 64, 128],
            latent: None,
            initialization: Initialization::default(),
        }
    }
}

impl ConvAutoencoderConfig {
    /// How many times the picture is halved.
    fn poolings(&self) -> usize {
        self.widths.len() - 1
    }

    /// What height and width are padded to a multiple of.
    fn multiple(&self) -> usize {
        1 << self.poolings()
    }

    /// The shape of the encoder's last feature map.
    fn map_shape(&self, [_, height, width]: [usize; 3]) -> [usize; 3] {
        let multiple = self.multiple();
        [
            self.widths[self.poolings()],
            height.div_ceil(multiple),
            width.div_ceil(multiple),
        ]
    }

    pub(crate) fn code_shape(&self, input_shape: [usize; 3]) -> Vec<usize> {
        self.latent.map_or_else(
            || self.map_shape(input_shape).to_vec(),
            |latent| vec![latent],
        )
    }

    /// Checks the settings and lists the layers, with `outputs` numbers from the encoder for each of the code's.
    pub(crate) fn layers(
        &self,
        input_shape: [usize; 3],
        outputs: usize,
    ) -> Result<Vec<LayerSpec>, ModelError> {
        self.check(input_shape)?;
        let [channels, ..] = input_shape;
        let mut layers = Vec::with_capacity(2 * self.widths.len() + 2);
        let convolution = |part: &str, index: usize, inputs, outputs| {
            LayerSpec::new(
                format!("{part}.{index}"),
                LayerKind::Convolution,
                inputs,
                outputs,
            )
        };
        let mut inputs = channels;
        for (index, &outputs) in self.widths.iter().enumerate() {
            layers.push(convolution("encoder", index, inputs, outputs));
            inputs = outputs;
        }
        if let Some(latent) = self.latent {
            let map_values = self.map_shape(input_shape).iter().product();
            layers.push(LayerSpec::new(
                "to_code",
                LayerKind::Linear,
                map_values,
                outputs * latent,
            ));
            layers.push(LayerSpec::new(
                "from_code",
                LayerKind::Linear,
                latent,
                map_values,
            ));
        }
        let decoder_widths = self.widths[1..]
            .iter()
            .rev()
            .copied()
            .chain(std::iter::once(channels));
        for (index, outputs) in decoder_widths.enumerate() {
            layers.push(convolution("decoder", index, inputs, outputs));
            inputs = outputs;
        }
        Ok(layers)
    }

    fn check(&self, [_, height, width]: [usize; 3]) -> Result<(), ModelError> {
        let reject = |reason: String| Err(ModelError::config("widths", reason));
        if self.widths.is_empty() {
            return reject(
                "none given: a convolutional model has at least one convolution".to_owned(),
            );
        }
        if self.widths.len() > limits::CONV_DEPTH {
            return reject(format!(
                "{} convolutions: at most {}",
                self.widths.len(),
                limits::CONV_DEPTH
            ));
        }
        for &channels in &self.widths {
            if channels == 0 || channels > limits::CONV_WIDTH {
                return reject(format!(
                    "a convolution of {channels} channels: must be 1 to {}",
                    limits::CONV_WIDTH
                ));
            }
        }
        let multiple = self.multiple();
        if height.min(width) < multiple {
            return reject(format!(
                "{} convolutions halve the picture {} times, which takes at least {multiple}x{multiple} pixels, not {width}x{height}",
                self.widths.len(),
                self.poolings()
            ));
        }
        self.latent.map_or(Ok(()), check_latent)
    }
}

/// The stages of an encoder whose layers are `layers`: pooling after each but the last.
fn encoder_stages(layers: &[LayerSpec]) -> impl Iterator<Item = Stage> {
    layers.iter().enumerate().map(|(index, layer)| {
        let stage = Stage::new(layer.inputs, layer.outputs, Activation::Relu);
        if index + 1 < layers.len() {
            stage.with_max_pool()
        } else {
            stage
        }
    })
}

/// The stages of a decoder whose layers are `layers`: upsampling before each but the first, a sigmoid after the last.
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

/// The model's layers as they are run: by `ae-kernels` where it has kernels for the backend, by Burn's own operations
/// elsewhere.
#[derive(Clone, Debug)]
struct Stacks {
    encoder: Stack,
    decoder: Stack,
    /// One after the other, for a model without a bottleneck between them.
    whole: Stack,
    bottleneck: Option<Bottleneck>,
}

/// The dense layers from the last feature map to the code and back.
#[derive(Clone, Debug)]
struct Bottleneck {
    to_code: DenseStack,
    from_code: DenseStack,
}

impl Bottleneck {
    /// `None` for a model whose code is the feature map.
    fn new(layers: &[LayerSpec]) -> Option<Self> {
        let [to_code, from_code] = layers else {
            return None;
        };
        let stack = |layer: &LayerSpec, activation| {
            DenseStack::new(vec![layer.dense(activation)])
                .expect("the configuration was checked: its layers have numbers")
        };
        Some(Self {
            to_code: stack(to_code, Activation::None),
            from_code: stack(from_code, Activation::Relu),
        })
    }
}

impl Stacks {
    fn new(encoder: &[LayerSpec], bottleneck: &[LayerSpec], decoder: &[LayerSpec]) -> Self {
        let stack = |stages: Vec<Stage>| {
            Stack::new(stages, Precision::default())
                .expect("the configuration was checked: its layers fit together")
        };
        Self {
            encoder: stack(encoder_stages(encoder).collect()),
            decoder: stack(decoder_stages(decoder).collect()),
            whole: stack(
                encoder_stages(encoder)
                    .chain(decoder_stages(decoder))
                    .collect(),
            ),
            bottleneck: Bottleneck::new(bottleneck),
        }
    }
}

/// A convolutional autoencoder: 3x3 convolutions with ReLU and 2x2 max-pooling down to a small map of many channels,
/// and 3x3 convolutions with nearest upsampling back, a sigmoid at the end.
///
/// For 28x28 gray pixels and the default widths: convolutions to 32, 64 and 128 channels, the picture halved after
/// the first and the second, give the code of 7x7x128; convolutions to 128 and 64 channels, the picture doubled after
/// each, and one to a single channel draw it again. With `latent = N` a dense layer (no activation) squeezes the map
/// to `N` numbers, and another (ReLU) expands them to it.
///
/// Pictures whose size the pooling does not divide are padded at the bottom and on the right by repeating their edge,
/// and the output is cropped back. Without a latent bottleneck the model is fully convolutional:
/// [`reconstruct`](Autoencoder::reconstruct) runs on any height and width.
///
/// The equivalent PyTorch module, whose `state_dict` has the names and shapes of the model file (`map` is
/// `(128, 7, 7)` here; sizes that need padding are left out):
///
/// ```python
/// class ConvAutoencoder(nn.Module):
///     def __init__(self, channels=1, widths=(32, 64, 128), latent=None, map=None):
///         super().__init__()
///         def convolutions(sizes):
///             return nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))
///         self.encoder = convolutions([channels, *widths])
///         self.decoder = convolutions([widths[-1], *widths[:0:-1], channels])
///         self.latent, self.map = latent, map
///         if latent:
///             self.to_code = nn.Linear(math.prod(map), latent)
///             self.from_code = nn.Linear(latent, math.prod(map))
///
///     def forward(self, x):
///         for layer in self.encoder[:-1]:
///             x = F.max_pool2d(layer(x).relu(), 2)
///         x = self.encoder[-1](x).relu()
///         if self.latent:
///             x = self.to_code(x.flatten(1))  # the code
///             x = self.from_code(x).relu().unflatten(1, self.map)
///         for layer in self.decoder[:-1]:
///             x = F.interpolate(layer(x).relu(), scale_factor=2, mode="nearest")
///         return self.decoder[-1](x).sigmoid()
/// ```
#[derive(Module, Debug)]
pub struct ConvAutoencoder {
    encoder: Vec<Convolution>,
    to_code: Option<Linear>,
    from_code: Option<Linear>,
    decoder: Vec<Convolution>,
    #[module(skip)]
    config: ConvAutoencoderConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    stacks: Stacks,
}

impl ConvAutoencoder {
    pub(crate) fn build(
        config: &ConvAutoencoderConfig,
        input_shape: [usize; 3],
        layers: &[LayerSpec],
        weights: &mut dyn WeightSource,
        device: &Device,
    ) -> Self {
        let depth = config.widths.len();
        let (encoder, rest) = layers.split_at(depth);
        let (bottleneck, decoder) = rest.split_at(rest.len() - depth);
        let stacks = Stacks::new(encoder, bottleneck, decoder);
        let encoder = encoder
            .iter()
            .map(|spec| Convolution::build(spec, weights, device))
            .collect();
        let mut bottleneck = bottleneck
            .iter()
            .map(|spec| Linear::build(spec, weights, device));
        let (to_code, from_code) = (bottleneck.next(), bottleneck.next());
        drop(bottleneck);
        let decoder = decoder
            .iter()
            .map(|spec| Convolution::build(spec, weights, device))
            .collect();
        Self {
            encoder,
            to_code,
            from_code,
            decoder,
            config: config.clone(),
            input_shape,
            stacks,
        }
    }

    /// The same model, whose layers are Burn's own operations on every backend, to compare the kernels with.
    #[must_use]
    pub fn by_operations(mut self) -> Self {
        let Stacks {
            encoder,
            decoder,
            whole,
            bottleneck,
        } = &self.stacks;
        self.stacks = Stacks {
            encoder: encoder.by_operations(),
            decoder: decoder.by_operations(),
            whole: whole.by_operations(),
            bottleneck: bottleneck.as_ref().map(|bottleneck| Bottleneck {
                to_code: bottleneck.to_code.by_operations(),
                from_code: bottleneck.from_code.by_operations(),
            }),
        };
        self
    }

    /// Every convolution in the order in which the whole stack runs them.
    fn convolutions(&self) -> impl Iterator<Item = &Convolution> {
        self.encoder.iter().chain(&self.decoder)
    }

    /// The mean of a loss over all values of what is drawn from `codes`: one pass with its gradients, where nothing is
    /// cropped off between output and loss.
    ///
    /// # Shapes
    /// - output: `[1]`
    pub(crate) fn decoding_loss(
        &self,
        codes: Tensor<2>,
        target: Tensor<4>,
        loss: ReconstructionLoss,
    ) -> Tensor<1> {
        let [_, _, height, width] = target.dims();
        if self.pads(height, width) {
            return loss.value(self.decode(codes), target);
        }
        self.stacks.decoder.loss(
            self.expand(codes),
            target,
            &weights(&self.decoder),
            loss.of_kernels(),
        )
    }

    /// Whether pictures of this size are padded to be pooled.
    fn pads(&self, height: usize, width: usize) -> bool {
        let multiple = self.config.multiple();
        !height.is_multiple_of(multiple) || !width.is_multiple_of(multiple)
    }

    /// Codes to the feature map that the decoder begins with.
    fn expand(&self, codes: Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [channels, height, width] = self.config.map_shape(self.input_shape);
        let map = match (&self.stacks.bottleneck, &self.from_code) {
            (Some(stacks), Some(layer)) => stacks.from_code.forward(codes, &[layer.values()]),
            _ => codes,
        };
        map.reshape([batch, channels, height, width])
    }
}

/// Weights and biases as a stack takes them.
fn weights<'a>(layers: impl IntoIterator<Item = &'a Convolution>) -> Vec<(Tensor<4>, Tensor<1>)> {
    layers.into_iter().map(Convolution::values).collect()
}

impl Autoencoder for ConvAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn code_shape(&self) -> Vec<usize> {
        self.config.code_shape(self.input_shape)
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        let [_, channels, height, width] = images.dims();
        assert_eq!(
            [channels, height, width],
            self.input_shape,
            "images have the shape the model was made for"
        );
        let images = pad_to_multiple(images, self.config.multiple());
        let map = self
            .stacks
            .encoder
            .forward(images, &weights(&self.encoder))
            .flatten(1, 3);
        match (&self.stacks.bottleneck, &self.to_code) {
            (Some(stacks), Some(layer)) => stacks.to_code.forward(map, &[layer.values()]),
            _ => map,
        }
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let images = self
            .stacks
            .decoder
            .forward(self.expand(codes), &weights(&self.decoder));
        crop(images, self.input_shape[1], self.input_shape[2])
    }

    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        if self.config.latent.is_some() {
            return self.decode(self.encode(images));
        }
        let [_, _, height, width] = images.dims();
        let images = pad_to_multiple(images, self.config.multiple());
        crop(
            self.stacks
                .whole
                .forward(images, &weights(self.convolutions())),
            height,
            width,
        )
    }

    /// The loss and its gradients come from one pass where nothing is cropped off between output and loss.
    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let TrainingBatch {
            input,
            target,
            loss,
            ..
        } = batch;
        let [_, _, height, width] = input.dims();
        let value = if self.config.latent.is_some() {
            self.decoding_loss(self.encode(input), target, loss)
        } else if self.pads(height, width) {
            loss.value(self.reconstruct(input), target)
        } else {
            self.stacks.whole.loss(
                input,
                target,
                &weights(self.convolutions()),
                loss.of_kernels(),
            )
        };
        Objective::reconstruction(value)
    }

    fn size_multiple(&self) -> Option<usize> {
        self.config.latent.is_none().then(|| self.config.multiple())
    }

    fn config(&self) -> Option<ModelConfig> {
        Some(ModelConfig::Conv(self.config.clone()))
    }
}
