//! The fully connected autoencoder.

use ae_kernels::{Activation, DenseStack, HostTensor};
use burn::module::Module;
use burn::tensor::Tensor;

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::host_decoder::LayerValues;
use crate::api::loss::ReconstructionLoss;
use crate::api::objective::{Objective, TrainingBatch};
use crate::networks::compute;
use crate::networks::dense_config::{DenseAutoencoderConfig, HiddenActivation, OutputActivation};
use crate::networks::layer::{LayerKind, LayerSpec, Linear, TiedLinear};
use crate::parameters::builder::Builder;
use crate::placement::ComputePath;

/// An autoencoder of fully connected layers: ReLU or tanh between them, none on the code, a sigmoid at the end.
///
/// The code is linear, so that without hidden layers its best encoder spans what principal components span. With tied
/// weights, each layer of the decoder multiplies by the transpose of the encoder's at the same distance from the code,
/// and the model file has the decoder's biases alone. With a linear output the sigmoid is left out, and with
/// `activation = "tanh"` tanh stands for ReLU.
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
    /// The hidden layers' activation between the layers of each part; none on the code, and the output's own at the end.
    fn new(
        encoder: &[LayerSpec],
        decoder: &[LayerSpec],
        config: &DenseAutoencoderConfig,
        path: ComputePath,
    ) -> Self {
        let hidden = match config.activation {
            HiddenActivation::Relu => Activation::Relu,
            HiddenActivation::Tanh => Activation::Tanh,
        };
        let layers = |layers: &[LayerSpec], last| -> Vec<_> {
            let activation = |index| {
                if index + 1 < layers.len() {
                    hidden
                } else {
                    last
                }
            };
            let layers = layers.iter().enumerate();
            layers
                .map(|(index, layer)| layer.dense(activation(index)))
                .collect()
        };
        let output = match config.output {
            OutputActivation::Sigmoid => Activation::Sigmoid,
            OutputActivation::Linear => Activation::None,
        };
        let (encoder, decoder) = (layers(encoder, Activation::None), layers(decoder, output));
        let whole = encoder.iter().chain(&decoder).copied().collect();
        let stack = |layers| {
            compute::dense_stack(layers, path)
                .expect("the configuration was checked: its layers fit together")
        };
        Self {
            encoder: stack(encoder),
            decoder: stack(decoder),
            whole: compute::dense_stack(whole, path).ok(),
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
        layers: &[LayerSpec],
        builder: &mut Builder<'_>,
    ) -> Self {
        let initialization = config.initialization;
        let (encoder, decoder) = layers.split_at(config.widths.len() + 1);
        let stacks = Stacks::new(encoder, decoder, config, builder.path());
        let encoder = encoder
            .iter()
            .map(|spec| Linear::build(spec, initialization, builder))
            .collect();
        let decoder = decoder.iter().map(|spec| match spec.kind {
            LayerKind::TiedLinear => {
                DecoderLayer::Tied(TiedLinear::build(spec, initialization, builder))
            }
            _ => DecoderLayer::Own(Linear::build(spec, initialization, builder)),
        });
        Self {
            encoder,
            decoder: decoder.collect(),
            config: config.clone(),
            input_shape: builder.input_shape(),
            stacks,
        }
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

    /// The decoder and its weights as numbers. `None` where they lie on another device, and where Burn's operations are to
    /// compute it.
    pub(crate) fn decoder_on_host(&self) -> Option<(DenseStack, LayerValues)> {
        let stack = self.stacks.decoder.clone();
        if stack.path() == ae_kernels::ComputePath::Reference {
            return None;
        }
        let weights = self.decoder_weights().map(|(weight, bias)| {
            let weight = HostTensor::new(weight)?.values().into_owned();
            Some((weight, HostTensor::new(bias)?.values().into_owned()))
        });
        Some((stack, weights.collect::<Option<_>>()?))
    }

    /// The squared norm of the weights of each number of the code, if one layer makes them: `[1, latent]`.
    pub(crate) fn single_layer_weight_norms(&self) -> Option<Tensor<2>> {
        match self.encoder.as_slice() {
            [layer] => Some(layer.weight.val().square().sum_dim(0)),
            _ => None,
        }
    }
}

impl Trainable for DenseAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
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

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}

impl Reconstruct for DenseAutoencoder {
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
}

impl Codes for DenseAutoencoder {
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
}
