//! How the weight of the Kullback-Leibler divergence rises.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;
use crate::written::{number, written_as_text};

/// Which share of a variational model's `beta` counts at each step of training.
///
/// A function of the number of steps taken, so it has no state, and a resumed run goes on with it exactly.
///
/// # References
/// S. R. Bowman et al. (2016), *Generating sentences from a continuous space*, section 3.1: linear warm-up. H. Fu et al.
/// (2019), *Cyclical annealing schedule*, equations 6 and 7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum BetaSchedule {
    /// Always all of it: `constant`.
    #[default]
    Constant,
    /// From 0 before the first step to all of it after `steps`, in a straight line: `linear:STEPS`.
    Linear {
        /// Steps until all of it counts.
        steps: u64,
    },
    /// Cycles of `steps` each: up from 0 in a straight line over `rise_share` of the cycle, then all of it:
    /// `cyclical:STEPS:SHARE`, or `cyclical:STEPS` for a share of one half.
    Cyclical {
        /// Steps in one cycle.
        steps: u64,
        /// The part of a cycle in which the share rises.
        rise_share: f64,
    },
}

written_as_text!(BetaSchedule);

impl BetaSchedule {
    /// The share of `beta` that counts when `step` steps have been taken, between 0 and 1.
    #[must_use]
    pub fn share(self, step: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Linear { steps } => (step as f64 / steps as f64).min(1.0),
            Self::Cyclical { steps, rise_share } => {
                ((step % steps) as f64 / (steps as f64 * rise_share)).min(1.0)
            }
        }
    }

    pub(crate) fn check(self) -> Result<(), ModelError> {
        let reject = |reason: &str| Err(ModelError::config(FIELD, format!("`{self}`: {reason}")));
        match self {
            Self::Linear { steps: 0 } | Self::Cyclical { steps: 0, .. } => {
                reject("takes at least one step")
            }
            Self::Cyclical { rise_share, .. } if !(rise_share > 0.0 && rise_share <= 1.0) => {
                reject("the share of a cycle must be above 0 and at most 1")
            }
            _ => Ok(()),
        }
    }
}

const FIELD: &str = "beta_schedule";

impl fmt::Display for BetaSchedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => formatter.pad("constant"),
            Self::Linear { steps } => write!(formatter, "linear:{steps}"),
            Self::Cyclical { steps, rise_share } => {
                write!(formatter, "cyclical:{steps}:{rise_share}")
            }
        }
    }
}

impl FromStr for BetaSchedule {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let schedule = match parts[..] {
            ["constant"] => Self::Constant,
            ["linear", steps] => Self::Linear {
                steps: number(FIELD, text, steps)?,
            },
            ["cyclical", steps] => Self::Cyclical {
                steps: number(FIELD, text, steps)?,
                rise_share: 0.5,
            },
            ["cyclical", steps, share] => Self::Cyclical {
                steps: number(FIELD, text, steps)?,
                rise_share: number(FIELD, text, share)?,
            },
            _ => {
                return Err(ModelError::unknown(
                    "beta schedule",
                    text,
                    "constant, linear:STEPS, cyclical:STEPS, cyclical:STEPS:SHARE",
                ));
            }
        };
        schedule.check()?;
        Ok(schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_step() {
        let check = |text: &str, expected: &[(u64, f64)]| {
            let schedule: BetaSchedule = text.parse().unwrap();
            for &(step, share) in expected {
                let found = schedule.share(step);
                assert!(
                    (found - share).abs() < 1e-12,
                    "{text} at {step}: {found} instead of {share}"
                );
            }
            assert_eq!(
                schedule.to_string().parse::<BetaSchedule>().unwrap(),
                schedule
            );
        };
        check("constant", &[(0, 1.0), (1_000_000, 1.0)]);
        check("linear:4", &[(0, 0.0), (1, 0.25), (4, 1.0), (400, 1.0)]);
        // Half of ten steps of rising, then the other half at the top, and again from 0.
        check(
            "cyclical:10",
            &[(0, 0.0), (1, 0.2), (5, 1.0), (9, 1.0), (10, 0.0), (12, 0.4)],
        );
        check("cyclical:10:1", &[(0, 0.0), (5, 0.5), (9, 0.9), (10, 0.0)]);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<BetaSchedule>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("quadratic", "unknown beta schedule `quadratic`");
        check("linear", "expected one of constant, linear:STEPS");
        check("linear:0", "takes at least one step");
        check("linear:-5", "`-5` is not such a number");
        check("cyclical:10:0", "must be above 0 and at most 1");
        check("cyclical:10:nan", "must be above 0 and at most 1");
        check("cyclical:10:2", "must be above 0 and at most 1");
    }
}
