//! Conformal calibration: what a score of an image says beside those of normal images that nothing was fitted to.

use crate::anomaly::beta::{beta_binomial_tails, beta_quantile};

/// The scores of normal images that a detector was not fitted to, for judging others by.
///
/// Where normal images to come are like these, an image is called anomalous by mistake with at most the chance that
/// was asked for, however few these are and whatever the score: [`p_value`](Self::p_value) is then spread evenly or
/// above.
///
/// # References
/// V. Vovk, A. Gammerman and G. Shafer (2005), *Algorithmic learning in a random world*; V. Vovk (2012), *Conditional
/// validity of inductive conformal predictors*, proposition 2b; A. N. Angelopoulos and S. Bates (2021), *A gentle
/// introduction to conformal prediction and distribution-free uncertainty quantification*, sections 1, 3.2 and 4.4;
/// S. Bates, E. Candès, L. Lei, Y. Romano and M. Sesia (2023), *Testing for outliers with conformal p-values*.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// In rising order.
    scores: Vec<f64>,
}

/// Where images are called anomalous, and how often normal ones then are.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AlarmThreshold {
    /// An image is called anomalous where its score is above this.
    pub score: f64,
    /// The chance, over calibration images and the image, that a normal one is: at most what was asked for.
    pub expected_rate: f64,
    /// How many of the calibration's ranks lie above.
    ranks_above: usize,
    calibrated_on: usize,
}

impl Calibration {
    /// Calibrates on the scores of normal images; larger is more anomalous.
    ///
    /// A score that is not a number counts as the largest.
    #[must_use]
    pub fn new(mut scores: Vec<f64>) -> Self {
        for score in &mut scores {
            if score.is_nan() {
                *score = f64::INFINITY;
            }
        }
        scores.sort_by(f64::total_cmp);
        Self { scores }
    }

    /// How many images it is from.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there is not one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The conformal p-value of a score: the share of the calibration images and the image itself that score as high
    /// or higher, from `1 / (n + 1)` to 1.
    #[must_use]
    pub fn p_value(&self, score: f64) -> f64 {
        let below = self.scores.partition_point(|&other| other < score);
        // Nothing is as anomalous as a score that is not a number.
        let at_least = if score.is_nan() {
            0
        } else {
            self.len() - below
        };
        (1 + at_least) as f64 / (self.len() + 1) as f64
    }

    /// The smallest rate of false alarms that so many images allow: `1 / (n + 1)`.
    #[must_use]
    pub fn smallest_rate(&self) -> f64 {
        1.0 / (self.len() + 1) as f64
    }

    /// The score above which at most the share `rate` of normal images lies: the calibration score of rank
    /// `ceil((n + 1)(1 - rate))`. `None` where there are too few images: fewer than `1 / rate - 1`.
    ///
    /// A score is above it exactly where its [`p_value`](Self::p_value) is at most `rate`.
    ///
    /// # Panics
    /// When `rate` is not between 0 and 1.
    #[must_use]
    pub fn threshold(&self, rate: f64) -> Option<AlarmThreshold> {
        assert!(rate > 0.0 && rate < 1.0, "a rate between 0 and 1");
        let count = self.len();
        // 0.05 of 20 is 1, whatever the product of the two floats is.
        let ranks_above = (rate * (count + 1) as f64 * (1.0 + 1e-12)).floor() as usize;
        let rank = (count + 1).checked_sub(ranks_above)?;
        if ranks_above == 0 || rank == 0 {
            return None;
        }
        Some(AlarmThreshold {
            score: self.scores[rank - 1],
            expected_rate: ranks_above as f64 / (count + 1) as f64,
            ranks_above,
            calibrated_on: count,
        })
    }
}

impl AlarmThreshold {
    /// Where the rate of false alarms of this very threshold lies with the chance `level`: the rate is Beta(k, n + 1 - k)
    /// distributed over calibration sets, k being the ranks above the threshold, for scores without ties; with ties
    /// it is lower.
    ///
    /// # Panics
    /// When `level` is not between 0 and 1.
    #[must_use]
    pub fn rate_interval(&self, level: f64) -> (f64, f64) {
        assert!(level > 0.0 && level < 1.0, "a chance between 0 and 1");
        let (a, b) = self.beta();
        let outside = 0.5 * (1.0 - level);
        (
            beta_quantile(outside, a, b),
            beta_quantile(1.0 - outside, a, b),
        )
    }

    /// Whether an image of this score is called anomalous: above the threshold, or no number.
    #[must_use]
    pub fn is_anomalous(&self, score: f64) -> bool {
        score.is_nan() || score > self.score
    }

    /// How surprising `alarms` among `images` normal images are that the calibration images are like: twice the chance
    /// of a count so far out or farther on its side, 1 at most. Small where the images differ from the calibration's.
    #[must_use]
    pub fn agreement(&self, alarms: usize, images: usize) -> f64 {
        let (a, b) = self.beta();
        let (at_most, at_least) = beta_binomial_tails(alarms, images, a, b);
        (2.0 * at_most.min(at_least)).min(1.0)
    }

