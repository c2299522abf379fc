//! The transform codec's autoencoder: codes of integers, trained for rate and distortion.

pub(crate) mod blocks;
pub(crate) mod config;
pub(crate) mod draws;
pub(crate) mod gains;
pub(crate) mod inference;
pub(crate) mod lambdas;
pub(crate) mod losses;

use ae_kernels::Activation;
use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::api::capabilities::{Codes, Reconstruct, Trainable};
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;
use crate::error::ModelError;
use crate::inference::Inference;
use crate::kind::{ModelKind, Outline};
use crate::kinds::transform::blocks::LappedBlocks;
use crate::kinds::transform::config::TransformConfig;
use crate::kinds::transform::draws::{Draws, chosen};
use crate::kinds::transform::gains::{factors, first_log_gain};
use crate::kinds::transform::losses::{leaking, limited, rounded, worth};
use crate::networks::causal_prior::CausalPrior;
use crate::networks::layer::{Convolution, LayerSpec};
use crate::networks::options::{WIDTHS, two_widths};
use crate::networks::quarter::QuarterStacks;
use crate::networks::rearranging::shifted;
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

pub(crate) const LAMBDA: SettingSpec = SettingSpec {
    name: "lambda",
    value: SettingValue::List("X,X,..."),
    help: "What a bit per pixel costs in mean squared error, for each quality that the model is to have: less for more bits",
};

pub(crate) const CODE_CHANNELS: SettingSpec = SettingSpec {
    name: "code-channels",
    value: SettingValue::Text("N"),
    help: "Channels of the code, which has a quarter of the image's height and width [default: 16; of vq 8, which is the most]",
};

