//! Anomaly detection by a score.

/// The area under the receiver operating characteristic: the probability that an anomalous score is above a
/// normal one, a tie counting half. 1 is perfect, 0.5 is guessing. `None` when one of the two has no scores.
///
/// # References
/// J. A. Hanley and B. J. McNeil (1982), *The meaning and use of the area under a receiver operating characteristic
/// (ROC) curve*.
#[must_use]
pub fn auroc(normal: &[f64], anomalous: &[f64]) -> Option<f64> {
    if normal.is_empty() || anomalous.is_empty() {
        return None;
    }
    let mut scores: Vec<(f64, bool)> = normal.iter().map(|&score| (score, false)).collect();
    scores.extend(anomalous.iter().map(|&score| (score, true)));
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    // The sum of the anomalous scores' ranks, equal scores having the mean of their ranks.
    let mut rank_sum = 0.0;
    let mut first = 0;
    while first < scores.len() {
        let equal = scores[first..]
            .iter()
            .take_while(|(score, _)| *score == scores[first].0)
            .count()
            .max(1);
        let rank = first as f64 + 0.5 * (equal as f64 + 1.0);
        let anomalous = scores[first..first + equal].iter().filter(|(_, is)| *is);
        rank_sum += rank * anomalous.count() as f64;
        first += equal;
    }
    let (normal, anomalous) = (normal.len() as f64, anomalous.len() as f64);
    Some((rank_sum - 0.5 * anomalous * (anomalous + 1.0)) / (normal * anomalous))
}

/// The score that a share of at most `false_alarm_rate` of the normal scores exceeds: what is above it is called
/// anomalous. `None` without scores.
#[must_use]
pub fn alarm_threshold(normal: &[f64], false_alarm_rate: f64) -> Option<f64> {
    let mut scores = normal.to_vec();
    scores.sort_by(f64::total_cmp);
    let above = (false_alarm_rate * scores.len() as f64).floor() as usize;
    let place = scores.len().checked_sub(above + 1);
    place.map_or(scores.first().copied(), |place| Some(scores[place]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let check = |normal: &[f64], anomalous: &[f64], expected: f64| {
            let found = auroc(normal, anomalous).unwrap();
            assert!(
                (found - expected).abs() < 1e-12,
                "{found} instead of {expected}"
            );
        };
        check(&[1.0, 2.0], &[3.0, 4.0], 1.0);
        check(&[3.0, 4.0], &[1.0, 2.0], 0.0);
        check(&[1.0, 1.0], &[1.0], 0.5);
        // Pairs in order: (1, 2), (1, 4), (3, 4); out of order: (3, 2).
        check(&[1.0, 3.0], &[2.0, 4.0], 0.75);
        check(&[1.0, 2.0, 2.0], &[2.0, 3.0], (1.0 + 0.5 + 0.5 + 3.0) / 6.0);
        assert_eq!(auroc(&[], &[1.0]), None);
    }

    #[test]
    fn no_more_than_the_share_is_above_the_threshold() {
        let scores: Vec<f64> = (1..=200).map(f64::from).collect();
        for (rate, expected) in [(0.0, 200.0), (0.01, 198.0), (0.05, 190.0), (0.004, 200.0)] {
            let threshold = alarm_threshold(&scores, rate).unwrap();
            assert_eq!(threshold, expected);
            let above = scores.iter().filter(|&&score| score > threshold).count();
            assert!(above as f64 <= rate * 200.0);
        }
        assert_eq!(alarm_threshold(&[], 0.1), None);
        assert_eq!(alarm_threshold(&[5.0], 1.0), Some(5.0));
    }
}
