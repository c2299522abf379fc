//! Training without clean targets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, TrainError};
use crate::setting_checks::refuse;

/// The field's name in `config.toml`.
const FIELD: &str = "self_supervised";
/// What the paper takes for pictures of 0 to 1 with synthetic noise.
const USUAL_REGULARIZATION: f64 = 2.0;

/// How a model is trained on noisy pictures alone, which have no clean targets. In a file its name:
/// `self_supervised = "neighbor2neighbor"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum SelfSupervision {
    /// Of every 2x2 pixels of a noisy picture two neighbors are drawn: the first ones make the input, the second ones the
    /// target. Their noise is independent, and what lies below it is nearly the same; what is not, the regularization
    /// makes up for. `neighbor2neighbor:2` says its weight.
    ///
    /// # References
    /// T. Huang, S. Li, X. Jia, H. Lu, J. Liu (2021), *Neighbor2Neighbor: self-supervised denoising from single noisy images*,
    /// CVPR, equations 11 and 12; the rising weight is of section 5.1 and the authors' program.
    Neighbor2Neighbor {
        /// The weight of the regularization with the last step; it rises from 0 in a line. 2 by default.
        regularization: f64,
    },
}

impl SelfSupervision {
    /// The method's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Neighbor2Neighbor { .. } => "neighbor2neighbor",
        }
    }

    /// The weight of the regularization at step `step`, counted from 0, of a run of `steps`.
    pub(crate) fn regularization_at(self, step: usize, steps: usize) -> f64 {
        let Self::Neighbor2Neighbor { regularization } = self;
        match steps {
            0 | 1 => regularization,
            steps => regularization * (step as f64 / (steps - 1) as f64).min(1.0),
        }
    }
}

/// The name, with the weight where it is not the usual one.
impl fmt::Display for SelfSupervision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Neighbor2Neighbor { regularization } = self;
        match *regularization == USUAL_REGULARIZATION {
            true => formatter.write_str(self.name()),
            false => write!(formatter, "{}:{regularization}", self.name()),
        }
    }
}

impl FromStr for SelfSupervision {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let (name, regularization) = match text.split_once(':') {
            Some((name, weight)) => (name, weight.parse().ok()),
            None => (text, Some(USUAL_REGULARIZATION)),
        };
        match regularization {
            _ if name != "neighbor2neighbor" => {
                Err(refuse(FIELD, text, "must be neighbor2neighbor"))
            }
            Some(regularization) if (0.0..f64::INFINITY).contains(&regularization) => {
                Ok(Self::Neighbor2Neighbor { regularization })
            }
            _ => Err(refuse(
                FIELD,
                text,
                "must have a finite weight of at least 0, as neighbor2neighbor:2",
            )),
        }
    }
}

impl From<SelfSupervision> for String {
    fn from(method: SelfSupervision) -> Self {
        method.to_string()
    }
}

impl TryFrom<String> for SelfSupervision {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|error: TrainError| match error {
            TrainError::Config(ConfigError { value, must, .. }) => format!("{value}: {must}"),
            error => error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let check = |text: &str, regularization: f64, written: &str| {
            let method: SelfSupervision = text.parse().unwrap();
            assert_eq!(
                method,
                SelfSupervision::Neighbor2Neighbor { regularization }
            );
            assert_eq!(method.to_string(), written);
        };
        check("neighbor2neighbor", 2.0, "neighbor2neighbor");
        check("neighbor2neighbor:2", 2.0, "neighbor2neighbor");
        check("neighbor2neighbor:0.5", 0.5, "neighbor2neighbor:0.5");
        check("neighbor2neighbor:0", 0.0, "neighbor2neighbor:0");
        for text in [
            "",
            "n2n",
            "neighbor2neighbor:",
            "neighbor2neighbor:-1",
            "neighbor2neighbor:inf",
        ] {
            assert!(text.parse::<SelfSupervision>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_weight_rises_in_a_line() {
        let method: SelfSupervision = "neighbor2neighbor:3".parse().unwrap();
        let found: Vec<f64> = (0..5)
            .map(|step| method.regularization_at(step, 4))
            .collect();
        assert_eq!(found, [0.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(method.regularization_at(0, 1), 3.0);
    }
}
