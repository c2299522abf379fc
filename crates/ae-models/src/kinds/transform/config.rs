//! The settings of the transform codec's autoencoder, and the layers that they describe.

use ae_kernels::{Activation, Skip, Stage};
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kinds::transform::lambdas::Lambdas;
use crate::kinds::transform::prior::FactorizedPrior;
use crate::kinds::transform::rearranging::BLOCK;
use crate::limits;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::parameters::initialization::Initialization;

/// Settings of [`TransformAutoencoder`](crate::TransformAutoencoder).
///
/// The default codes a 28x28 image as 7x7x16 integers, at four qualities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformConfig {
    /// The weight of the rate for each quality, falling.
    pub lambda: Lambdas,
    /// Channels at half the picture's size and at a quarter of it.
    pub widths: [usize; 2],
    /// Channels of the code, which has a quarter of the picture's height and width.
    pub code_channels: usize,
    /// Training images are moved by up to so many pixels either way, anew in each epoch, so that a small set is not learned
    /// by heart; 0 for not at all.
    pub shift: usize,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for TransformConfig {
    fn default() -> Self {
        Self {
            lambda: Lambdas::default(),
            widths: [32, 96],
            code_channels: 16,
            shift: 2,
            initialization: Initialization::HeUniform,
        }
    }
}

/// What a side of the code is multiplied by to be one of the picture, rounded up.
pub(crate) const REDUCTION: usize = BLOCK * BLOCK;
/// The most pixels that images are moved by.
const MOST_SHIFT: usize = 64;

/// Layers of the four stacks, in the order in which images pass through them.
pub(crate) struct Layers {
    /// From blocks of pixels, at half the picture's size.
    pub(crate) analysis_half: Vec<LayerSpec>,
    /// To the code, at a quarter.
    pub(crate) analysis_quarter: Vec<LayerSpec>,
    /// From the code, at a quarter.
    pub(crate) synthesis_quarter: Vec<LayerSpec>,
    /// To blocks of pixels, at half.
    pub(crate) synthesis_half: Vec<LayerSpec>,
    /// The factors before rounding, and after it.
    pub(crate) gains: [LayerSpec; 2],
    /// The prior's.
    pub(crate) prior: [LayerSpec; 3],
}

impl Layers {
    /// All of them, in the order of the model's tensors.
    pub(crate) fn all(&self) -> Vec<LayerSpec> {
        [
            &self.analysis_half[..],
            &self.analysis_quarter,
            &self.synthesis_quarter,
            &self.synthesis_half,
            &self.gains,
            &self.prior,
        ]
        .concat()
    }
}

impl TransformConfig {
    /// The code's channels, rows and columns for an image.
    pub(crate) fn code_shape(&self, [_, height, width]: [usize; 3]) -> [usize; 3] {
        let side = |side: usize| side.div_ceil(REDUCTION);
        [self.code_channels, side(height), side(width)]
    }

    pub(crate) fn check_settings(&self, input_shape: [usize; 3]) -> Result<(), ModelError> {
        let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
        self.lambda.check()?;
        let is_width = |channels: usize| (1..=limits::CONV_WIDTH).contains(&channels);
        let most = limits::CONV_WIDTH;
        if let Some(channels) = self.widths.iter().find(|&&channels| !is_width(channels)) {
            let reason = format!("a layer of {channels} channels: must be 1 to {most}");
            return reject("widths", reason);
        }
        // Blocks of four maps become one.
        if self.widths[0] * REDUCTION > limits::CONV_WIDTH {
            let reason = format!(
                "{} channels at half the size: at most {}",
                self.widths[0],
                limits::CONV_WIDTH / REDUCTION
            );
            return reject("widths", reason);
        }
        if !is_width(self.code_channels) {
            let reason = format!("{}: must be 1 to {most}", self.code_channels);
            return reject("code_channels", reason);
        }
        if self.shift > MOST_SHIFT {
            let reason = format!("{}: at most {MOST_SHIFT}", self.shift);
            return reject("shift", reason);
        }
        let values: usize = self.code_shape(input_shape).iter().product();
        if self.lambda.qualities().saturating_mul(values) > limits::PARAMETERS / 8 {
            let reason = format!(
                "{} qualities of codes of {values} values are more than a prior has room for",
                self.lambda.qualities()
            );
            return reject("lambda", reason);
        }
        Ok(())
    }

    /// The layers for images of this shape.
    pub(crate) fn layers(&self, input_shape: [usize; 3]) -> Layers {
        let [half, quarter] = self.widths;
        let pixels = input_shape[0] * REDUCTION;
        let code = self.code_channels;
        let values = self.code_shape(input_shape).iter().product();
        let qualities = self.lambda.qualities();
        let constant = |name: &str| {
            let kind = LayerKind::Constant { initial: 0.0 };
            LayerSpec::new(name, kind, 1, qualities * code)
        };
        let q = quarter;
        Layers {
            analysis_half: chain("analysis_half", &[pixels, half]),
            analysis_quarter: chain("analysis_quarter", &[half * REDUCTION, q, q, q, code]),
            synthesis_quarter: chain(
                "synthesis_quarter",
                &[code, q, q, q, q, q, q, half * REDUCTION],
            ),
            synthesis_half: chain("synthesis_half", &[half, half, pixels]),
            gains: [constant("log_gains"), constant("log_inverse_gains")],
            prior: FactorizedPrior::layers("prior", qualities, values),
        }
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
