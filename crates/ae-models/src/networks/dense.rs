//! The fully connected autoencoder.

use ae_kernels::{Activation, DenseStack};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::api::autoencoder::{Autoencoder, Objective, TrainingBatch};
use crate::api::loss::ReconstructionLoss;
use crate::config::{ModelConfig, limits};
use crate::error::ModelError;
use crate::networks::layer::{LayerKind, LayerSpec, Linear, TiedLinear};
use crate::parameters::initialization::{Initialization, WeightSource};

/// Settings of [`DenseAutoencoder`]: pixels → `widths` → `latent` → `widths` backwards → pixels.
///
/// The default, 784 → 128 → 64 → 32 and back for 28x28 pixels, has the widths of the deep autoencoder in Keras'
/// tutorial. The smallest lesson, five pixels to three numbers and back, has no `widths` and `latent = 3`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DenseAutoencoderConfig {
    /// Numbers in each hidden layer of the encoder, from the image inwards; may be empty.
    pub widths: Vec<usize>,
    /// Numbers in the code.
    pub latent: usize,
    /// Whether the decoder's weights are the encoder's, transposed; its biases are its own.
    pub tied: bool,
    /// What becomes of the decoder's last numbers.
    pub output: OutputActivation,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for DenseAutoencoderConfig {
    fn default() -> Self {
        Self {
            widths: vec![128, 64],
            latent: 32,
            tied: false,
            output: OutputActivation::default(),
            initialization: Initialization::default(),
        }
    }
}

/// What becomes of the numbers of a decoder's last layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OutputActivation {
    /// A sigmoid: pixels between 0 and 1.
    #[default]
    Sigmoid,
    /// Nothing: any number. With no hidden layer the model is linear, and its best is that of principal components.
    ///
    /// # References
    /// P. Baldi and K. Hornik (1989), *Neural networks and principal component analysis: learning from examples without
    /// local minima*, fact 4.
    Linear,
}

impl DenseAutoencoderConfig {
    /// Checks the settings and lists the layers, with `outputs` numbers from the encoder for each of the code's.
    pub(crate) fn layers(
        &self,
        input_shape: [usize; 3],
        outputs: usize,
    ) -> Result<Vec<LayerSpec>, ModelError> {
        if self.widths.len() > limits::DENSE_DEPTH {
            return Err(ModelError::config(
                "widths",
                format!(
                    "{} hidden layers: at most {}",
                    self.widths.len(),
                    limits::DENSE_DEPTH
                ),
            ));
        }
        for &width in &self.widths {
            if width == 0 || width > limits::DENSE_WIDTH {
                return Err(ModelError::config(
                    "widths",
                    format!(
                        "a layer of {width} numbers: must be 1 to {}",
                        limits::DENSE_WIDTH
                    ),
                ));
            }
        }
        check_latent(self.latent)?;
        if self.tied && outputs != 1 {
            return Err(ModelError::config(
                "tied",
                "the encoder gives two numbers for each of the code's, so its weights are no decoder's",
            ));
        }
        let sizes: Vec<usize> = std::iter::once(input_shape.iter().product())
            .chain(self.widths.iter().copied())
            .chain(std::iter::once(self.latent))
            .collect();
        let last = self.widths.len();
        let encoder = sizes.windows(2).enumerate().map(|(index, pair)| {
            let factor = if index == last { outputs } else { 1 };
            LayerSpec::new(
                format!("encoder.{index}"),
                LayerKind::Linear,
                pair[0],
                factor * pair[1],
            )
        });
        let decoder_kind = if self.tied {
            LayerKind::TiedLinear
        } else {
            LayerKind::Linear
        };
        let decoder = sizes.windows(2).rev().enumerate().map(|(index, pair)| {
            LayerSpec::new(format!("decoder.{index}"), decoder_kind, pair[1], pair[0])
        });
        Ok(encoder.chain(decoder).collect())
    }
}

