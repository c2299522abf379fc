//! How grays become black and white: each value is white with its brightness as probability.

use std::fmt;
use std::str::FromStr;

use ae_random::{Draw, Purpose};
use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// Whether images are made black and white, and when that is drawn.
///
/// Each value of an image becomes white with its brightness, from 0 to 1, as probability, independently of the others,
/// and black else: what black is stays black, and what white is stays white. Models with a Bernoulli likelihood are
/// compared on images made so.
///
/// # References
/// R. Salakhutdinov and I. Murray (2008), *On the quantitative analysis of deep belief networks*, section 5.1: drawn
/// once. Y. Burda, R. Grosse and R. Salakhutdinov (2016), *Importance weighted autoencoders*, section 5: drawn anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binarization {
    /// Images keep their grays.
    #[default]
    None,
    /// Drawn once, so that the images are a fixed set of black and white ones.
    Static,
    /// Training images are drawn anew in each epoch; images that are only measured are drawn once.
    Dynamic,
}

impl Binarization {
    /// Whether images keep their grays.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl FromStr for Binarization {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "none" => Ok(Self::None),
            "static" => Ok(Self::Static),
            "dynamic" => Ok(Self::Dynamic),
            _ => Err(DataError::InvalidValue {
                what: "binarization",
                value: text.to_owned(),
                expected: "none, static or dynamic".to_owned(),
            }),
        }
    }
}

impl fmt::Display for Binarization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::None => "none",
            Self::Static => "static",
            Self::Dynamic => "dynamic",
        })
    }
}

/// What the draws of a set in black and white are named by, but for the image's index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BinaryDraws {
    pub(crate) binarization: Binarization,
    pub(crate) seed: u64,
    pub(crate) purpose: Purpose,
    pub(crate) epoch: u64,
}

impl BinaryDraws {
    /// Makes the values of the image at `index` of its store black or white.
    pub(crate) fn apply(&self, index: usize, values: &mut [u8]) {
        let draw = Draw {
            seed: self.seed,
            purpose: self.purpose,
            epoch: self.epoch,
            index: index as u64,
        };
        let mut stream = draw.stream();
        for value in values {
            // The largest number below 1, times 255, is still below 255.
            let is_white = 255.0 * stream.uniform() < f32::from(*value);
            *value = if is_white { 255 } else { 0 };
        }
    }
}
