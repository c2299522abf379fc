//! How long a run is, and the parts of one that was resumed to another length.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long a run is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunLength {
    /// So many epochs.
    Epochs(usize),
    /// So many optimizer steps, the last epoch ending with the last of them.
    Steps(usize),
}

impl RunLength {
    /// Of settings in which steps, where they are given, stand in place of epochs.
    pub(crate) fn of(epochs: usize, steps: Option<usize>) -> Self {
        steps.map_or(Self::Epochs(epochs), Self::Steps)
    }
}

impl fmt::Display for RunLength {
    /// As in `epoch 10` or `step 500`, of the last.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epochs(epochs) => write!(formatter, "epoch {epochs}"),
            Self::Steps(steps) => write!(formatter, "step {steps}"),
        }
    }
}

/// A stretch of a run that was taken when the run was to be of another length than it is now.
///
/// The learning rate of a step depends on how long the run was to be when the step was taken, so a run's history is not
/// that of its last length. Where it was a whole run of a number of steps, its last step ended an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The number of steps after which it was over; it begins where the one before it is over, or with the run.
    pub until_step: usize,
    /// The epochs that the run was to have then; 0, and absent in a file, where it was to have a number of steps.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epochs: usize,
    /// The steps that the run was to have then, in place of `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(epochs: &usize) -> bool {
    *epochs == 0
}

impl Segment {
    /// Until that step, of a run that was to be so long.
    pub(crate) fn new(until_step: usize, length: RunLength) -> Self {
        let (epochs, steps) = match length {
            RunLength::Epochs(epochs) => (epochs, None),
            RunLength::Steps(steps) => (0, Some(steps)),
        };
        Self {
            until_step,
            epochs,
            steps,
        }
    }

    /// How long the run was to be.
    #[must_use]
    pub fn length(&self) -> RunLength {
        RunLength::of(self.epochs, self.steps)
    }
}

/// What a resumed run does to its learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateChange {
    /// Steps taken before it.
    pub after_step: usize,
    /// The rate that the next step would have had.
    pub then: f64,
    /// The rate that it has now.
    pub now: f64,
    /// How long the run was to be.
    pub length_then: RunLength,
    /// How long it is to be now.
    pub length_now: RunLength,
}
