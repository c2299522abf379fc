//! The convolutional autoencoder.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::loss::ReconstructionLoss;
use crate::api::objective::{Objective, TrainingBatch};
use crate::networks::conv_config::ConvAutoencoderConfig;
use crate::networks::conv_stacks::{Stacks, weights};
use crate::networks::layer::{Convolution, LayerSpec, Linear};
use crate::networks::padding::{crop, pad_to_multiple};
use crate::parameters::builder::Builder;

/// A convolutional autoencoder: 3x3 convolutions with ReLU and 2x2 max-pooling down to a small map of many channels,
/// and 3x3 convolutions with nearest upsampling back, a sigmoid at the end.
///
/// For 28x28 gray pixels and the default widths: convolutions to 32, 64 and 128 channels, the picture halved after
/// the first and the second, give the code of 7x7x128; convolutions to 128 and 64 channels, the picture doubled after
/// each, and one to a single channel decode it again. With [`Upsampling::Transposed`](crate::Upsampling::Transposed) the picture is halved after the last
/// convolution, too, and transposed convolutions of stride 2 double it. With `latent = N` a dense layer (no activation)
/// squeezes the map to `N` numbers, and another (ReLU) expands them to it.
///
/// Pictures whose size the pooling does not divide are padded at the bottom and on the right by repeating their edge,
/// and the output is cropped back. Without a latent bottleneck the model is fully convolutional:
/// [`reconstruct`](Reconstruct::reconstruct) runs on any height and width.
///
/// The equivalent PyTorch module, whose `state_dict` has the names and shapes of the model file (`map` is
/// `(128, 7, 7)` here; sizes that need padding are left out):
///
/// ```python
/// class ConvAutoencoder(nn.Module):
///     def __init__(self, channels=1, widths=(32, 64, 128), latent=None, map=None, transposed=False):
///         super().__init__()
///         def convolutions(sizes):
///             return nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))
///         self.encoder = convolutions([channels, *widths])
///         self.decoder = convolutions([widths[-1], *widths[:0:-1], channels])
///         if transposed:
///             self.decoder = nn.ModuleList(
///                 nn.ConvTranspose2d(i, o, 3, stride=2, padding=1, output_padding=1)
///                 for i, o in zip([widths[-1], *widths[::-1]], widths[::-1]))
///             self.decoder.append(nn.Conv2d(widths[0], channels, 3, padding=1))
///         self.latent, self.map, self.transposed = latent, map, transposed
///         if latent:
///             self.to_code = nn.Linear(math.prod(map), latent)
///             self.from_code = nn.Linear(latent, math.prod(map))
///
///     def forward(self, x):
///         for layer in self.encoder[:-1]:
///             x = F.max_pool2d(layer(x).relu(), 2)
///         x = self.encoder[-1](x).relu()
///         if self.transposed:
///             x = F.max_pool2d(x, 2)
///         if self.latent:
///             x = self.to_code(x.flatten(1))  # the code
///             x = self.from_code(x).relu().unflatten(1, self.map)
///         for layer in self.decoder[:-1]:
///             x = layer(x).relu()
///             if not self.transposed:
///                 x = F.interpolate(x, scale_factor=2, mode="nearest")
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
        layers: &[LayerSpec],
        builder: &mut Builder<'_>,
    ) -> Self {
        let initialization = config.initialization;
        let depth = config.widths.len();
        let (encoder, rest) = layers.split_at(depth);
        let drawn = depth + usize::from(config.transposed() > 0);
        let (bottleneck, decoder) = rest.split_at(rest.len() - drawn);
        let stacks = Stacks::new(config, encoder, bottleneck, decoder, builder.path());
        let encoder = Convolution::build_all(encoder, initialization, builder);
        let mut bottleneck = bottleneck
            .iter()
            .map(|spec| Linear::build(spec, initialization, builder));
        let (to_code, from_code) = (bottleneck.next(), bottleneck.next());
        drop(bottleneck);
        let decoder = Convolution::build_all(decoder, initialization, builder);
        Self {
            encoder,
            to_code,
            from_code,
            decoder,
            config: config.clone(),
            input_shape: builder.input_shape(),
            stacks,
        }
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
        self.drawing_loss(self.expand(codes), target, loss)
    }

    /// The same of what is drawn from a feature map.
    fn drawing_loss(
        &self,
        map: Tensor<4>,
        target: Tensor<4>,
        loss: ReconstructionLoss,
    ) -> Tensor<1> {
        self.stacks.decoder.loss(
            self.double(map),
            target,
            &weights(self.stacked()),
            loss.of_kernels(),
        )
    }

    /// What is drawn from a feature map, before cropping.
    fn draw(&self, map: Tensor<4>) -> Tensor<4> {
        self.stacks
            .decoder
            .forward(self.double(map), &weights(self.stacked()))
    }

    /// Runs the decoder's transposed convolutions, where it has any.
    fn double(&self, map: Tensor<4>) -> Tensor<4> {
        self.stacks
            .doublings
            .iter()
            .zip(&self.decoder)
            .fold(map, |map, (doubling, layer)| {
                let (weight, bias) = layer.values();
                let bias = bias.expect("this model's convolutions have biases");
                doubling.forward(map, weight, bias)
            })
    }

    /// The decoder's convolutions that its stack runs.
    fn stacked(&self) -> &[Convolution] {
        &self.decoder[self.config.transposed()..]
    }

    /// Padded images to the last feature map.
    fn map(&self, images: Tensor<4>) -> Tensor<4> {
        self.stacks.encoder.forward(images, &weights(&self.encoder))
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

impl Trainable for ConvAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
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
        } else if let Some(whole) = &self.stacks.whole {
            whole.loss(
                input,
                target,
                &weights(self.convolutions()),
                loss.of_kernels(),
            )
        } else {
            self.drawing_loss(self.map(input), target, loss)
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

impl Reconstruct for ConvAutoencoder {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        if self.config.latent.is_some() {
            return self.decode(self.encode(images));
        }
        let [_, _, height, width] = images.dims();
        let images = pad_to_multiple(images, self.config.multiple());
        let images = match &self.stacks.whole {
            Some(whole) => whole.forward(images, &weights(self.convolutions())),
            None => self.draw(self.map(images)),
        };
        crop(images, height, width)
    }

    fn size_multiple(&self) -> Option<usize> {
        self.config.latent.is_none().then(|| self.config.multiple())
    }

    fn field_of_view(&self) -> Option<usize> {
        self.config
            .latent
            .is_none()
            .then(|| self.config.field_of_view())
    }
}

impl Codes for ConvAutoencoder {
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
        let map = self.map(images).flatten(1, 3);
        match (&self.stacks.bottleneck, &self.to_code) {
            (Some(stacks), Some(layer)) => stacks.to_code.forward(map, &[layer.values()]),
            _ => map,
        }
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let images = self.draw(self.expand(codes));
        crop(images, self.input_shape[1], self.input_shape[2])
    }
}
