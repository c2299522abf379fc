//! The kind with finite scalar quantization.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kind::{ModelKind, Outline};
use crate::kinds::quantized::finite_scalar::FiniteScalarQuantizer;
use crate::kinds::quantized::{MOST_CODEWORDS, NetworkSettings, QuantizedAutoencoder};
use crate::kinds::transform::SHIFT;
use crate::networks::options::{WIDTHS, two_widths};
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};

/// The fewest levels of a channel: of two, none would be in the middle of what a tangent reaches.
const FEWEST_LEVELS: usize = 3;
/// The most levels of a channel.
const MOST_LEVELS: usize = 256;
/// The largest dimension of a codeword.
const MOST_CHANNELS: usize = 16;

/// Settings of [`FiniteScalarAutoencoder`].
///
/// The default codes a 28x28 image as 7x7 of 1,000 codewords, 489 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FiniteScalarConfig {
    /// The levels of each channel of a codeword.
    pub levels: Vec<usize>,
    /// Channels at half the picture's size and at a quarter of it.
    pub widths: [usize; 2],
    /// Training images are moved by up to so many pixels either way, anew in each epoch, so that a small set is not learned
    /// by heart; 0 for not at all.
    pub shift: usize,
    /// The distribution of the network's initial weights.
    pub initialization: Initialization,
}

impl Default for FiniteScalarConfig {
    fn default() -> Self {
        Self {
            levels: vec![8, 5, 5, 5],
            widths: [32, 96],
            shift: 2,
            initialization: Initialization::HeUniform,
        }
    }
}

const LEVELS: SettingSpec = SettingSpec {
    name: "levels",
    value: SettingValue::List("N,N,..."),
    help: "How many levels each number of a codeword has [default: 8,5,5,5]",
};

impl ModelKind for FiniteScalarConfig {
    const NAME: &'static str = "fsq";
    const SUMMARY: &'static str =
        "Finite scalar quantization: numbers of a few levels at each place";
    type Model = FiniteScalarAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        let reject = |reason: String| Err(ModelError::config("levels", reason));
        if self.levels.is_empty() || self.levels.len() > MOST_CHANNELS {
            let given = self.levels.len();
            return reject(format!("{given} numbers: must be 1 to {MOST_CHANNELS}"));
        }
        let is_possible = |levels: usize| (FEWEST_LEVELS..=MOST_LEVELS).contains(&levels);
        if let Some(levels) = self.levels.iter().find(|&&levels| !is_possible(levels)) {
            return reject(format!(
                "{levels}: must be {FEWEST_LEVELS} to {MOST_LEVELS}"
            ));
        }
        let codewords = self.levels.iter().copied().fold(1, usize::saturating_mul);
        if codewords > MOST_CODEWORDS {
            return reject(format!(
                "{codewords} codewords in all: at most {MOST_CODEWORDS}"
            ));
        }
        self.network()
            .outline(input_shape, "levels", codewords, Vec::new())
    }

    fn build(&self, builder: &mut Builder<'_>) -> FiniteScalarAutoencoder {
        QuantizedAutoencoder::build(&self.network(), builder, |_| {
            FiniteScalarQuantizer::new(self.levels.clone())
        })
    }

    fn options() -> Vec<SettingSpec> {
        vec![LEVELS, WIDTHS, SHIFT]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.levels, given.list_of_at_least_one(LEVELS.name)?);
        set(&mut self.widths, two_widths(Self::NAME, given)?);
        set(&mut self.shift, given.parsed(SHIFT.name)?);
        Ok(())
    }

    fn description(&self) -> String {
        let levels: Vec<String> = self.levels.iter().map(ToString::to_string).collect();
        format!(
            "finite scalar quantization: numbers of {} levels at each place",
            levels.join(", ")
        )
    }
}

impl FiniteScalarConfig {
    fn network(&self) -> NetworkSettings {
        NetworkSettings {
            widths: self.widths,
            code_channels: self.levels.len(),
            shift: self.shift,
            initialization: self.initialization,
        }
    }
}

/// An autoencoder with finite scalar quantization: at each place of its code are a few numbers, each rounded to one of a few
/// levels. All combinations are codewords, and none is trained.
///
/// Numbers are bounded by a hyperbolic tangent and rounded; rounding passes gradients as they are. The loss is the training
/// configuration's, `reconstruction`, alone. A code has the levels as integers around 0, of `L` levels from `-floor(L / 2)` on.
///
/// The equivalent PyTorch module (the rest of `network` is that of [`TransformAutoencoder`](crate::TransformAutoencoder),
/// with a sigmoid at the end):
///
/// ```python
/// class FiniteScalarAutoencoder(nn.Module):
///     def __init__(self, network, levels=(8, 5, 5, 5)):
///         super().__init__()
///         self.network, self.levels = network, torch.tensor(levels).view(-1, 1, 1)
///
///     def quantize(self, z):  # [batch, channels, rows, columns]
///         half = 0.5 * (self.levels - 1) * (1 - 1e-3)
///         offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
///         return (((z + (offset / half).atanh()).tanh() * half - offset).round()) / (self.levels // 2)
/// ```
///
/// # References
/// F. Mentzer, D. Minnen, E. Agustsson and M. Tschannen (2024), *Finite scalar quantization: VQ-VAE made simple*, section 3.1,
/// and appendix A.1, whose `tan` is an `atanh` here, so that 0 stays 0.
pub type FiniteScalarAutoencoder = QuantizedAutoencoder<FiniteScalarQuantizer>;
