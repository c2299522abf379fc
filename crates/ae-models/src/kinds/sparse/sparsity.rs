//! What makes a code sparse.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid};
use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::written::{check_coefficient, number, written_as_text};

/// How a [`SparseAutoencoder`](crate::SparseAutoencoder) keeps most numbers of a code at rest.
///
/// A penalty is **per image**: summed over the numbers of a code, averaged over the images of the batch alone. The
/// reconstruction loss beside it is a mean over every value; times the values of an image, it is per image too.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Sparsity {
    /// `weight * sum of |code|`, of a ReLU code: `l1:WEIGHT`.
    L1 {
        /// What the penalty is multiplied by.
        weight: f64,
    },
    /// `weight * sum of KL(target || activity)`, of a sigmoid code, whose activity is a number's mean over the batch,
    /// and the divergence that of two coins: `kl:TARGET:WEIGHT`.
    ///
    /// # References
    /// A. Ng (2011), *Sparse autoencoder*, CS294A lecture notes, section 3.
    Kl {
        /// The mean activity that each number is to have, above 0 and below 1.
        target: f64,
        /// What the penalty is multiplied by.
        weight: f64,
    },
    /// No penalty: of each image's code the `kept` largest numbers stay and the others are 0, at training and
    /// afterwards: `top-k:KEPT`.
    ///
    /// # References
    /// A. Makhzani and B. Frey (2014), *k-sparse autoencoders*, section 2.
    TopK {
        /// How many numbers of each code stay.
        kept: usize,
    },
}

written_as_text!(Sparsity);

impl Default for Sparsity {
    fn default() -> Self {
        Self::L1 { weight: 1e-5 }
    }
}

/// Activities are taken to be this far from 0 and 1 at least, where the divergence's gradient would be infinite.
const ACTIVITY_MARGIN: f64 = 1e-6;

impl Sparsity {
    /// What the encoder's numbers become before the decoder has them.
    ///
    /// # Shapes
    /// - `x`, output: `[batch, code_values]`
    pub(crate) fn activate(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::L1 { .. } => relu(x),
            Self::Kl { .. } => sigmoid(x),
            Self::TopK { kept } => {
                let [batch, values] = x.dims();
                let smallest_kept = x.clone().detach().topk(kept, 1).narrow(1, kept - 1, 1);
                let dropped = x
                    .clone()
                    .detach()
                    .lower(smallest_kept.expand([batch, values]));
                x.mask_fill(dropped, 0.0)
            }
        }
    }

    /// The term that is added to the loss, with its name.
    ///
    /// # Shapes
    /// - `code`: `[batch, code_values]`, activated
    /// - output: `[1]`
    pub(crate) fn penalty(self, code: Tensor<2>) -> Option<(&'static str, Tensor<1>)> {
        match self {
            Self::L1 { weight } => {
                let sums = code.abs().sum_dim(1);
                Some(("l1", sums.mean().mul_scalar(weight)))
            }
            Self::Kl { target, weight } => {
                let activity = code
                    .mean_dim(0)
                    .clamp(ACTIVITY_MARGIN, 1.0 - ACTIVITY_MARGIN);
                let rest = activity.clone().neg().add_scalar(1.0);
                let cross = activity.log().mul_scalar(target) + rest.log().mul_scalar(1.0 - target);
                let entropy = target * target.ln() + (1.0 - target) * (1.0 - target).ln();
                let divergence = cross.neg().add_scalar(entropy).sum();
                Some(("sparsity_kl", divergence.mul_scalar(weight)))
            }
            Self::TopK { .. } => None,
        }
    }

    /// Above which size a number of a code counts as active.
    pub(crate) fn activity_threshold(self) -> f32 {
        match self {
            Self::L1 { .. } | Self::TopK { .. } => 0.0,
            Self::Kl { .. } => 0.5,
        }
    }

    pub(crate) fn check(self) -> Result<(), ModelError> {
        let reject = |reason: String| Err(ModelError::config(FIELD, format!("`{self}`: {reason}")));
        match self {
            Self::L1 { weight } => check_coefficient(FIELD, weight),
            Self::Kl { target, .. } if !(target > 0.0 && target < 1.0) => {
                reject("the target activity must be above 0 and below 1".to_owned())
            }
            Self::Kl { weight, .. } => check_coefficient(FIELD, weight),
            Self::TopK { kept: 0 } => {
                reject("at least one number of the code must stay".to_owned())
            }
            Self::TopK { .. } => Ok(()),
        }
    }

    /// Checks what depends on the code as well.
    pub(crate) fn check_code(self, code_values: usize, is_map: bool) -> Result<(), ModelError> {
        let reject = |reason: String| Err(ModelError::config(FIELD, format!("`{self}`: {reason}")));
        match self {
            Self::TopK { kept } if kept > code_values => {
                reject(format!("the code has only {code_values} numbers"))
            }
            Self::Kl { .. } if is_map => {
                reject("takes a code of `latent` numbers, not a feature map".to_owned())
            }
            _ => self.check(),
        }
    }
}

pub(crate) const FIELD: &str = "sparsity";

impl fmt::Display for Sparsity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::L1 { weight } => write!(formatter, "l1:{weight}"),
            Self::Kl { target, weight } => write!(formatter, "kl:{target}:{weight}"),
            Self::TopK { kept } => write!(formatter, "top-k:{kept}"),
        }
    }
}

impl FromStr for Sparsity {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let sparsity = match parts[..] {
            ["l1", weight] => Self::L1 {
                weight: number(FIELD, text, weight)?,
            },
            ["kl", target, weight] => Self::Kl {
                target: number(FIELD, text, target)?,
                weight: number(FIELD, text, weight)?,
            },
            ["top-k", kept] => Self::TopK {
                kept: number(FIELD, text, kept)?,
            },
            _ => {
                return Err(ModelError::unknown(
                    FIELD,
                    text,
                    "l1:WEIGHT, kl:TARGET:WEIGHT, top-k:KEPT",
                ));
            }
        };
        sparsity.check()?;
        Ok(sparsity)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for text in ["l1:0.0001", "kl:0.05:0.1", "top-k:8"] {
            assert_eq!(text.parse::<Sparsity>().unwrap().to_string(), text);
        }
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Sparsity>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("l2:1", "unknown sparsity `l2:1`: expected one of l1:WEIGHT");
        check("l1:-1", "-1: must be a finite number of at least 0");
        check("l1:inf", "inf: must be a finite number of at least 0");
        check("kl:1:1", "the target activity must be above 0 and below 1");
        check(
            "kl:nan:1",
            "the target activity must be above 0 and below 1",
        );
        check("top-k:0", "at least one number of the code must stay");
        check("top-k:-2", "`-2` is not such a number");
    }

    #[test]
    fn the_largest_numbers_stay() {
        let codes = Tensor::<2>::from_data(
            [[1.0, -4.0, 3.0, 2.0], [-1.0, -2.0, -3.0, -4.0]],
            &Device::flex(),
        );
        let kept = Sparsity::TopK { kept: 2 }.activate(codes).into_data();
        let kept: Vec<f32> = kept.iter::<f32>().collect();
        assert_eq!(kept, [0.0, 0.0, 3.0, 2.0, -1.0, -2.0, 0.0, 0.0]);
    }
}