    fn beta(&self) -> (f64, f64) {
        (
            self.ranks_above as f64,
            (self.calibrated_on + 1 - self.ranks_above) as f64,
        )
    }
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose, RandomStream};

    use super::*;

    fn stream(index: u64) -> RandomStream {
        let draw = Draw {
            seed: 1,
            purpose: Purpose::Display,
            epoch: 0,
            index,
        };
        draw.stream()
    }

    fn calibration(scores: &[f64]) -> Calibration {
        Calibration::new(scores.to_vec())
    }

    #[test]
    fn p_values_are_counted_by_hand() {
        let four = calibration(&[3.0, 1.0, 2.0, 2.0]);
        for (score, expected) in [
            (0.5, 1.0),
            (1.0, 1.0),
            (1.5, 0.8),
            (2.0, 0.8),
            (2.5, 0.4),
            (3.0, 0.4),
            (3.5, 0.2),
            (f64::NAN, 0.2),
        ] {
            assert_eq!(four.p_value(score), expected, "{score}");
        }
        assert_eq!(calibration(&[]).p_value(1.0), 1.0);
    }

    #[test]
    fn too_few_images_have_no_threshold() {
        for (images, rate, attainable) in [
            (0, 0.5, false),
            (1, 0.5, true),
            (18, 0.05, false),
            (19, 0.05, true),
            (98, 0.01, false),
            (99, 0.01, true),
            (9, 0.1, true),
            (8, 0.1, false),
        ] {
            let scores: Vec<f64> = (0..images).map(f64::from).collect();
            let found = calibration(&scores);
            assert_eq!(
                found.threshold(rate).is_some(),
                attainable,
                "{images} images, {rate}"
            );
            assert_eq!(
                found.smallest_rate() <= rate * (1.0 + 1e-12),
                attainable,
                "{images} images, {rate}"
            );
        }
        // The largest of 19 is the threshold at .05, the second largest of 40.
        let scores: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(calibration(&scores).threshold(0.05).unwrap().score, 19.0);
        let scores: Vec<f64> = (1..=40).map(f64::from).collect();
        let threshold = calibration(&scores).threshold(0.05).unwrap();
        assert_eq!(
            (threshold.score, threshold.expected_rate),
            (39.0, 2.0 / 41.0)
        );
    }

    #[test]
    fn above_the_threshold_is_a_p_value_of_at_most_the_rate() {
        let mut numbers = stream(0);
        for trial in 0..300 {
            let count = 1 + numbers.uniform_below(60);
            // Few values, so that there are ties.
            let mut score = || numbers.uniform_below(25) as f64;
            let found = Calibration::new((0..count).map(|_| score()).collect());
            for rate in [0.01, 0.05, 0.1, 0.25, 0.5, 0.9] {
                let threshold = found.threshold(rate);
                for step in -1..26 {
                    let score = f64::from(step);
                    let is_anomalous = threshold.is_some_and(|found| found.is_anomalous(score));
                    let by_p_value = found.p_value(score) <= rate + 1e-12;
                    assert_eq!(is_anomalous, by_p_value, "{trial}: {score} at {rate}");
                }
            }
        }
    }

    /// By simulation: what is promised of rates holds whatever the scores' distribution.
    #[test]
    fn rates_are_at_most_what_was_asked_and_vary_as_the_beta_says() {
        const SETS: usize = 4_000;
        for (images, rate, index) in [(19, 0.05, 1), (40, 0.05, 2), (40, 0.1, 3), (150, 0.1, 4)] {
            let mut numbers = stream(index);
            let (mut sum, mut inside) = (0.0, 0);
            for _ in 0..SETS {
                // A heavy tail: the reciprocal of a uniform number. Its share above s is 1 / s.
                let mut score = || 1.0 / (1.0 - numbers.uniform_f64());
                let found = Calibration::new((0..images).map(|_| score()).collect());
                let threshold = found.threshold(rate).unwrap();
                let true_rate = 1.0 / threshold.score;
                sum += true_rate;
                let (low, high) = threshold.rate_interval(0.9);
                inside += usize::from((low..=high).contains(&true_rate));
            }
            let expected = (rate * (images + 1) as f64 + 1e-9).floor() / (images + 1) as f64;
            assert!(expected <= rate + 1e-12);
            let mean = sum / SETS as f64;
            let error = (expected / images as f64 / SETS as f64).sqrt();
            assert!(
                (mean - expected).abs() < 4.0 * error,
                "{images} at {rate}: {mean} instead of {expected}"
            );
            let share = inside as f64 / SETS as f64;
            assert!(
                (share - 0.9).abs() < 4.0 * (0.09 / SETS as f64).sqrt(),
                "{images} at {rate}: {share} inside of the interval"
            );
        }
    }

    #[test]
    fn disagreement_is_seldom_where_there_is_none_and_seen_where_there_is() {
        let mut numbers = stream(9);
        let mut surprises = 0;
        for _ in 0..1_000 {
            let mut score = || numbers.uniform_f64();
            let found = Calibration::new((0..40).map(|_| score()).collect());
            let threshold = found.threshold(0.1).unwrap();
            let alarms = (0..200).filter(|_| threshold.is_anomalous(score()));
            surprises += usize::from(threshold.agreement(alarms.count(), 200) < 0.05);
        }
        // The count is discrete, so a little fewer than 50.
        assert!((25..=70).contains(&surprises), "{surprises}");
        let scores: Vec<f64> = (0..40).map(f64::from).collect();
        let threshold = calibration(&scores).threshold(0.05).unwrap();
        assert!(threshold.agreement(396, 400) < 1e-6);
        assert!(threshold.agreement(20, 400) > 0.5);
        assert_eq!(threshold.agreement(0, 0), 1.0);
    }
}