/// Checks the size of a code that a dense layer makes.
pub(crate) fn check_latent(latent: usize) -> Result<(), ModelError> {
    if latent == 0 || latent > limits::DENSE_WIDTH {
        let reason = format!(
            "a code of {latent} numbers: must be 1 to {}",
            limits::DENSE_WIDTH
        );
        return Err(ModelError::config("latent", reason));
    }
    Ok(())
}

/// An autoencoder of fully connected layers: ReLU between them, none on the code, a sigmoid at the end.
///
/// The code is linear, so that without hidden layers its best encoder spans what principal components span. With tied
/// weights, each layer of the decoder multiplies by the transpose of the encoder's at the same distance from the code,
/// and the model file has the decoder's biases alone. With a linear output the sigmoid is left out.
///
/// The equivalent PyTorch module, whose `state_dict` has the names and shapes of the model file:
///
/// ```python
/// class DenseAutoencoder(nn.Module):
///     def __init__(self, shape=(1, 28, 28), widths=(128, 64), latent=32):
///         super().__init__()
///         self.shape = shape
///         sizes = [math.prod(shape), *widths, latent]
///         self.encoder = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
///         self.decoder = nn.ModuleList(map(nn.Linear, sizes[:0:-1], sizes[-2::-1]))
///
///     def forward(self, images):
///         x = images.flatten(1)
///         for layer in self.encoder[:-1]:
///             x = layer(x).relu()
///         x = self.encoder[-1](x)  # the code
///         for layer in self.decoder[:-1]:
///             x = layer(x).relu()
///         return self.decoder[-1](x).sigmoid().unflatten(1, self.shape)
/// ```
///
/// # References
/// G. E. Hinton and R. R. Salakhutdinov (2006), *Reducing the dimensionality of data with neural networks*.
#[derive(Module, Debug)]
pub struct DenseAutoencoder {
    encoder: Vec<Linear>,
    decoder: Vec<DecoderLayer>,
    #[module(skip)]
    config: DenseAutoencoderConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    stacks: Stacks,
}

/// The model's layers as they are run: by `ae-kernels` where it has kernels for the backend, by Burn's own operations
/// elsewhere.
#[derive(Clone, Debug)]
struct Stacks {
    encoder: DenseStack,
    decoder: DenseStack,
    /// One after the other; `None` where the encoder gives two numbers for each of the code's, and sampling is between.
    whole: Option<DenseStack>,
}

impl Stacks {
    /// ReLU between the layers of each part; none on the code, and the output's own at the end.
    fn new(encoder: &[LayerSpec], decoder: &[LayerSpec], output: OutputActivation) -> Self {
        let layers = |layers: &[LayerSpec], last| -> Vec<_> {
            let activation = |index| {
                if index + 1 < layers.len() {
                    Activation::Relu
                } else {
                    last
                }
            };
            let layers = layers.iter().enumerate();
            layers
                .map(|(index, layer)| layer.dense(activation(index)))
                .collect()
        };
        let output = match output {
            OutputActivation::Sigmoid => Activation::Sigmoid,
            OutputActivation::Linear => Activation::None,
        };
        let (encoder, decoder) = (layers(encoder, Activation::None), layers(decoder, output));
        let whole = encoder.iter().chain(&decoder).copied().collect();
        let stack = |layers| {
            DenseStack::new(layers).expect("the configuration was checked: its layers fit together")
        };
        Self {
            encoder: stack(encoder),
            decoder: stack(decoder),
            whole: DenseStack::new(whole).ok(),
        }
    }
}

/// A layer of the decoder, with a weight of its own or an encoder's.
#[derive(Module, Debug)]
enum DecoderLayer {
    Own(Linear),
    Tied(TiedLinear),
}