pub(crate) const SHIFT: SettingSpec = SettingSpec {
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

    fn inference(&self, input_shape: [usize; 3]) -> Option<Inference> {
        Some(self.inference_at_best(input_shape))
    }

    fn options() -> Vec<SettingSpec> {
        vec![LAMBDA, WIDTHS, CODE_CHANNELS, SHIFT]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.lambda, given.parsed(LAMBDA.name)?);
        set(&mut self.widths, two_widths(Self::NAME, given)?);
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
/// | `rate` | bits of the code with uniform noise from -0.5 to 0.5, under a causal prior that is learned along |
/// | `distortion` | mean squared error of what is decoded from the rounded code, divided by the quality's `lambda`; rounding passes gradients as they are |
///
/// The analysis is the sum of a linear part and a network. The linear part is a convolution of blocks of 4x4 pixels that begins as
/// their cosine transform; the network is a convolution of 2x2 blocks of pixels, one of 2x2 blocks of its output, a residual block
/// and a convolution to the code. The synthesis is the reverse with two residual blocks. All convolutions are of 3x3. A code's values
/// are limited to -127 to 127. The prior, whose expectations are linear in the symbols before one, is for training alone: files are
/// written with integer tables of the same form that are measured afterwards.
///
/// [`encode`](Codes::encode) and [`reconstruct`](Reconstruct::reconstruct) are at the last quality, of the most bits;
/// [`symbols`](Self::symbols) and [`decode_symbols`](Self::decode_symbols) at any.
///
/// The equivalent PyTorch module (sizes that need padding are left out):
///
/// ```python
/// class Transform(nn.Module):
///     def __init__(self, channels=1, widths=(32, 64), code=16, qualities=4):
///         super().__init__()
///         def chain(*sizes):
///             return nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(sizes, sizes[1:]))
///         h, q = widths
///         self.blocks = nn.ModuleDict({
///             "analysis": nn.Conv2d(16 * channels, code, 3, padding=1),
///             "synthesis": nn.Conv2d(code, 16 * channels, 3, padding=1)})
///         self.analysis_half = chain(4 * channels, h)
///         self.analysis_quarter = chain(4 * h, q, q, q, code)
///         self.synthesis_quarter = chain(code, q, q, q, q, q, q, 4 * h)
///         self.synthesis_half = chain(h, h, 4 * channels)
///         self.log_gains = nn.Parameter(torch.zeros(qualities * code))
///         self.log_inverse_gains = nn.Parameter(torch.zeros(qualities * code))
///         self.code, self.qualities = code, qualities
///         # and the prior's tensors, which coding does without
///
///     def gains(self, parameter, base, quality):  # base: -ln(6 * lambda[quality] / ln 2) / 2, or its negative
///         return (parameter.view(self.qualities, self.code)[quality] + base).exp().view(1, -1, 1, 1)
///
///     def encode(self, x, quality, base):
///         a, b = self.analysis_half, self.analysis_quarter
///         linear = self.blocks["analysis"](F.pixel_unshuffle(F.pixel_unshuffle(x, 2), 2))
///         x = b[0](F.pixel_unshuffle(a[0](F.pixel_unshuffle(x, 2)).relu(), 2)).relu()
///         x = b[3](b[2](b[1](x).relu()) + x) + linear
///         return (x * self.gains(self.log_gains, base, quality)).round().clamp(-127, 127)
///
///     def decode(self, y, quality, base):
///         a, b = self.synthesis_quarter, self.synthesis_half
///         y = y * self.gains(self.log_inverse_gains, -base, quality)
///         linear = F.pixel_shuffle(F.pixel_shuffle(self.blocks["synthesis"](y), 2), 2)
///         x = a[0](y).relu()
///         x = a[3](a[2](a[1](x).relu()) + x).relu()
///         x = a[6](a[5](a[4](x).relu()) + x).relu()
///         x = b[1](b[0](F.pixel_shuffle(x, 2)).relu())
///         return (F.pixel_shuffle(x, 2) + linear).clamp(0, 1)
/// ```
///
/// # References
/// J. Ballé, V. Laparra and E. P. Simoncelli (2017), *End-to-end optimized image compression*: rate and distortion, noise for
/// the rate. L. Theis, W. Shi, A. Cunningham and F. Huszár (2017), *Lossy image compression with compressive autoencoders*:
/// rounding whose gradient is that of the identity (section 2.1), scale parameters for other rates (section 2.4). Z. Cui et
/// al. (2021), *Asymmetric gained deep image compression with continuous rate adaptation*: those scales trained together,
/// with inverses of their own. D. Minnen, J. Ballé and G. Toderici (2018), *Joint autoregressive and hierarchical priors for
/// learned image compression*, section 2: a causal prior.
#[derive(Module, Debug)]
pub struct TransformAutoencoder {
    analysis_half: Vec<Convolution>,
    analysis_quarter: Vec<Convolution>,
    synthesis_quarter: Vec<Convolution>,
    synthesis_half: Vec<Convolution>,
    /// The linear part beside them.
    blocks: LappedBlocks,
    /// Natural logarithms of the factors before rounding, less their base: `[qualities, channels]`, as one axis.
    log_gains: Param<Tensor<1>>,
    /// Of those after it.
    log_inverse_gains: Param<Tensor<1>>,
    prior: CausalPrior,
    #[module(skip)]
    config: TransformConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    stacks: QuarterStacks,
}

impl TransformAutoencoder {
    fn build(config: &TransformConfig, builder: &mut Builder<'_>) -> Self {
        let layers = config.layers(builder.input_shape());
        let [_, rows, columns] = config.code_shape(builder.input_shape());
        let network = &layers.network;
        let stacks = QuarterStacks::new(network, Activation::None, builder.path());
        let mut convolutions =
            |layers: &[LayerSpec]| Convolution::build_all(layers, config.initialization, builder);
        let analysis_half = convolutions(&network.analysis_half);
        let analysis_quarter = convolutions(&network.analysis_quarter);
        let synthesis_quarter = convolutions(&network.synthesis_quarter);
        let synthesis_half = convolutions(&network.synthesis_half);
        let blocks = LappedBlocks::build(&layers.blocks, builder);
        let [log_gains, log_inverse_gains] =
            layers.gains.each_ref().map(|layer| layer.constant(builder));
        Self {
            analysis_half,
            analysis_quarter,
            synthesis_quarter,
            synthesis_half,
            blocks,
            log_gains,
            log_inverse_gains,
            prior: CausalPrior::build(&layers.prior, [rows, columns], builder),
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

    /// The codes of images at a quality, before they are rounded.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    /// - output: `[batch, code_values]`, in the row-major order of [`Codes::code_shape`]
    ///
    /// # Panics
    /// If there is no such quality; may panic when `images` have another shape.
    #[must_use]
    pub fn codes(&self, images: Tensor<4>, quality: usize) -> Tensor<2> {
        let choice = self.choice(quality, &images);
        self.scaled_codes(images, &choice)
    }

    /// The codes of images at a quality, as the nearest integers from -127 to 127.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of [`Trainable::input_shape`]
    /// - output: `[batch, code_values]`, in the row-major order of [`Codes::code_shape`]
    ///
    /// # Panics
    /// If there is no such quality; may panic when `images` have another shape.
    #[must_use]
    pub fn symbols(&self, images: Tensor<4>, quality: usize) -> Tensor<2> {
        limited(self.codes(images, quality).round())
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
        let [batch, _] = chosen.dims();
        let lambdas = &self.config.lambda;
        factors(parameter, first_log_gain(lambdas), sign, lambdas, chosen).reshape([
            batch,
            self.config.code_channels,
            1,
        ])
    }

    /// Codes before rounding.
    ///
    /// # Shapes
    /// - output: `[batch, code_values]`
    fn scaled_codes(&self, images: Tensor<4>, chosen: &Tensor<2>) -> Tensor<2> {
        let [batch, ..] = images.dims();
        let linear = self.blocks.codes(images.clone());
        let code = self
            .stacks
            .analysis(images, &self.analysis_half, &self.analysis_quarter)
            + linear;
        let [_, channels, rows, columns] = code.dims();
        let code = code.reshape([batch, channels, rows * columns])
            * self.gains(&self.log_gains, 1.0, chosen);
        code.reshape([batch, channels * rows * columns])
    }

    /// What is decoded, not limited to 0 and 1.
    fn synthesis(&self, codes: Tensor<2>, chosen: &Tensor<2>) -> Tensor<4> {
        let [batch, _] = codes.dims();
        let [channels, rows, columns] = self.config.code_shape(self.input_shape);
        let codes = codes.reshape([batch, channels, rows * columns])
            * self.gains(&self.log_inverse_gains, -1.0, chosen);
        let [_, height, width] = self.input_shape;
        let codes = codes.reshape([batch, channels, rows, columns]);
        let linear = self.blocks.images(codes.clone(), [height, width]);
        self.stacks.synthesis(
            codes,
            &self.synthesis_quarter,
            &self.synthesis_half,
            [height, width],
        ) + linear
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
        let worth = worth(&draws.qualities, &self.config.lambda, &device);
        let input = shifted(batch.input, &draws.shifts);
        let target = shifted(batch.target, &draws.shifts);

        let codes = self.scaled_codes(input, &choice);
        let pixels: usize = self.input_shape.iter().product();
        let [channels, rows, columns] = self.config.code_shape(self.input_shape);
        let map = |codes: Tensor<2>| codes.reshape([images, channels, rows, columns]);
        let symbols = rounded(codes.clone());
        let rate = self
            .prior
            .bits(map(codes + draws.noise), map(symbols.clone()), &choice)
            .mean()
            .div_scalar(pixels as f64);
        let output = leaking(self.synthesis(symbols, &choice));
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
