//! What comes out of training.

use crate::run::reports::EpochReport;

/// A model that was trained, on the device it was trained on, without autodiff.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained<M> {
    /// The best model: the one after the epoch with the best
    /// [`validation_measure`](ae_models::Trainable::validation_measure) on the test images, or with the lowest training
    /// loss without test images; the last model where no epoch was finished.
    pub model: M,
    /// The model after the last step.
    pub last: M,
    /// The epoch that `model` is of, counted from 1.
    pub best_epoch: Option<usize>,
    /// Every finished epoch, those before a resumption included.
    pub epochs: Vec<EpochReport>,
    /// Steps taken, those before a resumption included.
    pub steps: usize,
    /// Why the run ended.
    pub outcome: Outcome,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// The score no longer improved.
    StoppedEarly,
    /// The observer asked for it. With a run directory, a training that is started again resumes from the same step.
    Interrupted,
}
