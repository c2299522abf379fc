//! Convolutions between pictures and maps of a quarter of their sides, by blocks of 2x2 in two steps.

use ae_kernels::{Activation, Skip, Stack, Stage};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::error::ModelError;
use crate::limits;
use crate::networks::compute;
use crate::networks::conv_stacks::weights;
use crate::networks::layer::{Convolution, LayerKind, LayerSpec};
use crate::networks::padding::{crop, pad_to_multiple};
use crate::networks::rearranging::{BLOCK, depth_to_space, space_to_depth};
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;
use crate::placement::ComputePath;

/// What a side of the map is multiplied by to be one of the picture, rounded up.
pub(crate) const REDUCTION: usize = BLOCK * BLOCK;
/// The residual blocks of the stacks at a quarter: the layers after which each begins.
pub(super) const ANALYSIS_BLOCKS: [usize; 1] = [0];
pub(super) const SYNTHESIS_BLOCKS: [usize; 2] = [0, 3];

/// Layers of the four stacks, in the order in which images pass through them.
pub(crate) struct QuarterLayers {
    /// From blocks of pixels, at half the picture's size.
    pub(crate) analysis_half: Vec<LayerSpec>,
    /// To the code, at a quarter.
    pub(crate) analysis_quarter: Vec<LayerSpec>,
    /// From the code, at a quarter.
    pub(crate) synthesis_quarter: Vec<LayerSpec>,
    /// To blocks of pixels, at half.
    pub(crate) synthesis_half: Vec<LayerSpec>,
}

impl QuarterLayers {
    /// The layers for pictures of `image_channels`, of `widths` channels at half and at a quarter of the size and a code of
    /// `code_channels`. Their names begin with `prefix`.
    pub(crate) fn new(
        prefix: &str,
        image_channels: usize,
        widths: [usize; 2],
        code_channels: usize,
    ) -> Self {
        let [half, q] = widths;
        let pixels = image_channels * REDUCTION;
        let code = code_channels;
        let chain = |name: &str, channels: &[usize]| chain(&format!("{prefix}{name}"), channels);
        Self {
            analysis_half: chain("analysis_half", &[pixels, half]),
            analysis_quarter: chain("analysis_quarter", &[half * REDUCTION, q, q, q, code]),
            synthesis_quarter: chain(
                "synthesis_quarter",
                &[code, q, q, q, q, q, q, half * REDUCTION],
            ),
            synthesis_half: chain("synthesis_half", &[half, half, pixels]),
        }
    }

    /// All of them, in the order of the model's tensors.
    pub(crate) fn all(&self) -> Vec<LayerSpec> {
        [
            &self.analysis_half[..],
            &self.analysis_quarter,
            &self.synthesis_quarter,
            &self.synthesis_half,
        ]
        .concat()
    }
}

/// Convolutions one after the other, of so many channels.
fn chain(name: &str, channels: &[usize]) -> Vec<LayerSpec> {
    let pairs = channels.windows(2).enumerate();
    pairs
        .map(|(index, pair)| {
            let name = format!("{name}.{index}");
            LayerSpec::new(name, LayerKind::Convolution, pair[0], pair[1])
        })
        .collect()
}

/// The sides of the map for a picture of these.
pub(crate) fn map_size(height: usize, width: usize) -> [usize; 2] {
    [height, width].map(|side| side.div_ceil(REDUCTION))
}

/// Refuses numbers of channels, `code_channels` being called `code`, that no convolution has.
pub(crate) fn check_channels(
    widths: [usize; 2],
    code: &'static str,
    code_channels: usize,
) -> Result<(), ModelError> {
    let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
    let most = limits::CONV_WIDTH;
    let is_width = |channels: usize| (1..=most).contains(&channels);
    if let Some(channels) = widths.iter().find(|&&channels| !is_width(channels)) {
        let reason = format!("a layer of {channels} channels: must be 1 to {most}");
        return reject("widths", reason);
    }
    // Blocks of four maps become one.
    if widths[0] * REDUCTION > most {
        let reason = format!(
            "{} channels at half the size: at most {}",
            widths[0],
            most / REDUCTION
        );
        return reject("widths", reason);
    }
    match is_width(code_channels) {
        true => Ok(()),
        false => reject(code, format!("{code_channels}: must be 1 to {most}")),
    }
}

