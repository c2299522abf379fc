//! What comes out of training.

use crate::config::Selection;
use crate::run::reports::EpochReport;

/// A model that was trained, on the device it was trained on, without autodiff.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trained<M> {
    /// The model that is kept, as `selection` says; the last where no epoch was finished.
    pub model: M,
    /// Which epoch's model is kept: the one with the best
    /// [`validation_measure`](ae_models::Trainable::validation_measure) on the validation images, or the last.
    pub selection: Selection,
    /// The model after the last step.
    pub last: M,
    /// The epoch that was best on the validation images, counted from 1; `None` without any.
    pub best_epoch: Option<usize>,
    /// Every finished epoch, those before a resumption included.
    pub epochs: Vec<EpochReport>,
    /// Steps taken, those before a resumption included.
    pub steps: usize,
    /// Why the run ended.
    pub outcome: Outcome,
}

impl<M> Trained<M> {
    /// The epoch that `model` is of, counted from 1; `None` where no epoch was finished.
    #[must_use]
    pub fn kept_epoch(&self) -> Option<usize> {
        match self.selection {
            Selection::Best => self.best_epoch,
            Selection::Last => self.epochs.last().map(|report| report.epoch),
        }
    }
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
