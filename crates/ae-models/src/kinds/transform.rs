//! The transform codec's autoencoder: codes of integers, trained for rate and distortion.

pub(crate) mod config;
pub(crate) mod draws;
pub(crate) mod lambdas;
pub(crate) mod prior;
pub(crate) mod rearranging;

use ae_kernels::{Activation, Stack};
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;
use crate::error::ModelError;
use crate::kind::{ModelKind, Outline};
use crate::kinds::transform::config::{REDUCTION, TransformConfig, stages};
use crate::kinds::transform::draws::{Draws, chosen};
use crate::kinds::transform::prior::FactorizedPrior;
use crate::kinds::transform::rearranging::{depth_to_space, shifted, space_to_depth};
use crate::networks::compute;
use crate::networks::conv_stacks::weights;
use crate::networks::layer::{Convolution, LayerSpec};
use crate::networks::options::WIDTHS;
use crate::networks::padding::{crop, pad_to_multiple};
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

/// The largest symbol; the smallest is its negative.
const LARGEST_SYMBOL: f32 = 127.0;
/// How much of what is above white or below black counts in training, so that pixels beyond still learn.
const LEAK: f64 = 0.1;
/// What gains of quality 1 begin at, as powers of e: codes of a new network are a fraction of 1.
const FIRST_LOG_GAIN: f64 = 1.4;

const LAMBDA: SettingSpec = SettingSpec {
    name: "lambda",
    value: SettingValue::List("X,X,..."),
    help: "What a bit per pixel costs in mean squared error, for each quality that the model is to have: less for more bits",
};

const CODE_CHANNELS: SettingSpec = SettingSpec {
    name: "code-channels",
    value: SettingValue::Text("N"),
    help: "Channels of the code, which has a quarter of the image's height and width [default: 16]",
};

const SHIFT: SettingSpec = SettingSpec {
    name: "shift",
    value: SettingValue::Text("PIXELS"),
    help: "Move training images by up to so many pixels, anew each epoch [default: 2]",
};

impl ModelKind for TransformConfig {
    const NAME: &'static str = "transform";
    const SUMMARY: &'static str = "Codes of integers in few bits, for ae compress";
    type Model = TransformAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.check_settings(input_shape)?;
        let code_shape = self.code_shape(input_shape);
        let values: usize = code_shape.iter().product();
        Ok(Outline::new()
            .with_code(code_shape)
            .with_code_bits(8 * values as u64)
            .with_tensors(LayerSpec::tensors_of(&self.layers(input_shape).all())))
    }

    fn build(&self, builder: &mut Builder<'_>) -> TransformAutoencoder {
        TransformAutoencoder::build(self, builder)
    }

    fn options() -> Vec<SettingSpec> {
        vec![LAMBDA, WIDTHS, CODE_CHANNELS, SHIFT]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.lambda, given.parsed(LAMBDA.name)?);
        if let Some(widths) = given.list_of_at_least_one(WIDTHS.name)? {
            self.widths = widths.try_into().map_err(|widths: Vec<usize>| {
                let reason = format!(
                    "{} given: a transform model has two, at half the image's size and at a quarter",
                    widths.len()
                );
                ModelError::setting(WIDTHS.name, reason)
            })?;
        }
        set(
            &mut self.code_channels,
            given.at_least_one(CODE_CHANNELS.name)?,
        );
        set(&mut self.shift, given.parsed(SHIFT.name)?);
        Ok(())
    }

    fn description(&self) -> String {
        let qualities = match self.lambda.qualities() {
            1 => "one quality".to_owned(),
            qualities => format!("{qualities} qualities"),
        };
        format!("transform codec, {qualities}: codes of integers in few bits")
    }

    fn objective_unit(&self) -> Option<&'static str> {
        Some("bits per pixel")
    }
}

