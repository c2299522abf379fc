//! The distribution that a symbol is expected to have after those around it, learned beside the networks.

use ae_kernels::{Activation, Stack, Stage};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::networks::compute;
use crate::networks::layer::{Convolution, KERNEL, LayerKind, LayerSpec};
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;

/// The least scale of a distribution.
const LEAST_SCALE: f64 = 0.05;
/// What scales are made from at first, besides neighbors: `ln(1 + e^-0.5)` is nearly a half.
const FIRST_SCALE: f32 = -0.5;
/// What a magnitude is worth at first to the scale of its channel in the blocks around it.
const FIRST_WEIGHT: f32 = 0.2;
/// What initial weights beside that are multiplied by: at first no neighbor counts for much.
const SMALL: f64 = 0.01;
/// Places of a kernel, by rows: the block above, the one to the left, and the block itself, before which all are known.
const ABOVE: usize = 1;
const LEFT: usize = 3;
const HERE: usize = 4;
/// No value is taken for less likely than this: 30 bits.
const LEAST_LIKELIHOOD: f32 = 1e-9;

/// A causal prior: each value has a logistic distribution, whose middle is a linear function of the symbols to the left, above,
/// above left and above right of it, in all channels, and of the channels before its own at its place; its scale is one of their
/// magnitudes. The tables of the codec are chosen by functions of the same form, in integers.
///
/// # References
/// D. Minnen, J. Ballé and G. Toderici (2018), *Joint autoregressive and hierarchical priors for learned image compression*,
/// section 2: a context model of masked convolutions; here without a hyperprior, so that it is all integers in the codec.
#[derive(Module, Debug)]
pub(crate) struct CausalPrior {
    /// Of the symbols: the middles.
    location: Convolution,
    /// Of their magnitudes: the scales.
    scale: Convolution,
    /// What is added to the middles: `[qualities, channels, places]`, as one axis.
    location_bias: Param<Tensor<1>>,
    /// What is added before scales are made positive, likewise.
    scale_bias: Param<Tensor<1>>,
    #[module(skip)]
    channels: usize,
    /// Rows and columns with numbers of their own; one for all places.
    #[module(skip)]
    places: [usize; 2],
    #[module(skip)]
    stack: Stack,
}

impl CausalPrior {
    /// Its tensors, under `name`: what is added is that of a channel in each of `[rows, columns]` for codes of that size, or
    /// of `[1, 1]` everywhere for those of any.
    pub(crate) fn layers(
        name: &str,
        qualities: usize,
        channels: usize,
        places: [usize; 2],
    ) -> [LayerSpec; 4] {
        let convolution = |part: &str| {
            let name = format!("{name}.{part}");
            LayerSpec::new(name, LayerKind::Convolution, channels, channels)
                .with_bias(false)
                .scaled(SMALL)
        };
        let constant = |part: &str, initial| {
            let kind = LayerKind::Constant { initial };
            LayerSpec::new(
                format!("{name}.{part}"),
                kind,
                1,
                qualities * channels * places[0] * places[1],
            )
        };
        [
            convolution("location"),
            convolution("scale"),
            constant("location_bias", 0.0),
            constant("scale_bias", FIRST_SCALE),
        ]
    }

    pub(crate) fn build(
        layers: &[LayerSpec; 4],
        places: [usize; 2],
        builder: &mut Builder<'_>,
    ) -> Self {
        let [location, scale, location_bias, scale_bias] = layers;
        let channels = location.inputs;
        let stage = Stage::new(channels, channels, Activation::None).without_bias();
        let stack = compute::stack(vec![stage], builder.path())
            .expect("one convolution of as many channels as were checked");
        let initialization = Initialization::default();
        let mut convolution =
            |layer: &LayerSpec| Convolution::build(layer, initialization, builder);
        let (location, scale) = (convolution(location), convolution(scale));
        let [location_bias, scale_bias] =
            [location_bias, scale_bias].map(|layer| layer.constant(builder));
        Self {
            location,
            scale,
            location_bias,
            scale_bias,
            channels,
            places,
            stack,
        }
    }

    /// The bits that values in intervals of length 1 around `values` are expected to take, where those around them are
    /// `symbols`.
    ///
    /// # Shapes
    /// - `values`, `symbols`: `[batch, channels, rows, columns]`
    /// - `chosen`: `[batch, qualities]`, 1 at each image's quality and 0 elsewhere
    /// - output: `[batch]`
    pub(crate) fn bits(
        &self,
        values: Tensor<4>,
        symbols: Tensor<4>,
        chosen: &Tensor<2>,
    ) -> Tensor<1> {
        let [batch, qualities] = chosen.dims();
        let of_images = |parameter: &Param<Tensor<1>>| {
            let [rows, columns] = self.places;
            let of_qualities = parameter.val();
            let of_qualities = of_qualities.reshape([qualities, self.channels * rows * columns]);
            let chosen = chosen.clone().matmul(of_qualities);
            chosen.reshape([batch, self.channels, rows, columns])
        };
        let device = values.device();
        let mask = self.weights(&device, |output, input, tap| {
            f32::from(u8::from(tap < HERE || tap == HERE && input < output))
        });
        // At first the middle of the first channel, a block's mean, is that of the blocks above and to the left.
        let location = self.weights(&device, |output, input, tap| {
            let counts = [output, input] == [0, 0] && [ABOVE, LEFT].contains(&tap);
            0.5 * f32::from(u8::from(counts))
        });
        let scale = self.weights(&device, |output, input, tap| {
            FIRST_WEIGHT * f32::from(u8::from(output == input && tap < HERE))
        });
        let convolved = |input: Tensor<4>, convolution: &Convolution, first: Tensor<4>| {
            let (weight, _) = convolution.values();
            let weight = weight * mask.clone() + first;
            self.stack.forward(input, &[(weight, None)])
        };
        let middles =
            convolved(symbols.clone(), &self.location, location) + of_images(&self.location_bias);
        let scales = convolved(symbols.abs(), &self.scale, scale) + of_images(&self.scale_bias);
        let scales = activation::softplus(scales, 1.0).add_scalar(LEAST_SCALE);
        // Below the middle, where differences of the distribution function keep their digits.
        let distances = (values - middles).abs().neg();
        let above = activation::sigmoid((distances.clone() + 0.5) / scales.clone());
        let below = activation::sigmoid((distances - 0.5) / scales);
        let [batch, channels, rows, columns] = above.dims();
        (above - below)
            .clamp_min(LEAST_LIKELIHOOD)
            .log()
            .reshape([batch, channels * rows * columns])
            .sum_dim(1)
            .reshape([batch])
            .mul_scalar(-std::f64::consts::LOG2_E)
    }

    /// What `weight` says of each output, input and place of a kernel: `[channels, channels, 3, 3]`.
    fn weights(&self, device: &Device, weight: impl Fn(usize, usize, usize) -> f32) -> Tensor<4> {
        let channels = self.channels;
        let weight = &weight;
        let values: Vec<f32> = (0..channels)
            .flat_map(|output| (0..channels).map(move |input| (output, input)))
            .flat_map(|(output, input)| {
                (0..KERNEL * KERNEL).map(move |tap| weight(output, input, tap))
            })
            .collect();
        let shape = [channels, channels, KERNEL, KERNEL];
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
