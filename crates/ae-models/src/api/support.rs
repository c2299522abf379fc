//! What a likelihood is over, and what its logarithm is in bits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The values of a pixel over which a likelihood sums, or integrates, to one.
///
/// Nats of two kinds are not comparable: a density may be above 1, so that its code length is negative. Bits are, of
/// [`Levels`](Self::Levels) and [`UnitInterval`](Self::UnitInterval): both are of pixels of 256 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LikelihoodSupport {
    /// Two values, black and white. Of grays it is a cross-entropy and no code length.
    BlackAndWhite,
    /// All values from 0 to 1, by a density.
    UnitInterval,
    /// The 256 levels, each with a probability of its own.
    Levels,
}

impl LikelihoodSupport {
    /// A negative log-likelihood in bits for each of `pixels` pixels of `values` values in all, from nats.
    ///
    /// Of a density they are those of 256 levels: the density times the width of a level, 1/256, is about the level's
    /// probability, so `log2 256 = 8` bits a value are added. That is close where the density varies little within a
    /// level, which is `sigma` well above 1/256; pixels are steps of 1/255 apart, so it is .006 bits on the safe side.
    ///
    /// # References
    /// L. Theis, A. van den Oord and M. Bethge (2016), *A note on the evaluation of generative models*, section 3.1.
    #[must_use]
    pub fn bits_per_pixel(self, negative_nats: f64, values: usize, pixels: usize) -> f64 {
        let bits = negative_nats / std::f64::consts::LN_2;
        let bits = match self {
            Self::BlackAndWhite | Self::Levels => bits,
            Self::UnitInterval => bits + 8.0 * values as f64,
        };
        bits / pixels as f64
    }

    /// What the nats are of, where that is no probability: `of a density on 0..1`.
    #[must_use]
    pub fn nats_of(self) -> Option<&'static str> {
        match self {
            Self::BlackAndWhite | Self::Levels => None,
            Self::UnitInterval => Some("of a density on 0..1"),
        }
    }
}

/// What the bits of [`bits_per_pixel`](LikelihoodSupport::bits_per_pixel) are of.
impl fmt::Display for LikelihoodSupport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::BlackAndWhite => "black and white",
            Self::UnitInterval | Self::Levels => "256 levels",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A normal distribution around the middle, its mass in each of 256 bins against its density there.
    #[test]
    fn bits_of_a_density_are_those_of_its_bins() {
        for sigma in [0.05, 0.1, 0.3] {
            let density = |x: f64| {
                let z = (x - 0.5) / sigma;
                (-0.5 * z * z).exp() / (sigma * (2.0 * std::f64::consts::PI).sqrt())
            };
            for level in [100, 128, 150] {
                let bin = |step: usize| (level as f64 + (step as f64 + 0.5) / 1000.0) / 256.0;
                let mass = (0..1000).map(|step| density(bin(step)) / 256_000.0);
                let expected = -mass.sum::<f64>().log2();
                let nats = -density((level as f64 + 0.5) / 256.0).ln();
                let found = LikelihoodSupport::UnitInterval.bits_per_pixel(nats, 1, 1);
                assert!(
                    (found - expected).abs() < 0.01,
                    "{sigma} {level}: {found}, {expected}"
                );
                // Three such values a pixel, four pixels.
                let color = LikelihoodSupport::UnitInterval.bits_per_pixel(12.0 * nats, 12, 4);
                assert!((color - 3.0 * found).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn bits_of_probabilities_are_their_logarithms() {
        for support in [LikelihoodSupport::BlackAndWhite, LikelihoodSupport::Levels] {
            let bits = support.bits_per_pixel(8.0 * std::f64::consts::LN_2, 4, 4);
            assert!((bits - 2.0).abs() < 1e-12, "{bits}");
        }
    }
}