/// An autoencoder whose codes are integers, trained so that they take few bits: what `ae compress` has its pixels from and
/// to. Its codes at several qualities are one code, rounded after another scaling of each channel.
///
/// The loss, in bits per pixel of gray or color: `rate + distortion / lambda`, the mean over a batch whose images are each of
/// a quality drawn for it; so each quality minimizes its `distortion + lambda * rate`, and none outweighs the others.
///
/// | term | |
/// |---|---|
/// | `rate` | bits of the code with uniform noise from -0.5 to 0.5, under a factorized prior that is learned along |
/// | `distortion` | mean squared error of what is decoded from the rounded code, divided by the quality's `lambda`; rounding passes gradients as they are |
///
/// The analysis is a convolution of 2x2 blocks of pixels, one of 2x2 blocks of its output, a residual block and a convolution
/// to the code; the synthesis is the reverse with two residual blocks. All are of 3x3. A code's values are limited to -127 to
/// 127. The prior is for training alone: files are written with integer tables that are measured afterwards.
///
/// [`encode`](Codes::encode) and [`reconstruct`](Reconstruct::reconstruct) are at the last quality, of the most bits;
/// [`symbols`](Self::symbols) and [`decode_symbols`](Self::decode_symbols) at any.
///
/// The equivalent PyTorch module (sizes that need padding are left out):
///
/// ```python
/// class Transform(nn.Module):
///     def __init__(self, channels=1, widths=(32, 96), code=16, qualities=4, values=784):
///         super().__init__()
///         def chain(*sizes):
///             return nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))
///         h, q = widths
///         self.analysis_half = chain(4 * channels, h)
///         self.analysis_quarter = chain(4 * h, q, q, q, code)
///         self.synthesis_quarter = chain(code, q, q, q, q, q, q, 4 * h)
///         self.synthesis_half = chain(h, h, 4 * channels)
///         self.log_gains = nn.Parameter(torch.zeros(qualities * code))
///         self.log_inverse_gains = nn.Parameter(torch.zeros(qualities * code))
///         self.code, self.qualities = code, qualities
///         # and the prior's locations, log_scales and shares, which coding does without
///
///     def gains(self, parameter, base, quality):  # base: 1.4 + ln(lambda[0] / lambda[quality]) / 2, or its negative
///         return (parameter.view(self.qualities, self.code)[quality] + base).exp().view(1, -1, 1, 1)
///
///     def encode(self, x, quality, base):
///         a, b = self.analysis_half, self.analysis_quarter
///         x = b[0](F.pixel_unshuffle(a[0](F.pixel_unshuffle(x, 2)).relu(), 2)).relu()
///         x = b[3](b[2](b[1](x).relu()) + x)
///         return (x * self.gains(self.log_gains, base, quality)).round().clamp(-127, 127)
///
///     def decode(self, y, quality, base):
///         a, b = self.synthesis_quarter, self.synthesis_half
///         x = a[0](y * self.gains(self.log_inverse_gains, -base, quality)).relu()
///         x = a[3](a[2](a[1](x).relu()) + x).relu()
///         x = a[6](a[5](a[4](x).relu()) + x).relu()
///         x = b[1](b[0](F.pixel_shuffle(x, 2)).relu())
///         return F.pixel_shuffle(x, 2).clamp(0, 1)
/// ```
///
/// # References
/// J. Ballé, V. Laparra and E. P. Simoncelli (2017), *End-to-end optimized image compression*: rate and distortion, noise for
/// the rate. L. Theis, W. Shi, A. Cunningham and F. Huszár (2017), *Lossy image compression with compressive autoencoders*:
/// rounding whose gradient is that of the identity (section 2.1), scale parameters for other rates (section 2.4). Z. Cui et
/// al. (2021), *Asymmetric gained deep image compression with continuous rate adaptation*: those scales trained together,
/// with inverses of their own.
#[derive(Module, Debug)]
pub struct TransformAutoencoder {
    analysis_half: Vec<Convolution>,
    analysis_quarter: Vec<Convolution>,
    synthesis_quarter: Vec<Convolution>,
    synthesis_half: Vec<Convolution>,
    /// Natural logarithms of the factors before rounding, less their base: `[qualities, channels]`, as one axis.
    log_gains: Param<Tensor<1>>,
    /// Of those after it.
    log_inverse_gains: Param<Tensor<1>>,
    prior: FactorizedPrior,
    #[module(skip)]
    config: TransformConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    stacks: Stacks,
}

/// The layers as they are run.
#[derive(Clone, Debug)]
struct Stacks {
    analysis_half: Stack,
    analysis_quarter: Stack,
    synthesis_quarter: Stack,
    synthesis_half: Stack,
}

