//! The settings of the transform codec's autoencoder for pictures of any sizes, and the layers that they describe.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kinds::picture_transform::blocks::BlockTransform;
use crate::kinds::transform::lambdas::Lambdas;
use crate::limits;
use crate::networks::causal_prior::CausalPrior;
use crate::networks::layer::{LayerKind, LayerSpec};
use crate::networks::rearranging::BLOCK;
use crate::parameters::initialization::Initialization;

/// Settings of [`PictureTransform`](crate::PictureTransform).
///
/// The default codes each block of 8x8 pixels as 48 integers, at four qualities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PictureTransformConfig {
    /// The weight of the rate for each quality, falling.
    pub lambda: Lambdas,
    /// Channels of each level, from half the picture's size on; each halves the one before.
    pub widths: Vec<usize>,
    /// Channels of the code, which has the size of the last level.
    pub code_channels: usize,
    /// The distribution of the initial weights.
    pub initialization: Initialization,
}

impl Default for PictureTransformConfig {
    fn default() -> Self {
        Self {
            lambda: Lambdas::usual_for_pictures(),
            widths: vec![32, 64, 96],
            code_channels: 48,
            initialization: Initialization::HeUniform,
        }
    }
}

/// What initial weights of a network's last layer are multiplied by.
const FIRST_SHARE: f64 = 0.01;
/// Levels, at least: one has no more than blocks of four pixels to look at.
const FEWEST_LEVELS: usize = 2;
/// Levels, at most.
const MOST_LEVELS: usize = 5;

/// The layers of one level, in the order in which maps pass through them, and where its residual blocks begin.
pub(crate) struct Level {
    pub(crate) layers: Vec<LayerSpec>,
    pub(crate) blocks: Vec<usize>,
}

/// Layers of all levels, in the order in which pictures pass through them.
pub(crate) struct Layers {
    /// From blocks of pixels to the code.
    pub(crate) analysis: Vec<Level>,
    /// From the code to blocks of pixels.
    pub(crate) synthesis: Vec<Level>,
    /// The matrices beside them.
    pub(crate) blocks: [LayerSpec; 2],
    /// The factors before rounding, and after it.
    pub(crate) gains: [LayerSpec; 2],
    /// The prior's.
    pub(crate) prior: [LayerSpec; 4],
}

impl Layers {
    /// All of them, in the order of the model's tensors.
    pub(crate) fn all(&self) -> Vec<LayerSpec> {
        let levels = self.analysis.iter().chain(&self.synthesis);
        let convolutions = levels.flat_map(|level| &level.layers);
        convolutions
            .chain(&self.blocks)
            .chain(&self.gains)
            .chain(&self.prior)
            .cloned()
            .collect()
    }
}

impl PictureTransformConfig {
    /// What a side of the code is multiplied by to be one of the picture, rounded up.
    pub(crate) fn reduction(&self) -> usize {
        1 << self.widths.len()
    }

    pub(crate) fn check_settings(
        &self,
        [channels, height, width]: [usize; 3],
    ) -> Result<(), ModelError> {
        let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
        self.lambda.check()?;
        let levels = self.widths.len();
        if !(FEWEST_LEVELS..=MOST_LEVELS).contains(&levels) {
            let reason = format!("{levels} levels: must be {FEWEST_LEVELS} to {MOST_LEVELS}");
            return reject("widths", reason);
        }
        // Blocks of four maps become one.
        let most = limits::CONV_WIDTH / (BLOCK * BLOCK);
        if let Some(channels) = self
            .widths
            .iter()
            .find(|&channels| !(1..=most).contains(channels))
        {
            let reason = format!("a level of {channels} channels: must be 1 to {most}");
            return reject("widths", reason);
        }
        if !(1..=most).contains(&self.code_channels) {
            let reason = format!("{}: must be 1 to {most}", self.code_channels);
            return reject("code_channels", reason);
        }
        if channels != 1 {
            let reason = format!("for pictures of {channels} channels: the codec is for gray ones");
            return reject("code_channels", reason);
        }
        let reduction = self.reduction();
        if !height.is_multiple_of(reduction) || !width.is_multiple_of(reduction) {
            let reason = format!(
                "{levels} levels halve the picture {levels} times: patches of sides that {reduction} divides train it, not \
                 {width}x{height}"
            );
            return reject("widths", reason);
        }
        Ok(())
    }

    /// The layers.
    pub(crate) fn layers(&self) -> Layers {
        let (pixels, code) = (BLOCK * BLOCK, self.code_channels);
        let qualities = self.lambda.qualities();
        let deepest = self.widths.len() - 1;
        let of_blocks = |level: usize| match level {
            0 => pixels,
            level => self.widths[level - 1] * BLOCK * BLOCK,
        };
        let (mut analysis, mut synthesis) = (Vec::new(), Vec::new());
        let mut count = 0;
        for (level, &w) in self.widths.iter().enumerate() {
            let from = of_blocks(level);
            analysis.push(match level == deepest {
                true => chain("analysis", &mut count, &[from, w, w, w, code], &[0]),
                false => chain("analysis", &mut count, &[from, w], &[]),
            });
        }
        count = 0;
        for (level, &w) in self.widths.iter().enumerate().rev() {
            let to = of_blocks(level);
            synthesis.push(match level == deepest {
                true => {
                    let channels = [code, w, w, w, w, w, w, to];
                    chain("synthesis", &mut count, &channels, &[0, 3])
                }
                false => chain("synthesis", &mut count, &[w, w, to], &[]),
            });
        }
        let constant = |name: &str| {
            let kind = LayerKind::Constant { initial: 0.0 };
            LayerSpec::new(name, kind, 1, qualities * code)
        };
        // What the network adds is little at first.
        for level in [&mut analysis, &mut synthesis] {
            let last = level.last_mut().and_then(|level| level.layers.last_mut());
            if let Some(last) = last {
                *last = last.clone().scaled(FIRST_SHARE);
            }
        }
        Layers {
            analysis,
            synthesis,
            blocks: BlockTransform::layers("blocks", self.reduction(), code),
            gains: [constant("log_gains"), constant("log_inverse_gains")],
            prior: CausalPrior::layers("prior", qualities, code, [1, 1]),
        }
    }

    /// How far from a place of the code the pixels are that it has a part in, in places.
    pub(crate) fn margin(&self) -> usize {
        let levels = self.layers().synthesis;
        // Beginning at the pixels: each level halves what is known of the next, and its convolutions reach one further each.
        levels.iter().rev().fold(0_usize, |reach, level| {
            reach.div_ceil(BLOCK) + level.layers.len()
        })
    }
}

/// Convolutions one after the other, of so many channels, numbered on from `count`.
fn chain(name: &str, count: &mut usize, channels: &[usize], blocks: &[usize]) -> Level {
    let pairs = channels.windows(2);
    let layers = pairs.map(|pair| {
        let name = format!("{name}.{count}");
        *count += 1;
        LayerSpec::new(name, LayerKind::Convolution, pair[0], pair[1])
    });
    Level {
        layers: layers.collect(),
        blocks: blocks.to_vec(),
    }
}
