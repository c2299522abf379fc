//! How long a run is, in steps and in epochs, also one that was resumed to another length.
//!
//! A run of a number of steps ends its last epoch early where they are no whole number of epochs, and one that is
//! resumed to more steps begins another epoch there.

use crate::config::TrainConfig;
use crate::optim::segment::{RunLength, Segment};

impl TrainConfig {
    /// How long the run is to be.
    #[must_use]
    pub fn length(&self) -> RunLength {
        RunLength::of(self.epochs, self.steps)
    }

    /// Steps of the whole run, of `steps_per_epoch` steps an epoch.
    #[must_use]
    pub fn run_steps(&self, steps_per_epoch: usize) -> usize {
        self.steps_of(self.length(), self.segments.len(), steps_per_epoch)
    }

    /// Epochs of the whole run; the last may be shorter than the others.
    pub(crate) fn run_epochs(&self, steps_per_epoch: usize) -> usize {
        match self.length() {
            RunLength::Epochs(epochs) => epochs,
            RunLength::Steps(steps) => {
                let ends = early_ends(&self.segments).chain([steps]);
                epochs_until(ends, steps_per_epoch).0
            }
        }
    }

    /// Steps of a run of that length whose first so many segments are over.
    pub(super) fn steps_of(
        &self,
        length: RunLength,
        segments: usize,
        steps_per_epoch: usize,
    ) -> usize {
        match length {
            RunLength::Steps(steps) => steps,
            RunLength::Epochs(epochs) => {
                let ends = early_ends(&self.segments[..segments]);
                let (over, from) = epochs_until(ends, steps_per_epoch);
                let rest = epochs.saturating_sub(over);
                from.saturating_add(rest.saturating_mul(steps_per_epoch))
            }
        }
    }

    /// Whether an epoch of a run with these segments ends where otherwise none would.
    pub(super) fn ends_an_epoch_early(&self, steps_per_epoch: usize) -> bool {
        early_ends(&self.segments).any(|end| !end.is_multiple_of(steps_per_epoch.max(1)))
    }

    /// The next step after `step` that ends its epoch however many there were in it; `None` where no such is to come.
    pub(crate) fn next_early_end(&self, step: usize) -> Option<usize> {
        let ends = early_ends(&self.segments).chain(self.steps);
        ends.filter(|&end| end > step).min()
    }

    /// Whether a run is over that has ended so many epochs and taken so many steps.
    pub(crate) fn is_over(&self, epochs: usize, steps: usize) -> bool {
        match self.length() {
            RunLength::Epochs(all) => epochs >= all,
            RunLength::Steps(all) => steps >= all,
        }
    }
}

/// The last steps of segments that were whole runs of a number of steps.
fn early_ends(segments: &[Segment]) -> impl Iterator<Item = usize> + '_ {
    let ends = segments.iter().map(|segment| segment.until_step);
    let lengths = segments.iter().map(Segment::length);
    ends.zip(lengths)
        .filter(|&(end, length)| length == RunLength::Steps(end))
        .map(|(end, _)| end)
}

/// How many epochs are over after the last of some steps that end theirs, ascending, and that step.
fn epochs_until(ends: impl Iterator<Item = usize>, steps_per_epoch: usize) -> (usize, usize) {
    ends.fold((0, 0), |(epochs, from), end| {
        (epochs + (end - from).div_ceil(steps_per_epoch.max(1)), end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(until_step: usize, epochs: usize, steps: Option<usize>) -> Segment {
        Segment {
            until_step,
            epochs,
            steps,
        }
    }

    /// Against an epoch that is counted step by step.
    #[test]
    fn steps_and_epochs_are_those_of_a_run_that_is_counted() {
        for (segments, epochs, steps) in [
            (vec![], 4, None),
            (vec![], 4, Some(1)),
            (vec![], 4, Some(17)),
            (vec![], 4, Some(21)),
            (vec![segment(17, 0, Some(17))], 4, Some(40)),
            (vec![segment(17, 0, Some(17))], 6, None),
            (vec![segment(5, 0, Some(17))], 6, None),
            (
                vec![
                    segment(17, 0, Some(17)),
                    segment(27, 9, None),
                    segment(29, 0, Some(29)),
                ],
                9,
                Some(50),
            ),
            (vec![segment(14, 2, None)], 4, Some(30)),
        ] {
            let config = TrainConfig {
                epochs,
                steps,
                segments,
                ..TrainConfig::default()
            };
            let (mut step, mut epoch, mut batch) = (0, 0, 0);
            while !config.is_over(epoch, step) {
                step += 1;
                batch += 1;
                let early = config
                    .segments
                    .iter()
                    .any(|s| s.until_step == step && s.steps == Some(step));
                if batch == 7 || early || config.steps == Some(step) {
                    (epoch, batch) = (epoch + 1, 0);
                }
            }
            assert_eq!(batch, 0);
            assert_eq!(config.run_steps(7), step, "{config:?}");
            assert_eq!(config.run_epochs(7), epoch, "{config:?}");
        }
    }

    #[test]
    fn the_next_early_end_is_the_nearest_to_come() {
        let config = TrainConfig {
            steps: Some(40),
            segments: vec![segment(9, 0, Some(12)), segment(17, 0, Some(17))],
            ..TrainConfig::default()
        };
        let found = [0, 16, 17, 39, 40].map(|step| config.next_early_end(step));
        assert_eq!(found, [Some(17), Some(17), Some(40), Some(40), None]);
    }
}