impl TransformAutoencoder {
    fn build(config: &TransformConfig, builder: &mut Builder<'_>) -> Self {
        let layers = config.layers(builder.input_shape());
        let stack = |layers: &[LayerSpec], blocks: &[usize], last| {
            compute::stack(stages(layers, blocks, last), builder.path())
                .expect("the settings were checked: their layers fit together")
        };
        let stacks = Stacks {
            analysis_half: stack(&layers.analysis_half, &[], Activation::Relu),
            analysis_quarter: stack(&layers.analysis_quarter, &[0], Activation::None),
            synthesis_quarter: stack(&layers.synthesis_quarter, &[0, 3], Activation::Relu),
            synthesis_half: stack(&layers.synthesis_half, &[], Activation::None),
        };
        let mut convolutions = |layers: &[LayerSpec]| -> Vec<Convolution> {
            let layers = layers.iter();
            layers
                .map(|layer| Convolution::build(layer, config.initialization, builder))
                .collect()
        };
        let analysis_half = convolutions(&layers.analysis_half);
        let analysis_quarter = convolutions(&layers.analysis_quarter);
        let synthesis_quarter = convolutions(&layers.synthesis_quarter);
        let synthesis_half = convolutions(&layers.synthesis_half);
        let [log_gains, log_inverse_gains] = layers.gains.each_ref().map(|layer| {
            let values = layer.constant(builder);
            let count = values.len();
            Param::from_data(TensorData::new(values, [count]), builder.device())
        });
        Self {
            analysis_half,
            analysis_quarter,
            synthesis_quarter,
            synthesis_half,
            log_gains,
            log_inverse_gains,
            prior: FactorizedPrior::build(&layers.prior, config.lambda.qualities(), builder),
            config: config.clone(),
            input_shape: builder.input_shape(),
            stacks,
        }
    }

    /// How many qualities it has; they are counted from 0 here, the first of the fewest bits.
    #[must_use]
    pub fn qualities(&self) -> usize {
        self.config.lambda.qualities()
    }

    /// The settings that it was built with.
    #[must_use]
    pub fn config(&self) -> &TransformConfig {
        &self.config
    }

    /// The codes of images at a quality, as integers from -127 to 127.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    /// - output: `[batch, code_values]`, in the row-major order of [`Codes::code_shape`]
    ///
    /// # Panics
    /// If there is no such quality; may panic when `images` have another shape.
    #[must_use]
    pub fn symbols(&self, images: Tensor<4>, quality: usize) -> Tensor<2> {
        let choice = self.choice(quality, &images);
        self.scaled_codes(images, &choice)
            .round()
            .clamp(-LARGEST_SYMBOL, LARGEST_SYMBOL)
    }

    /// The images that codes at a quality stand for, their pixels within 0 and 1.
    ///
    /// # Shapes
    /// - `symbols`: `[batch, code_values]`
    /// - output: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    ///
    /// # Panics
    /// If there is no such quality; may panic when `symbols` have another shape.
    #[must_use]
    pub fn decode_symbols(&self, symbols: Tensor<2>, quality: usize) -> Tensor<4> {
        let [batch, _] = symbols.dims();
        let of_images = vec![self.checked(quality); batch];
        let choice = chosen(&of_images, self.qualities(), &symbols.device());
        self.synthesis(symbols, &choice).clamp(0.0, 1.0)
    }

    fn checked(&self, quality: usize) -> usize {
        assert!(
            quality < self.qualities(),
            "quality {quality} of {}",
            self.qualities()
        );
        quality
    }

    fn choice(&self, quality: usize, images: &Tensor<4>) -> Tensor<2> {
        let of_images = vec![self.checked(quality); images.dims()[0]];
        chosen(&of_images, self.qualities(), &images.device())
    }

    /// The factors of each image's channels.
    ///
    /// # Shapes
    /// - `chosen`: `[batch, qualities]`
    /// - output: `[batch, channels, 1]`
    fn gains(&self, parameter: &Param<Tensor<1>>, sign: f64, chosen: &Tensor<2>) -> Tensor<3> {
        let [batch, qualities] = chosen.dims();
        let channels = self.config.code_channels;
        let lambdas = self.config.lambda.values();
        // A step of rounding whose error costs as much as its bits is as the root of lambda.
        let base: Vec<f32> = lambdas
            .iter()
            .map(|lambda| (sign * (FIRST_LOG_GAIN + 0.5 * (lambdas[0] / lambda).ln())) as f32)
            .collect();
        let base = Tensor::<2>::from_data(TensorData::new(base, [qualities, 1]), &chosen.device());
        let logarithms = parameter.val().reshape([qualities, channels]) + base;
        chosen
            .clone()
            .matmul(logarithms)
            .exp()
            .reshape([batch, channels, 1])
    }

