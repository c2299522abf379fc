//! The parts of a run that was resumed with another number of epochs.

use serde::{Deserialize, Serialize};

/// A stretch of a run that was taken when the run was to be of another length than it is now.
///
/// The learning rate of a step depends on how long the run was to be when the step was taken, so a run's history is not
/// that of its last length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// The number of steps after which it was over; it begins where the one before it is over, or with the run.
    pub until_step: usize,
    /// The epochs that the run was to have then.
    pub epochs: usize,
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
    /// The epochs that the run was to have.
    pub epochs_then: usize,
    /// The epochs that it is to have now.
    pub epochs_now: usize,
}
