//! What a verdict is calibrated on.

use ae_data::ImageSet;
use ae_eval::{AlarmThreshold, Calibration};
use ae_infer::{AnomalyScore, AnomalyScorer};
use serde::Serialize;

use super::scored::all_scores;
use crate::error::CliError;
use crate::terminal::Terminal;

/// The chance with which the interval of the rate holds it.
const LEVEL: f64 = 0.9;

/// What the verdicts are calibrated on.
#[derive(Serialize)]
pub(super) struct Calibrated {
    false_alarm_rate: f64,
    /// Above it an image is called anomalous; null where there are too few images.
    threshold: Option<f64>,
    calibration: CalibrationImages,
    #[serde(skip)]
    pub(super) scores: Calibration,
    #[serde(skip)]
    pub(super) alarm: Option<AlarmThreshold>,
}

/// The images that the verdicts are calibrated on.
#[derive(Serialize)]
struct CalibrationImages {
    images: usize,
    /// Which they are, in words.
    of: String,
    /// The smallest rate of false alarms that so many images allow.
    smallest_rate: f64,
    /// The rate to expect by this threshold, over calibration images and images to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_rate: Option<f64>,
    /// Where the rate of this very threshold lies, with the chance `rate_interval_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_interval: Option<[f64; 2]>,
    rate_interval_level: f64,
}

/// Scores normal images that the model was not fitted to, which are called `origin`, for a false-alarm rate of `rate`.
///
/// # Errors
/// They cannot be read.
pub(super) fn calibrate(
    scorer: &AnomalyScorer<'_>,
    score: AnomalyScore,
    held_out: Option<&ImageSet>,
    origin: &str,
    rate: f64,
    terminal: &Terminal,
) -> Result<Calibrated, CliError> {
    let held_out = match held_out {
        Some(set) => all_scores(scorer, &[score], set)?.concat(),
        None => Vec::new(),
    };
    let scores = Calibration::new(held_out);
    let alarm = scores.threshold(rate);
    if alarm.is_none() && !scores.is_empty() {
        terminal.warning(format!(
            "no threshold: {} held-out images allow a false-alarm rate of {} at least, and {rate} takes {} (--false-alarm-rate, or more images by --normal SET)",
            scores.len(),
            rounded_up(scores.smallest_rate()),
            (1.0 / rate - 1.0 - 1e-9).ceil(),
        ));
    }
    let interval = alarm.map(|alarm| alarm.rate_interval(LEVEL));
    Ok(Calibrated {
        false_alarm_rate: rate,
        threshold: alarm.map(|alarm| alarm.score),
        calibration: CalibrationImages {
            images: scores.len(),
            of: origin.to_owned(),
            smallest_rate: scores.smallest_rate(),
            expected_rate: alarm.map(|alarm| alarm.expected_rate),
            rate_interval: interval.map(|(low, high)| [low, high]),
            rate_interval_level: LEVEL,
        },
        scores,
        alarm,
    })
}

impl Calibrated {
    /// The rate asked for.
    pub(super) fn rate(&self) -> f64 {
        self.false_alarm_rate
    }

    /// The score's p-value; `None` where there is nothing to compare it with.
    pub(super) fn p_value(&self, score: f64) -> Option<f64> {
        (!self.scores.is_empty()).then(|| self.scores.p_value(score))
    }

    /// What it is calibrated on, and what to expect of it.
    pub(super) fn text(&self) -> String {
        let images = &self.calibration;
        let percent = |share: f64| format!("{:.1}%", 100.0 * share);
        let mut text = format!("calibrated on {} {}\n", images.images, images.of);
        if let (Some(alarm), Some([low, high])) = (self.alarm, images.rate_interval) {
            text.push_str(&format!(
                "threshold {}, for a false-alarm rate of {}: {} to be expected, with a chance of {} between {} and {}\n",
                ae_report::significant(alarm.score, 4),
                percent(self.false_alarm_rate),
                percent(alarm.expected_rate),
                format_args!("{:.0}%", 100.0 * images.rate_interval_level),
                percent(low),
                percent(high),
            ));
        } else if images.images > 0 {
            text.push_str(&format!(
                "no threshold for a false-alarm rate of {}: {} images allow {} at least\n",
                percent(self.false_alarm_rate),
                images.images,
                rounded_up(images.smallest_rate),
            ));
        }
        text
    }
}

/// A rate that is not below `rate`, in few digits.
fn rounded_up(rate: f64) -> String {
    let digits = (rate * 1e4 - 1e-9).ceil() / 1e4;
    format!("{digits:.4}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_that_is_told_is_attainable() {
        for images in [1, 7, 12, 19, 40, 99, 1234] {
            let scores = Calibration::new((0..images).map(f64::from).collect());
            let told: f64 = rounded_up(scores.smallest_rate()).parse().unwrap();
            assert!(scores.threshold(told).is_some(), "{images}: {told}");
        }
        assert_eq!(rounded_up(0.05), "0.0500");
    }
}