/// The stages of a stack: residual blocks of two convolutions each, beginning after every layer in `blocks`, ReLU elsewhere,
/// and `last` after the last layer.
pub(crate) fn stages(layers: &[LayerSpec], blocks: &[usize], last: Activation) -> Vec<Stage> {
    let stages = layers.iter().enumerate().map(|(index, layer)| {
        let ends_block = blocks.iter().any(|&block| index == block + 2);
        let activation = match index + 1 == layers.len() {
            true => last,
            false if ends_block => Activation::None,
            false => Activation::Relu,
        };
        let stage = Stage::new(layer.inputs, layer.outputs, activation);
        match blocks.iter().find(|&&block| index == block + 3) {
            Some(&block) => stage.with_skip(Skip::Add(block)),
            None => stage,
        }
    });
    stages.collect()
}

/// The layers as they are run.
#[derive(Clone, Debug)]
pub(crate) struct QuarterStacks {
    analysis_half: Stack,
    analysis_quarter: Stack,
    synthesis_quarter: Stack,
    synthesis_half: Stack,
}

impl QuarterStacks {
    /// The stacks of layers whose numbers of channels were checked; `last` follows the last of the synthesis.
    pub(crate) fn new(layers: &QuarterLayers, last: Activation, path: ComputePath) -> Self {
        let stack = |layers: &[LayerSpec], blocks: &[usize], last| {
            compute::stack(stages(layers, blocks, last), path)
                .expect("the settings were checked: their layers fit together")
        };
        Self {
            analysis_half: stack(&layers.analysis_half, &[], Activation::Relu),
            analysis_quarter: stack(&layers.analysis_quarter, &ANALYSIS_BLOCKS, Activation::None),
            synthesis_quarter: stack(
                &layers.synthesis_quarter,
                &SYNTHESIS_BLOCKS,
                Activation::Relu,
            ),
            synthesis_half: stack(&layers.synthesis_half, &[], last),
        }
    }

    /// The code of pictures, whose last row and column are repeated until blocks divide them.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, code_channels, height / 4, width / 4]`, rounded up
    pub(crate) fn analysis(
        &self,
        images: Tensor<4>,
        half: &[Convolution],
        quarter: &[Convolution],
    ) -> Tensor<4> {
        let blocks = space_to_depth(pad_to_multiple(images, REDUCTION));
        let maps = self.analysis_half.forward(blocks, &weights(half));
        self.analysis_quarter
            .forward(space_to_depth(maps), &weights(quarter))
    }

    /// The pictures of codes, of `[height, width]`.
    ///
    /// # Shapes
    /// - `codes`: `[batch, code_channels, height / 4, width / 4]`, rounded up
    /// - output: `[batch, channels, height, width]`
    pub(crate) fn synthesis(
        &self,
        codes: Tensor<4>,
        quarter: &[Convolution],
        half: &[Convolution],
        [height, width]: [usize; 2],
    ) -> Tensor<4> {
        let maps = self.synthesis_quarter.forward(codes, &weights(quarter));
        let blocks = self
            .synthesis_half
            .forward(depth_to_space(maps), &weights(half));
        crop(depth_to_space(blocks), height, width)
    }
}

/// The four stacks with their parameters.
#[derive(Module, Debug)]
pub(crate) struct QuarterNetwork {
    analysis_half: Vec<Convolution>,
    analysis_quarter: Vec<Convolution>,
    synthesis_quarter: Vec<Convolution>,
    synthesis_half: Vec<Convolution>,
    #[module(skip)]
    stacks: QuarterStacks,
}

impl QuarterNetwork {
    /// Builds what was checked; `last` follows the last layer of the synthesis.
    pub(crate) fn build(
        layers: &QuarterLayers,
        last: Activation,
        initialization: Initialization,
        builder: &mut Builder<'_>,
    ) -> Self {
        let mut convolutions =
            |layers: &[LayerSpec]| Convolution::build_all(layers, initialization, builder);
        Self {
            analysis_half: convolutions(&layers.analysis_half),
            analysis_quarter: convolutions(&layers.analysis_quarter),
            synthesis_quarter: convolutions(&layers.synthesis_quarter),
            synthesis_half: convolutions(&layers.synthesis_half),
            stacks: QuarterStacks::new(layers, last, builder.path()),
        }
    }

    /// Where its parameters are.
    pub(crate) fn device(&self) -> Device {
        self.analysis_half[0].weight.val().device()
    }

    /// As [`QuarterStacks::analysis`].
    pub(crate) fn analysis(&self, images: Tensor<4>) -> Tensor<4> {
        self.stacks
            .analysis(images, &self.analysis_half, &self.analysis_quarter)
    }

    /// As [`QuarterStacks::synthesis`].
    pub(crate) fn synthesis(&self, codes: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        self.stacks
            .synthesis(codes, &self.synthesis_quarter, &self.synthesis_half, size)
    }
}
