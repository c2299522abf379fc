//! The vector-quantized kind.

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::kind::{ModelKind, Outline};
use crate::kinds::quantized::codebook::Codebook;
use crate::kinds::quantized::{NetworkSettings, QuantizedAutoencoder};
use crate::kinds::transform::{CODE_CHANNELS, SHIFT};
use crate::networks::options::{WIDTHS, two_widths};
use crate::parameters::builder::Builder;
use crate::parameters::initialization::Initialization;
use crate::settings::{GivenSettings, SettingSpec, SettingValue, set};
use crate::written::check_coefficient;

/// The most codewords: the distances of all a batch's vectors to all of them are in memory at once.
const MOST_CODEWORDS: usize = 4_096;
/// The most channels of a codeword: of those in many, most are never the nearest.
const MOST_CHANNELS: usize = 8;

/// Settings of [`VectorQuantizedAutoencoder`].
///
/// The default codes a 28x28 image as 7x7 of 1,024 codewords, 490 bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VectorQuantizedConfig {
    /// How many codewords there are: a power of two.
    pub codewords: usize,
    /// Channels of a codeword, at most 8.
    pub code_channels: usize,
    /// What the mean squared distance between the encoder's vectors and their codewords is multiplied by in the loss.
    pub commitment: f64,
    /// How much of the codebook's moving averages each step keeps.
    pub decay: f64,
    /// Channels at half the picture's size and at a quarter of it.
    pub widths: [usize; 2],
    /// Training images are moved by up to so many pixels either way, anew in each epoch, so that a small set is not learned
    /// by heart; 0 for not at all.
    pub shift: usize,
    /// The distribution of the network's initial weights.
    pub initialization: Initialization,
}

impl Default for VectorQuantizedConfig {
    fn default() -> Self {
        Self {
            codewords: 1_024,
            code_channels: 8,
            commitment: 0.25,
            decay: 0.99,
            widths: [32, 96],
            shift: 2,
            initialization: Initialization::HeUniform,
        }
    }
}

const CODEWORDS: SettingSpec = SettingSpec {
    name: "codewords",
    value: SettingValue::Text("N"),
    help: "How many codewords there are, a power of two [default: 1024]",
};

const COMMITMENT: SettingSpec = SettingSpec {
    name: "commitment",
    value: SettingValue::Text("WEIGHT"),
    help: "The weight of the squared distance to the nearest codeword in the loss [default: 0.25]",
};

impl ModelKind for VectorQuantizedConfig {
    const NAME: &'static str = "vq";
    const SUMMARY: &'static str = "Vector-quantized: one of a list of codewords at each place";
    type Model = VectorQuantizedAutoencoder;

    fn check(&self, input_shape: [usize; 3]) -> Result<Outline, ModelError> {
        let reject = |field: &'static str, reason: String| Err(ModelError::config(field, reason));
        if !self.codewords.is_power_of_two() || !(2..=MOST_CODEWORDS).contains(&self.codewords) {
            let reason = format!(
                "{}: must be a power of two from 2 to {MOST_CODEWORDS}",
                self.codewords
            );
            return reject("codewords", reason);
        }
        if self.code_channels > MOST_CHANNELS {
            let reason = format!(
                "{}: at most {MOST_CHANNELS}, as few of the codewords are used in more dimensions",
                self.code_channels
            );
            return reject("code_channels", reason);
        }
        check_coefficient("commitment", self.commitment)?;
        if !(0.0..1.0).contains(&self.decay) {
            return reject(
                "decay",
                format!("{}: must be from 0 to below 1", self.decay),
            );
        }
        let codebook = Codebook::tensor_shapes(self.codewords, self.code_channels);
        let network = self.network();
        network.outline(input_shape, "code_channels", self.codewords, codebook)
    }

    fn build(&self, builder: &mut Builder<'_>) -> VectorQuantizedAutoencoder {
        QuantizedAutoencoder::build(&self.network(), builder, |builder| {
            Codebook::build(
                self.codewords,
                self.code_channels,
                self.decay,
                self.commitment,
                builder,
            )
        })
    }

    fn options() -> Vec<SettingSpec> {
        vec![CODEWORDS, CODE_CHANNELS, COMMITMENT, WIDTHS, SHIFT]
    }

    fn apply(&mut self, given: &GivenSettings) -> Result<(), ModelError> {
        set(&mut self.codewords, given.at_least_one(CODEWORDS.name)?);
        set(
            &mut self.code_channels,
            given.at_least_one(CODE_CHANNELS.name)?,
        );
        set(&mut self.commitment, given.at_least_zero(COMMITMENT.name)?);
        set(&mut self.widths, two_widths(Self::NAME, given)?);
        set(&mut self.shift, given.parsed(SHIFT.name)?);
        Ok(())
    }

    fn description(&self) -> String {
        format!(
            "vector-quantized: one of {} codewords at each place",
            self.codewords
        )
    }
}

impl VectorQuantizedConfig {
    fn network(&self) -> NetworkSettings {
        NetworkSettings {
            widths: self.widths,
            code_channels: self.code_channels,
            shift: self.shift,
            initialization: self.initialization,
        }
    }
}

/// A vector-quantized autoencoder: at each place of its code is the nearest of a list of codewords, which follow the
/// encoder's vectors by moving averages.
///
/// | term of the loss | |
/// |---|---|
/// | `reconstruction` | the training configuration's loss; the gradient of a codeword's numbers is given to the encoder's vector as it is (straight through) |
/// | `commitment` | the mean squared distance between the encoder's vectors and their codewords, times `commitment` |
///
/// A codeword is the quotient of two moving averages over steps, of the vectors that chose it and of their number; each step
/// keeps `decay` of both. They begin with one vector, the codeword itself, so that the first step is no other than those after
/// it. A codeword that is chosen by less than a tenth of what each would be on average is dead: it begins anew at a vector of
/// the batch, by numbers that are drawn for the batch's images. It then counts as if chosen by an average number of vectors.
///
/// The equivalent PyTorch module (the rest of `network` is that of [`TransformAutoencoder`](crate::TransformAutoencoder),
/// with a sigmoid at the end):
///
/// ```python
/// class VectorQuantizedAutoencoder(nn.Module):
///     def __init__(self, network, codewords=1024, channels=8):
///         super().__init__()
///         self.network = network
///         self.quantizer = Quantizer(codewords, channels)
///
/// class Quantizer(nn.Module):
///     def __init__(self, codewords, channels):
///         super().__init__()
///         self.sizes = nn.Parameter(torch.ones(codewords), requires_grad=False)
///         self.sums = nn.Parameter(torch.rand(codewords, channels) * 2 - 1, requires_grad=False)
///
///     def indices(self, vectors):  # [places, channels]
///         return torch.cdist(vectors, self.sums / self.sizes[:, None]).argmin(1)
/// ```
///
/// # References
/// A. van den Oord, O. Vinyals and K. Kavukcuoglu (2017), *Neural discrete representation learning*, equation 3 and appendix
/// A.1: the loss, moving averages. A. Razavi, A. van den Oord and O. Vinyals (2019), *Generating diverse high-fidelity images
/// with VQ-VAE-2*. P. Dhariwal et al. (2020), *Jukebox*, section 3: dead codewords begin anew at random vectors. J. Yu et al.
/// (2022), *Vector-quantized image modeling with improved VQGAN*, section 3.2: few channels, so that codewords are used.
pub type VectorQuantizedAutoencoder = QuantizedAutoencoder<Codebook>;
