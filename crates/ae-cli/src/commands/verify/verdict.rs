//! What a row's seeds gave, and whether that is what others got.

use serde::Serialize;

use super::protocols::{Known, Protocol, Tolerance};

/// How far a mean may be above the reference's, in standard errors.
const MOST_STANDARD_ERRORS: f64 = 2.0;

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Pass,
    Fail,
    /// Not all of the protocol was run, so that there is nothing to judge yet.
    Partial,
    Skipped,
}

/// What the seeds of a row gave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) mean: f64,
    /// Of the mean; 0 of a single seed.
    pub(super) standard_error: f64,
    pub(super) seeds: usize,
    /// Epochs of each.
    pub(super) epochs: usize,
}

impl Outcome {
    pub(super) fn new(values: &[f64], epochs: usize) -> Self {
        let (mean, standard_error) = mean_and_error(values);
        Self {
            mean,
            standard_error,
            seeds: values.len(),
            epochs,
        }
    }

    /// Whether the mean is within the protocol's tolerance, or better, once the whole protocol was run.
    pub(super) fn verdict(self, protocol: &Protocol) -> Verdict {
        let is_whole =
            self.seeds as u64 >= protocol.seeds && self.epochs >= (protocol.train)().epochs;
        if !is_whole {
            return Verdict::Partial;
        }
        match self.mean <= protocol.known.value() + self.allowance(protocol) {
            true => Verdict::Pass,
            false => Verdict::Fail,
        }
    }

    /// How far above what others got it may be.
    pub(super) fn allowance(self, protocol: &Protocol) -> f64 {
        let known = protocol.known;
        let error = match known {
            Known::Reference(reference) => reference.standard_error.hypot(self.standard_error),
            Known::Published(_) => self.standard_error,
        };
        match protocol.tolerance {
            Tolerance::TwoStandardErrors => MOST_STANDARD_ERRORS * error + known.rounding(),
            Tolerance::Share(share) => known.value() * share,
        }
    }
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::verify::rows::PROTOCOLS;

    fn outcome(protocol: &Protocol, mean: f64, standard_error: f64) -> Outcome {
        Outcome {
            mean,
            standard_error,
            seeds: protocol.seeds as usize,
            epochs: (protocol.train)().epochs,
        }
    }

    #[track_caller]
    fn check(protocol: &Protocol, mean: f64, standard_error: f64, expected: Verdict) {
        let outcome = outcome(protocol, mean, standard_error);
        assert_eq!(
            outcome.verdict(protocol),
            expected,
            "{mean} {standard_error}"
        );
    }

    #[test]
    fn a_mean_passes_within_two_standard_errors_of_the_difference_or_below() {
        let protocol = &PROTOCOLS[0];
        let Known::Reference(reference) = protocol.known else {
            panic!("{} has a reference", protocol.name)
        };
        let error = reference.standard_error;
        check(protocol, 0.1 * reference.mean, 0.0, Verdict::Pass);
        check(protocol, reference.mean + 1.9 * error, 0.0, Verdict::Pass);
        check(protocol, reference.mean + 2.1 * error, 0.0, Verdict::Fail);
        check(protocol, reference.mean + 2.1 * error, error, Verdict::Pass);
        check(protocol, f64::NAN, error, Verdict::Fail);
    }

    #[test]
    fn a_printed_number_has_the_error_of_our_seeds_and_its_own_rounding() {
        let protocol = Protocol {
            known: Known::Published("0.0723"),
            ..PROTOCOLS[0]
        };
        check(&protocol, 0.072_34, 0.0, Verdict::Pass);
        check(&protocol, 0.072_36, 0.0, Verdict::Fail);
        check(&protocol, 0.073_34, 0.000_5, Verdict::Pass);
        check(&protocol, 0.073_36, 0.000_5, Verdict::Fail);
        // 5% was enough once.
        check(&protocol, 0.075, 0.000_5, Verdict::Fail);
        let protocol = Protocol {
            tolerance: Tolerance::Share(0.01),
            known: Known::Published("1"),
            ..protocol
        };
        check(&protocol, 1.009, 0.5, Verdict::Pass);
        check(&protocol, 1.011, 0.5, Verdict::Fail);
    }

    #[test]
    fn a_part_of_a_protocol_is_not_judged() {
        let protocol = &PROTOCOLS[0];
        let whole = outcome(protocol, 0.0, 0.0);
        for part in [
            Outcome { seeds: 2, ..whole },
            Outcome { epochs: 9, ..whole },
        ] {
            assert_eq!(part.verdict(protocol), Verdict::Partial, "{part:?}");
        }
    }

    #[test]
    fn the_spread_over_seeds_is_that_of_a_sample() {
        assert_eq!(mean_and_error(&[3.0]), (3.0, 0.0));
        let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0, 6.0]);
        // The sample's variance is 14/3, of four values.
        assert_eq!(mean, 3.0);
        assert!((error - (14.0f64 / 12.0).sqrt()).abs() < 1e-12);
    }
}
