//! The transform codec's autoencoder for pictures of any sizes.

pub(crate) mod blocks;
pub(crate) mod config;

use ae_kernels::{Activation, Stack};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::api::capabilities::{Reconstruct, Trainable};
use crate::api::objective::{Objective, TrainingBatch};
use crate::api::validation::ValidationMeasure;
use crate::error::ModelError;
use crate::kind::{ModelKind, Outline};
use crate::kinds::picture_transform::blocks::BlockTransform;
use crate::kinds::picture_transform::config::{Level, PictureTransformConfig};
use crate::kinds::transform::draws::{Draws, chosen};
use crate::kinds::transform::gains::{factors, first_log_gain};
use crate::kinds::transform::losses::{leaking, limited, rounded, worth};
use crate::kinds::transform::{CODE_CHANNELS, LAMBDA};
use crate::networks::causal_prior::CausalPrior;
use crate::networks::compute;
use crate::networks::conv_stacks::weights;
use crate::networks::layer::{Convolution, LayerSpec};
use crate::networks::options::WIDTHS;
use crate::networks::padding::{crop, reflect_to_multiple};
use crate::networks::quarter::stages;
use crate::networks::rearranging::{depth_to_space, space_to_depth};
use crate::parameters::builder::Builder;
use crate::settings::{GivenSettings, SettingSpec, set};

impl ModelKind for PictureTransformConfig {
    const NAME: &'static str = "picture-transform";
    const SUMMARY: &'static str =
        "Codes of integers in few bits, for ae compress, of pictures of any sizes";
    type Model = PictureTransform;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        self.check_settings(input_shape)?;
        let layers = self.layers().all();
        Ok(Outline::new().with_tensors(LayerSpec::tensors_of(&layers)))
    }

    fn build(&self, builder: &mut Builder<'_>) -> PictureTransform {
        PictureTransform::build(self, builder)
    }

    fn options() -> Vec<SettingSpec> {
        vec![LAMBDA, WIDTHS, CODE_CHANNELS]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.lambda, given.parsed(LAMBDA.name)?);
        set(&mut self.widths, given.list_of_at_least_one(WIDTHS.name)?);
        set(
            &mut self.code_channels,
            given.at_least_one(CODE_CHANNELS.name)?,
        );
        Ok(())
    }

    fn description(&self) -> String {
        let qualities = match self.lambda.qualities() {
            1 => "one quality".to_owned(),
            qualities => format!("{qualities} qualities"),
        };
        let side = self.reduction();
        format!(
            "transform codec for pictures, {qualities}: {} integers for each {side}x{side} pixels",
            self.code_channels
        )
    }

    fn objective_unit(&self) -> Option<&'static str> {
        Some("bits per pixel")
    }
}

/// An autoencoder of pictures of any sizes whose codes are integers, trained on patches so that they take few bits: what `ae
/// compress` has pixels from and to. As [`TransformAutoencoder`](crate::TransformAutoencoder), but for more levels and for the
/// prior of its training, which knows no places: there each symbol is expected after those around it.
///
/// A code is what a discrete cosine transform of its block gives, whose matrix is learned on, plus what a network adds, and so is
/// what it is decoded to: a new model codes as that transform does, and training improves it.
///
/// The network's analysis has at each level blocks of 2x2 of the level before as channels, and a convolution; at the last level a residual
/// block and a convolution to the code follow. The synthesis is the reverse with two residual blocks at the last level and two
/// convolutions at each other one. All are of 3x3 with ReLU. Sides that the levels do not divide are padded at the bottom and on
/// the right by reflection.
///
/// The loss is that of [`TransformAutoencoder`](crate::TransformAutoencoder).
///
/// # References
/// Those of [`TransformAutoencoder`](crate::TransformAutoencoder).
#[derive(Module, Debug)]
pub struct PictureTransform {
    analysis: Vec<Convolution>,
    synthesis: Vec<Convolution>,
    blocks: BlockTransform,
    /// Natural logarithms of the factors before rounding, less their base: `[qualities, channels]`, as one axis.
    log_gains: Param<Tensor<1>>,
    /// Of those after it.
    log_inverse_gains: Param<Tensor<1>>,
    prior: CausalPrior,
    #[module(skip)]
    config: PictureTransformConfig,
    #[module(skip)]
    input_shape: [usize; 3],
    #[module(skip)]
    stacks: Stacks,
}

