//! Watching a run from outside.

use crate::run::reports::{CheckpointReport, EpochReport, StartReport, StepReport};

/// Watches a run. Every method has an empty default; `()` watches nothing.
///
/// Methods are called on the thread that called [`Trainer::train`](crate::Trainer::train) and take training time.
pub trait Observer {
    /// The run is about to take its first step.
    fn started(&mut self, report: &StartReport) {
        let _ = report;
    }

    /// A step's loss is known. On a fast device that is up to 50 ms after the step itself: losses are read back
    /// several at a time.
    fn step(&mut self, report: &StepReport) {
        let _ = report;
    }

    /// The last step of an epoch is done and the model is about to be measured on `images` images.
    fn validating(&mut self, images: usize) {
        let _ = images;
    }

    /// An epoch is over, its model measured and saved.
    fn epoch(&mut self, report: &EpochReport) {
        let _ = report;
    }

    /// A checkpoint was written and fsynced.
    fn checkpoint(&mut self, report: &CheckpointReport) {
        let _ = report;
    }

    /// Asked after every step, and between the batches that a model is measured on; `true` ends the run with a
    /// checkpoint.
    fn stop_requested(&self) -> bool {
        false
    }

    /// Asked after every step; `true` writes a checkpoint and continues.
    fn checkpoint_requested(&self) -> bool {
        false
    }
}

impl Observer for () {}
