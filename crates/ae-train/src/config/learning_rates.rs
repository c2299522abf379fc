//! The learning rate of every step of a run, also of one that was resumed to another length.

use crate::config::TrainConfig;
use crate::optim::segment::{RateChange, Segment};

impl TrainConfig {
    /// The learning rate of step `step`, counted from 0 over the whole run, in a run of `steps_per_epoch` steps an epoch:
    /// what it was where [`segments`](Self::segments) reach, and what it is going to be.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, steps_per_epoch: usize) -> f64 {
        let steps = self.run_steps_at(step, steps_per_epoch);
        self.rate_of_length(step, steps, steps_per_epoch)
    }

    /// Steps that the run was to have when it took step `step`.
    pub(crate) fn run_steps_at(&self, step: usize, steps_per_epoch: usize) -> usize {
        let mut segments = self.segments.iter().enumerate();
        match segments.find(|(_, segment)| step < segment.until_step) {
            Some((before, segment)) => self.steps_of(segment.length(), before, steps_per_epoch),
            None => self.run_steps(steps_per_epoch),
        }
    }

    /// The learning rate of a step of a run of `steps` steps.
    fn rate_of_length(&self, step: usize, steps: usize, steps_per_epoch: usize) -> f64 {
        let warmup_steps = self.warmup_steps.steps(steps);
        self.schedule.learning_rate(
            self.learning_rate,
            step,
            warmup_steps,
            steps,
            steps_per_epoch,
        )
    }

    /// These settings with the history of a run that took its first `steps_done` steps by the settings `then`: whatever
    /// they say of those steps stands, these decide on those to come. Settings whose learning rates are the same without
    /// a history have none.
    pub(crate) fn with_history_of(
        &self,
        then: &Self,
        steps_done: usize,
        steps_per_epoch: usize,
    ) -> Self {
        let now = Segment::new(usize::MAX, then.length());
        let past = then.segments.iter().copied().chain([now]);
        let to_come = self.segments.iter().copied();
        let taken = past.map(|segment| Segment {
            until_step: segment.until_step.min(steps_done),
            ..segment
        });
        let mut segments: Vec<Segment> = Vec::new();
        for segment in taken.chain(to_come) {
            let from = segments.last().map_or(0, |last| last.until_step);
            if segment.until_step <= from {
                continue;
            }
            match segments.last_mut() {
                Some(last) if last.length() == segment.length() => {
                    last.until_step = segment.until_step;
                }
                _ => segments.push(segment),
            }
        }
        if segments
            .last()
            .is_some_and(|last| last.length() == self.length())
        {
            segments.pop();
        }
        let with = Self {
            segments,
            ..self.clone()
        };
        let without = Self {
            segments: Vec::new(),
            ..self.clone()
        };
        let until = with.segments.last().map_or(0, |last| last.until_step);
        let is_the_same = !with.ends_an_epoch_early(steps_per_epoch)
            && (0..until).all(|step| {
                let of = |config: &Self| {
                    let steps = config.run_steps_at(step, steps_per_epoch);
                    let method = config.self_supervised;
                    let weight = method.map(|method| method.regularization_at(step, steps));
                    let rate = config.rate_of_length(step, steps, steps_per_epoch);
                    (rate, weight)
                };
                of(&with) == of(&without)
            });
        if is_the_same { without } else { with }
    }

    /// How the rate of the next step changes for a run that took `steps_done` steps by the settings `then`; `None` where
    /// it doesn't, and where no step is left.
    pub(crate) fn rate_change(
        &self,
        then: &Self,
        steps_done: usize,
        steps_per_epoch: usize,
    ) -> Option<RateChange> {
        let change = RateChange {
            after_step: steps_done,
            then: then.learning_rate_at(steps_done, steps_per_epoch),
            now: self.learning_rate_at(steps_done, steps_per_epoch),
            length_then: then.length(),
            length_now: self.length(),
        };
        let steps = self.run_steps(steps_per_epoch);
        (steps_done > 0 && steps_done < steps && change.then != change.now).then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::schedule::ScheduleConfig;
    use crate::optim::segment::RunLength;
    use crate::optim::warm_up::WarmUp;

    const STEPS_PER_EPOCH: usize = 3;

    fn of(epochs: usize, segments: &[(usize, usize)]) -> TrainConfig {
        let segments = segments
            .iter()
            .map(|&(until_step, epochs)| Segment::new(until_step, RunLength::Epochs(epochs)))
            .collect();
        TrainConfig {
            epochs,
            segments,
            ..TrainConfig::default()
        }
    }

    /// The rates of a run's steps, each by the schedule of a run of the length that it was taken for.
    fn rates(lengths: &[(std::ops::Range<usize>, usize)]) -> Vec<f64> {
        let config = TrainConfig::default();
        let of_step = |step: usize, epochs: usize| {
            let steps = epochs * STEPS_PER_EPOCH;
            let warmup = WarmUp::Auto.steps(steps);
            config.schedule.learning_rate(
                config.learning_rate,
                step,
                warmup,
                steps,
                STEPS_PER_EPOCH,
            )
        };
        lengths
            .iter()
            .flat_map(|(range, epochs)| range.clone().map(|step| of_step(step, *epochs)))
            .collect()
    }

    #[test]
    fn what_was_taken_stays_and_what_comes_is_by_the_new_length() {
        let first = of(20, &[]);
        let second = of(40, &[]).with_history_of(&first, 60, STEPS_PER_EPOCH);
        assert_eq!(second, of(40, &[(60, 20)]));
        let third = of(50, &[(60, 20)]).with_history_of(&second, 90, STEPS_PER_EPOCH);
        assert_eq!(third, of(50, &[(60, 20), (90, 40)]));
        let expected = rates(&[(0..60, 20), (60..90, 40), (90..150, 50)]);
        let found: Vec<f64> = (0..150)
            .map(|step| third.learning_rate_at(step, STEPS_PER_EPOCH))
            .collect();
        assert_eq!(found, expected);
        let change = second.rate_change(&first, 60, STEPS_PER_EPOCH).unwrap();
        assert_eq!(change.then, first.learning_rate_at(59, STEPS_PER_EPOCH));
        assert_eq!(change.now, expected[60]);
        assert!(change.now > 10.0 * change.then, "{change:?}");
    }

    #[test]
    fn resuming_again_changes_nothing() {
        let first = of(20, &[]);
        let second = of(40, &[(60, 20)]);
        // From a checkpoint of before the change, from the one at it, and from one after it.
        for (then, steps_done) in [(&first, 45), (&first, 60), (&second, 60), (&second, 75)] {
            let again = second.with_history_of(then, steps_done, STEPS_PER_EPOCH);
            assert_eq!(again, second, "from step {steps_done}");
        }
        assert!(second.rate_change(&second, 75, STEPS_PER_EPOCH).is_none());
        // To and fro without a step in between is no history.
        let back = of(20, &[]).with_history_of(&of(40, &[(60, 20)]), 60, STEPS_PER_EPOCH);
        assert_eq!(back, first);
    }

    #[test]
    fn a_run_of_steps_that_grows_keeps_where_it_ended_an_epoch() {
        let steps = |steps, segments: &[(usize, usize)]| {
            let segments = segments.iter();
            let segments =
                segments.map(|&(until, steps)| Segment::new(until, RunLength::Steps(steps)));
            TrainConfig {
                steps: Some(steps),
                segments: segments.collect(),
                ..TrainConfig::default()
            }
        };
        let grown = steps(140, &[]).with_history_of(&steps(70, &[]), 70, STEPS_PER_EPOCH);
        assert_eq!(grown, steps(140, &[(70, 70)]));
        let expected = |step: usize| match step {
            0..70 => steps(70, &[]).learning_rate_at(step, STEPS_PER_EPOCH),
            _ => steps(140, &[]).learning_rate_at(step, STEPS_PER_EPOCH),
        };
        assert!(
            (0..140).all(|step| grown.learning_rate_at(step, STEPS_PER_EPOCH) == expected(step))
        );
        // Also where the rates would be the same without a history.
        let constant = |config: TrainConfig| TrainConfig {
            schedule: ScheduleConfig::Constant,
            warmup_steps: WarmUp::Steps(0),
            ..config
        };
        let history = |now: usize, then: usize, done| {
            let now = constant(steps(now, &[]));
            now.with_history_of(&constant(steps(then, &[])), done, STEPS_PER_EPOCH)
                .segments
        };
        assert_eq!(
            history(140, 70, 70),
            [Segment::new(70, RunLength::Steps(70))]
        );
        assert_eq!(history(140, 60, 60), [], "60 steps are 20 epochs");
        assert_eq!(history(140, 70, 50), [], "no epoch was ended early");
        // Epochs after steps.
        let epochs = of(30, &[]).with_history_of(&steps(70, &[]), 70, STEPS_PER_EPOCH);
        assert_eq!(
            epochs.run_steps(STEPS_PER_EPOCH),
            70 + (30 - 24) * STEPS_PER_EPOCH
        );
    }

    #[test]
    fn rates_that_do_not_depend_on_the_length_have_no_history() {
        let constant = |epochs| TrainConfig {
            schedule: ScheduleConfig::Constant,
            ..of(epochs, &[])
        };
        // Long enough for the same warm-up.
        let resumed = constant(400).with_history_of(&constant(200), 60, STEPS_PER_EPOCH);
        assert_eq!(resumed, constant(400));
        let change = resumed.rate_change(&constant(200), 60, STEPS_PER_EPOCH);
        assert_eq!(change, None);
        // The warm-up of a short run is shorter.
        let resumed = constant(400).with_history_of(&constant(20), 60, STEPS_PER_EPOCH);
        assert_eq!(resumed.segments.len(), 1);
    }
}
