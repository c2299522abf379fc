//! How far a run is, and the sums that it has made on its way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::EarlyStopping;

/// Everything about a run that isn't a tensor and changes from step to step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    /// Epochs that are over.
    pub(crate) epoch: usize,
    /// Batches of the current epoch that are done.
    pub(crate) batch: usize,
    /// Steps taken over all epochs.
    pub(crate) step: usize,
    /// Sum of the current epoch's losses, each times its number of images.
    pub(crate) loss_sum: f64,
    /// Images of the current epoch that are done.
    pub(crate) images: u64,
    /// The lowest score of an epoch so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_score: Option<f64>,
    /// The epoch that had it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) best_epoch: Option<usize>,
    /// The score that early stopping waits to see improved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) awaited_score: Option<f64>,
    /// Epochs since it was.
    pub(crate) epochs_waited: usize,
    /// Whether early stopping ended the run.
    pub(crate) stopped_early: bool,
    /// Length of `metrics.jsonl`.
    pub(crate) log_bytes: u64,
    /// Like `loss_sum`, for each of the loss's terms.
    #[serde(default)]
    pub(crate) term_sums: BTreeMap<String, f64>,
}

impl Progress {
    /// Adds a step's losses to the current epoch's.
    pub(crate) fn add_losses<'a>(
        &mut self,
        images: usize,
        loss: f32,
        terms: impl Iterator<Item = (&'a str, f32)>,
    ) {
        self.images += images as u64;
        self.loss_sum += f64::from(loss) * images as f64;
        for (name, value) in terms {
            let sum = f64::from(value) * images as f64;
            match self.term_sums.get_mut(name) {
                Some(total) => *total += sum,
                None => {
                    self.term_sums.insert(name.to_owned(), sum);
                }
            }
        }
    }

    /// The current epoch's mean loss, and its terms'.
    pub(crate) fn mean_losses(&self) -> (f64, BTreeMap<String, f64>) {
        let images = self.images as f64;
        let terms = self
            .term_sums
            .iter()
            .map(|(name, sum)| (name.clone(), sum / images))
            .collect();
        (self.loss_sum / images, terms)
    }

    /// Records the score of the epoch that is over, of a run that has validation images; returns whether it is the best
    /// so far.
    pub(crate) fn end_epoch(
        &mut self,
        score: Option<f64>,
        stopping: Option<&EarlyStopping>,
    ) -> bool {
        self.epoch += 1;
        self.batch = 0;
        self.loss_sum = 0.0;
        self.images = 0;
        self.term_sums.clear();
        let Some(score) = score else {
            return false;
        };
        let best = self.best_score.is_none_or(|best| score < best);
        if best {
            self.best_score = Some(score);
            self.best_epoch = Some(self.epoch);
        }
        if let Some(stopping) = stopping {
            if self
                .awaited_score
                .is_none_or(|awaited| score < awaited - stopping.min_delta)
            {
                self.awaited_score = Some(score);
                self.epochs_waited = 0;
            } else {
                self.epochs_waited += 1;
                self.stopped_early = self.epochs_waited >= stopping.patience_epochs;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_stopping_waits_for_its_patience() {
        let check = |min_delta, scores: &[f64], stops_after: Option<usize>| {
            let stopping = EarlyStopping {
                patience_epochs: 2,
                min_delta,
            };
            let mut progress = Progress::default();
            let stopped = scores.iter().position(|&score| {
                progress.end_epoch(Some(score), Some(&stopping));
                progress.stopped_early
            });
            assert_eq!(stopped.map(|index| index + 1), stops_after, "{scores:?}");
        };
        check(0.0, &[3.0, 2.0, 1.0, 0.5], None);
        check(0.0, &[3.0, 3.0, 3.0, 3.0], Some(3));
        check(0.0, &[3.0, 4.0, 2.9, 5.0, 6.0], Some(5));
        check(0.5, &[3.0, 2.8, 2.6, 2.4], Some(3));
        check(0.5, &[3.0, 2.8, 2.4, 2.2], None);
    }

    #[test]
    fn the_best_epoch_is_the_first_of_the_lowest_score() {
        let mut progress = Progress::default();
        let best: Vec<bool> = [3.0, 2.0, 2.0, 2.5]
            .map(|score| progress.end_epoch(Some(score), None))
            .to_vec();
        assert_eq!(best, [true, true, false, false]);
        assert_eq!((progress.best_epoch, progress.epoch), (Some(2), 4));
    }

    #[test]
    fn an_epochs_loss_is_the_mean_over_images_not_batches() {
        let mut progress = Progress::default();
        progress.add_losses(3, 1.0, [("a", 0.5)].into_iter());
        progress.add_losses(1, 5.0, [("a", 2.5)].into_iter());
        let (loss, terms) = progress.mean_losses();
        assert_eq!((loss, terms["a"]), (2.0, 1.0));
    }
}
