//! Learning rates by step.

use std::f64::consts::PI;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::setting_checks::{at_least_one, by_name, positive, refuse};

/// How the learning rate changes from step to step, after the warm-up.
///
/// The rate is a function of the step's number alone, so a schedule has no state to save.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum ScheduleConfig {
    /// Always the same.
    Constant,
    /// Half a cosine from the full rate at the end of the warm-up to `final_share` of it at the last step.
    ///
    /// # References
    /// I. Loshchilov and F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*, equation 5, one period.
    Cosine {
        /// What is left of the learning rate at the end.
        #[serde(default = "default_final_share")]
        final_share: f64,
    },
    /// Multiplied by `factor` every `every_steps` steps.
    Step {
        /// Steps between two changes.
        #[serde(default = "default_every_steps")]
        every_steps: usize,
        /// What the rate is multiplied by.
        #[serde(default = "default_factor")]
        factor: f64,
    },
    /// Multiplied by `factor` once each of some numbers of steps is taken.
    Milestones {
        /// Those numbers, counted from the run's first step, ascending.
        steps: Vec<usize>,
        /// What the rate is multiplied by.
        #[serde(default = "default_factor")]
        factor: f64,
    },
    /// Multiplied by `factor` once each of some numbers of epochs is over. In a file `kind = "epoch-milestones"`.
    ///
    /// An epoch is counted as the steps that go once through the training images. Stages of 3^i epochs, whose rates fall by
    /// 10^(-1/7) each (Burda et al. 2016), end after 1, 4, 13, 40, 121, 364 and 1,093 epochs.
    #[serde(rename = "epoch-milestones")]
    EpochMilestones {
        /// Those numbers, counted from the run's first epoch, ascending, at least 1.
        epochs: Vec<usize>,
        /// What the rate is multiplied by.
        #[serde(default = "default_factor")]
        factor: f64,
    },
}

fn default_final_share() -> f64 {
    0.01
}

fn default_every_steps() -> usize {
    1000
}

fn default_factor() -> f64 {
    0.5
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self::Cosine {
            final_share: default_final_share(),
        }
    }
}

impl ScheduleConfig {
    /// The name it is chosen by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine { .. } => "cosine",
            Self::Step { .. } => "step",
            Self::Milestones { .. } => "milestones",
            Self::EpochMilestones { .. } => "epoch-milestones",
        }
    }

    pub(crate) fn check(&self) -> Result<(), TrainError> {
        match self {
            Self::Constant => Ok(()),
            Self::Cosine { final_share } if !(0.0..=1.0).contains(final_share) => Err(refuse(
                "schedule.final_share",
                final_share,
                "must be between 0 and 1",
            )),
            Self::Cosine { .. } => Ok(()),
            Self::Step {
                every_steps,
                factor,
            } => {
                at_least_one("schedule.every_steps", *every_steps)?;
                positive("schedule.factor", *factor)
            }
            Self::Milestones { steps, factor } => {
                if steps.is_empty() || !steps.is_sorted_by(|a, b| a < b) {
                    let steps = format!("{steps:?}");
                    return Err(refuse(
                        "schedule.steps",
                        steps,
                        "must be ascending, at least one",
                    ));
                }
                positive("schedule.factor", *factor)
            }
            Self::EpochMilestones { epochs, factor } => {
                let is_ascending = epochs.is_sorted_by(|a, b| a < b);
                if epochs.first().is_none_or(|&first| first == 0) || !is_ascending {
                    return Err(refuse(
                        "schedule.epochs",
                        format!("{epochs:?}"),
                        "must be ascending and at least 1, at least one",
                    ));
                }
                positive("schedule.factor", *factor)
            }
        }
    }

    /// The learning rate of step `step` (counted from 0) of `steps`, after `warmup_steps` of linear warm-up, where an epoch
    /// has `steps_per_epoch`.
    #[must_use]
    pub fn learning_rate(
        &self,
        base: f64,
        step: usize,
        warmup_steps: usize,
        steps: usize,
        steps_per_epoch: usize,
    ) -> f64 {
        if step < warmup_steps {
            return base * (step + 1) as f64 / warmup_steps as f64;
        }
        let since_warmup = step - warmup_steps;
        match self {
            Self::Constant => base,
            Self::Cosine { final_share } => {
                let last = steps.saturating_sub(warmup_steps + 1).max(1);
                let progress = (since_warmup as f64 / last as f64).min(1.0);
                base * (final_share + (1.0 - final_share) * 0.5 * (1.0 + (PI * progress).cos()))
            }
            Self::Step {
                every_steps,
                factor,
            } => {
                let changes = i32::try_from(since_warmup / every_steps).unwrap_or(i32::MAX);
                base * factor.powi(changes)
            }
            Self::Milestones { steps, factor } => {
                let passed = steps.partition_point(|&milestone| milestone <= step);
                base * factor.powi(i32::try_from(passed).unwrap_or(i32::MAX))
            }
            Self::EpochMilestones { epochs, factor } => {
                let over = step / steps_per_epoch.max(1);
                let passed = epochs.partition_point(|&milestone| milestone <= over);
                base * factor.powi(i32::try_from(passed).unwrap_or(i32::MAX))
            }
        }
    }
}