    /// Codes before rounding.
    ///
    /// # Shapes
    /// - output: `[batch, code_values]`
    fn scaled_codes(&self, images: Tensor<4>, chosen: &Tensor<2>) -> Tensor<2> {
        let [batch, ..] = images.dims();
        let stacks = &self.stacks;
        let blocks = space_to_depth(pad_to_multiple(images, REDUCTION));
        let half = stacks
            .analysis_half
            .forward(blocks, &weights(&self.analysis_half));
        let code = stacks
            .analysis_quarter
            .forward(space_to_depth(half), &weights(&self.analysis_quarter));
        let [_, channels, rows, columns] = code.dims();
        let code = code.reshape([batch, channels, rows * columns])
            * self.gains(&self.log_gains, 1.0, chosen);
        code.reshape([batch, channels * rows * columns])
    }

    /// What is decoded, not limited to 0 and 1.
    fn synthesis(&self, codes: Tensor<2>, chosen: &Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [channels, rows, columns] = self.config.code_shape(self.input_shape);
        let stacks = &self.stacks;
        let codes = codes.reshape([batch, channels, rows * columns])
            * self.gains(&self.log_inverse_gains, -1.0, chosen);
        let quarter = stacks.synthesis_quarter.forward(
            codes.reshape([batch, channels, rows, columns]),
            &weights(&self.synthesis_quarter),
        );
        let half = stacks
            .synthesis_half
            .forward(depth_to_space(quarter), &weights(&self.synthesis_half));
        crop(
            depth_to_space(half),
            self.input_shape[1],
            self.input_shape[2],
        )
    }

    /// The last quality, of the most bits.
    fn best(&self) -> usize {
        self.qualities() - 1
    }
}

impl Trainable for TransformAutoencoder {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let draws = Draws::new(
            &batch,
            self.qualities(),
            self.config.shift,
            self.code_values(),
        );
        let device = batch.input.device();
        let choice = chosen(&draws.qualities, self.qualities(), &device);
        let images = draws.qualities.len();
        let lambdas = self.config.lambda.values();
        let worth: Vec<f32> = draws
            .qualities
            .iter()
            .map(|&quality| (1.0 / lambdas[quality]) as f32)
            .collect();
        let worth = Tensor::<2>::from_data(TensorData::new(worth, [images, 1]), &device);
        let input = shifted(batch.input, &draws.shifts);
        let target = shifted(batch.target, &draws.shifts);

        let codes = self.scaled_codes(input, &choice);
        let pixels: usize = self.input_shape.iter().product();
        let rate = self
            .prior
            .bits(codes.clone() + draws.noise, &choice)
            .mean()
            .div_scalar(pixels as f64);
        let rounding = codes.clone().round() - codes.clone();
        let output = self.synthesis(codes + rounding.detach(), &choice);
        let output =
            output.clone().mul_scalar(LEAK) + output.clamp(0.0, 1.0).mul_scalar(1.0 - LEAK);
        let error = output - target;
        let squares = (error.clone() * error).reshape([images, pixels]);
        let distortion = (squares.mean_dim(1) * worth).mean();
        Objective::sum(vec![("rate", rate), ("distortion", distortion)])
    }

    fn validation_measure(&self) -> ValidationMeasure {
        ValidationMeasure::Objective
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }

    fn as_codes(&self) -> Option<&dyn Codes> {
        Some(self)
    }
}

impl Reconstruct for TransformAutoencoder {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        self.decode(self.encode(images))
    }
}

impl Codes for TransformAutoencoder {
    fn code_shape(&self) -> Vec<usize> {
        self.config.code_shape(self.input_shape).to_vec()
    }

    fn encode(&self, images: Tensor<4>) -> Tensor<2> {
        self.symbols(images, self.best())
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        self.decode_symbols(codes, self.best())
    }

    fn bits_per_code(&self) -> u64 {
        8 * self.code_values() as u64
    }
}