impl DenseAutoencoder {
    pub(crate) fn build(
        config: &DenseAutoencoderConfig,
        input_shape: [usize; 3],
        layers: &[LayerSpec],
        weights: &mut dyn WeightSource,
        device: &Device,
    ) -> Self {
        let (encoder, decoder) = layers.split_at(config.widths.len() + 1);
        let stacks = Stacks::new(encoder, decoder, config.output);
        let encoder = encoder
            .iter()
            .map(|spec| Linear::build(spec, weights, device))
            .collect();
        let decoder = decoder.iter().map(|spec| match spec.kind {
            LayerKind::TiedLinear => DecoderLayer::Tied(TiedLinear::build(spec, weights, device)),
            _ => DecoderLayer::Own(Linear::build(spec, weights, device)),
        });
        Self {
            encoder,
            decoder: decoder.collect(),
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
        } = &self.stacks;
        self.stacks = Stacks {
            encoder: encoder.by_operations(),
            decoder: decoder.by_operations(),
            whole: whole.as_ref().map(DenseStack::by_operations),
        };
        self
    }

    fn encoder_weights(&self) -> impl Iterator<Item = (Tensor<2>, Tensor<1>)> {
        self.encoder.iter().map(Linear::values)
    }

    fn decoder_weights(&self) -> impl Iterator<Item = (Tensor<2>, Tensor<1>)> {
        // A tied layer's weight is that of the encoder's layer at the same distance from the code.
        self.decoder
            .iter()
            .zip(self.encoder.iter().rev())
            .map(|(layer, opposite)| match layer {
                DecoderLayer::Own(layer) => layer.values(),
                DecoderLayer::Tied(layer) => layer.values(opposite),
            })
    }

    /// The images as rows.
    ///
    /// # Panics
    /// When they have another shape than the model was made for.
    fn rows(&self, images: Tensor<4>) -> Tensor<2> {
        let [_, channels, height, width] = images.dims();
        assert_eq!(
            [channels, height, width],
            self.input_shape,
            "images have the shape the model was made for"
        );
        images.flatten(1, 3)
    }

    fn images(&self, rows: Tensor<2>) -> Tensor<4> {
        let [batch, _] = rows.dims();
        let [channels, height, width] = self.input_shape;
        rows.reshape([batch, channels, height, width])
    }

    /// The mean of a loss over all values of what is drawn from `codes`, in one pass with its gradients.
    ///
    /// # Shapes
    /// - output: `[1]`
    pub(crate) fn decoding_loss(
        &self,
        codes: Tensor<2>,
        target: Tensor<4>,
        loss: ReconstructionLoss,
    ) -> Tensor<1> {
        let weights: Vec<_> = self.decoder_weights().collect();
        self.stacks
            .decoder
            .loss(codes, self.rows(target), &weights, loss.of_kernels())
    }

    /// The squared norm of the weights of each number of the code, if one layer makes them: `[1, latent]`.
    pub(crate) fn single_layer_weight_norms(&self) -> Option<Tensor<2>> {
        match self.encoder.as_slice() {
            [layer] => Some(layer.weight.val().square().sum_dim(0)),
            _ => None,
        }
    }
}

impl Autoencoder for DenseAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn code_shape(&self) -> Vec<usize> {
        vec![self.config.latent]
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        let weights: Vec<_> = self.encoder_weights().collect();
        self.stacks.encoder.forward(self.rows(images), &weights)
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let weights: Vec<_> = self.decoder_weights().collect();
        self.images(self.stacks.decoder.forward(codes, &weights))
    }

    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let Some(whole) = &self.stacks.whole else {
            return self.decode(self.encode(images));
        };
        let weights: Vec<_> = self
            .encoder_weights()
            .chain(self.decoder_weights())
            .collect();
        self.images(whole.forward(self.rows(images), &weights))
    }

    /// The loss and its gradients come from one pass.
    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let TrainingBatch {
            input,
            target,
            loss,
            ..
        } = batch;
        let value = match &self.stacks.whole {
            Some(whole) => {
                let weights: Vec<_> = self
                    .encoder_weights()
                    .chain(self.decoder_weights())
                    .collect();
                let (input, target) = (self.rows(input), self.rows(target));
                whole.loss(input, target, &weights, loss.of_kernels())
            }
            None => self.decoding_loss(self.encode(input), target, loss),
        };
        Objective::reconstruction(value)
    }

    fn config(&self) -> Option<ModelConfig> {
        Some(ModelConfig::Dense(self.config.clone()))
    }
}