impl FromStr for ScheduleConfig {
    type Err = TrainError;

    fn from_str(text: &str) -> Result<Self, TrainError> {
        let choices = [
            ("constant", Self::Constant),
            ("cosine", Self::default()),
            (
                "step",
                Self::Step {
                    every_steps: default_every_steps(),
                    factor: default_factor(),
                },
            ),
        ];
        by_name(
            "schedule",
            text,
            &choices,
            "must be constant, cosine or step",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        schedule: ScheduleConfig,
        warmup_steps: usize,
        steps: usize,
        expected: &[(usize, f64)],
    ) {
        for &(step, rate) in expected {
            let found = schedule.learning_rate(0.1, step, warmup_steps, steps, 5);
            assert!(
                (found - rate).abs() < 1e-12,
                "{schedule:?} at step {step}: {found}, expected {rate}"
            );
        }
    }

    #[test]
    fn rates_by_step() {
        check(ScheduleConfig::Constant, 0, 10, &[(0, 0.1), (9, 0.1)]);
        check(
            ScheduleConfig::Constant,
            4,
            10,
            &[(0, 0.025), (1, 0.05), (3, 0.1), (4, 0.1)],
        );
        // Half way through the cosine lies the middle of the two ends.
        check(
            ScheduleConfig::Cosine { final_share: 0.0 },
            0,
            11,
            &[(0, 0.1), (5, 0.05), (10, 0.0)],
        );
        check(
            ScheduleConfig::Cosine { final_share: 0.2 },
            2,
            13,
            &[(0, 0.05), (2, 0.1), (7, 0.06), (12, 0.02), (50, 0.02)],
        );
        check(
            ScheduleConfig::Cosine { final_share: 0.2 },
            20,
            10,
            &[(9, 0.05)],
        );
        check(
            ScheduleConfig::Step {
                every_steps: 3,
                factor: 0.5,
            },
            1,
            10,
            &[
                (0, 0.1),
                (1, 0.1),
                (3, 0.1),
                (4, 0.05),
                (6, 0.05),
                (7, 0.025),
            ],
        );
    }

    #[test]
    fn milestones_count_from_the_first_step() {
        check(
            ScheduleConfig::Milestones {
                steps: vec![2, 5, 6],
                factor: 0.1,
            },
            1,
            10,
            &[
                (0, 0.1),
                (1, 0.1),
                (2, 0.01),
                (4, 0.01),
                (5, 1e-3),
                (6, 1e-4),
                (9, 1e-4),
            ],
        );
        for steps in [vec![], vec![3, 3], vec![5, 2]] {
            let schedule = ScheduleConfig::Milestones { steps, factor: 0.5 };
            assert!(schedule.check().is_err(), "{schedule:?}");
        }
    }

    #[test]
    fn epochs_milestones_count_whole_epochs() {
        check(
            // Five steps an epoch.
            ScheduleConfig::EpochMilestones {
                epochs: vec![1, 3],
                factor: 0.1,
            },
            1,
            30,
            &[
                (0, 0.1),
                (4, 0.1),
                (5, 0.01),
                (14, 0.01),
                (15, 1e-3),
                (29, 1e-3),
            ],
        );
        for epochs in [vec![], vec![0, 3], vec![3, 3], vec![5, 2]] {
            let factor = 0.5;
            let schedule = ScheduleConfig::EpochMilestones { epochs, factor };
            assert!(schedule.check().is_err(), "{schedule:?}");
        }
    }

    #[test]
    fn stages_of_powers_of_three_have_the_rates_of_burda_et_al() {
        let steps_per_epoch = 3;
        let schedule = ScheduleConfig::EpochMilestones {
            epochs: vec![1, 4, 13, 40, 121, 364, 1093],
            factor: 10f64.powf(-1.0 / 7.0),
        };
        let mut step = 0;
        for stage in 0..8 {
            let expected = 1e-3 * 10f64.powf(-f64::from(stage) / 7.0);
            for _ in 0..3usize.pow(stage as u32) * steps_per_epoch {
                let found = schedule.learning_rate(1e-3, step, 0, 9_840, steps_per_epoch);
                assert!((found / expected - 1.0).abs() < 1e-12, "step {step}");
                step += 1;
            }
        }
        assert_eq!(step, 3_280 * steps_per_epoch);
    }

    #[test]
    fn the_cosine_never_rises_and_the_warmup_never_falls() {
        let schedule = ScheduleConfig::default();
        let rates: Vec<f64> = (0..100)
            .map(|step| schedule.learning_rate(1.0, step, 10, 100, 5))
            .collect();
        assert!(rates[..10].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(rates[10..].windows(2).all(|pair| pair[0] > pair[1]));
    }
}