/// The layers of each level as they are run, in the order in which pictures pass through them.
#[derive(Clone, Debug)]
struct Stacks {
    analysis: Vec<Run>,
    synthesis: Vec<Run>,
}

/// A level's layers as they are run, and how many convolutions they are.
#[derive(Clone, Debug)]
struct Run {
    stack: Stack,
    convolutions: usize,
}

impl PictureTransform {
    fn build(config: &PictureTransformConfig, builder: &mut Builder<'_>) -> Self {
        let layers = config.layers();
        let runs = |levels: &[Level], builder: &Builder<'_>| -> Vec<Run> {
            let last = levels.len() - 1;
            let runs = levels.iter().enumerate().map(|(index, level)| {
                let activation = match index == last {
                    true => Activation::None,
                    false => Activation::Relu,
                };
                let stages = stages(&level.layers, &level.blocks, activation);
                Run {
                    stack: compute::stack(stages, builder.path())
                        .expect("the settings were checked: their layers fit together"),
                    convolutions: level.layers.len(),
                }
            });
            runs.collect()
        };
        let stacks = Stacks {
            analysis: runs(&layers.analysis, builder),
            synthesis: runs(&layers.synthesis, builder),
        };
        let mut convolutions = |levels: &[Level]| {
            let layers = levels.iter().flat_map(|level| &level.layers);
            Convolution::build_all(layers, config.initialization, builder)
        };
        let analysis = convolutions(&layers.analysis);
        let synthesis = convolutions(&layers.synthesis);
        let side = config.reduction();
        let blocks = BlockTransform::build(&layers.blocks, side, config.code_channels, builder);
        let [log_gains, log_inverse_gains] =
            layers.gains.each_ref().map(|layer| layer.constant(builder));
        Self {
            analysis,
            synthesis,
            blocks,
            log_gains,
            log_inverse_gains,
            prior: CausalPrior::build(&layers.prior, [1, 1], builder),
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
    pub fn config(&self) -> &PictureTransformConfig {
        &self.config
    }

    /// What a side of the code is multiplied by to be one of the picture, rounded up.
    #[must_use]
    pub fn reduction(&self) -> usize {
        self.config.reduction()
    }

    /// How far around a place of the code its pixels, and what it follows from, reach at most, in places: what a part of a
    /// picture needs beside it to become what it is within the whole.
    #[must_use]
    pub fn margin(&self) -> usize {
        self.config.margin()
    }

    /// The codes of pictures at a quality, before they are rounded.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, code_channels, rows, columns]`, height and width by [`reduction`](Self::reduction), rounded up
    ///
    /// # Panics
    /// If there is no such quality; may panic when `images` have other channels.
    #[must_use]
    pub fn codes(&self, images: Tensor<4>, quality: usize) -> Tensor<4> {
        let choice = self.choice(quality, &images);
        self.scaled_codes(images, &choice)
    }

    /// The codes of pictures at a quality, as the nearest integers from -127 to 127.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, code_channels, rows, columns]`, height and width by [`reduction`](Self::reduction), rounded up
    ///
    /// # Panics
    /// If there is no such quality; may panic when `images` have other channels.
    #[must_use]
    pub fn symbols(&self, images: Tensor<4>, quality: usize) -> Tensor<4> {
        limited(self.codes(images, quality).round())
    }

    /// The pictures that codes at a quality stand for, their pixels within 0 and 1, with what they were padded by.
    ///
    /// # Shapes
    /// - `symbols`: `[batch, code_channels, rows, columns]`
    /// - output: `[batch, channels, reduction * rows, reduction * columns]`
    ///
    /// # Panics
    /// If there is no such quality; may panic when `symbols` have other channels.
    #[must_use]
    pub fn decode_symbols(&self, symbols: Tensor<4>, quality: usize) -> Tensor<4> {
        let choice = self.choice(quality, &symbols);
        self.synthesized(symbols, &choice).clamp(0.0, 1.0)
    }

    fn choice(&self, quality: usize, batch: &Tensor<4>) -> Tensor<2> {
        let qualities = self.qualities();
        assert!(quality < qualities, "quality {quality} of {qualities}");
        chosen(&vec![quality; batch.dims()[0]], qualities, &batch.device())
    }

    /// Codes before rounding.
    fn scaled_codes(&self, images: Tensor<4>, chosen: &Tensor<2>) -> Tensor<4> {
        let mut left = &self.analysis[..];
        let images = reflect_to_multiple(images, self.reduction());
        let linear = self.blocks.codes(images.clone());
        let mut maps = images;
        for run in &self.stacks.analysis {
            let (convolutions, rest) = left.split_at(run.convolutions);
            maps = run
                .stack
                .forward(space_to_depth(maps), &weights(convolutions));
            left = rest;
        }
        (maps + linear) * self.gains(&self.log_gains, 1.0, chosen)
    }

    /// What is decoded, not limited to 0 and 1.
    fn synthesized(&self, codes: Tensor<4>, chosen: &Tensor<2>) -> Tensor<4> {
        let mut left = &self.synthesis[..];
        let codes = codes * self.gains(&self.log_inverse_gains, -1.0, chosen);
        let linear = self.blocks.images(codes.clone());
        let mut maps = codes;
        for run in &self.stacks.synthesis {
            let (convolutions, rest) = left.split_at(run.convolutions);
            maps = depth_to_space(run.stack.forward(maps, &weights(convolutions)));
            left = rest;
        }
        maps + linear
    }

    /// The factors of each picture's channels: `[batch, channels, 1, 1]`.
    fn gains(&self, parameter: &Param<Tensor<1>>, sign: f64, chosen: &Tensor<2>) -> Tensor<4> {
        let [batch, _] = chosen.dims();
        let lambdas = &self.config.lambda;
        factors(parameter, first_log_gain(lambdas), sign, lambdas, chosen).reshape([
            batch,
            self.config.code_channels,
            1,
            1,
        ])
    }
}

impl Trainable for PictureTransform {
    fn input_shape(&self) -> [usize; 3] {
        self.input_shape
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let reduction = self.reduction();
        let [images, channels, height, width] = batch.input.dims();
        let sides = [height, width].map(|side| side.div_ceil(reduction));
        let values = self.config.code_channels * sides[0] * sides[1];
        let draws = Draws::new(&batch, self.qualities(), 0, values);
        let device = batch.input.device();
        let choice = chosen(&draws.qualities, self.qualities(), &device);
        let worth = worth(&draws.qualities, &self.config.lambda, &device);

        let codes = self.scaled_codes(batch.input, &choice);
        let pixels = channels * height * width;
        let noise = draws.noise.reshape(codes.dims());
        let symbols = rounded(codes.clone());
        let rate = self
            .prior
            .bits(codes + noise, symbols.clone(), &choice)
            .mean()
            .div_scalar(pixels as f64);
        let output = crop(self.synthesized(symbols, &choice), height, width);
        let error = leaking(output) - batch.target;
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
}

/// At the last quality, of the most bits.
impl Reconstruct for PictureTransform {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = images.dims();
        let best = self.qualities() - 1;
        let decoded = self.decode_symbols(self.symbols(images, best), best);
        crop(decoded, height, width)
    }

    fn size_multiple(&self) -> Option<usize> {
        Some(self.reduction())
    }

    fn field_of_view(&self) -> Option<usize> {
        Some((4 * self.margin() + 1) * self.reduction())
    }
}
