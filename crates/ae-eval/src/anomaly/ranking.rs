//! How well a score tells anomalous from normal.

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

/// The area under the curve of precision over recall, as a sum over the scores at which an anomalous image is found: the
/// mean over anomalous scores of the share that is anomalous of those as high or higher. 1 is perfect; guessing is the
/// share of the anomalous among all. `None` when one of the two has no scores.
///
/// # References
/// M. Zhu (2004), *Recall, precision and average precision*; as scikit-learn's `average_precision_score`.
#[must_use]
pub fn average_precision(normal: &[f64], anomalous: &[f64]) -> Option<f64> {
    if normal.is_empty() || anomalous.is_empty() {
        return None;
    }
    let mut scores: Vec<(f64, bool)> = normal.iter().map(|&score| (score, false)).collect();
    scores.extend(anomalous.iter().map(|&score| (score, true)));
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut seen, mut found, mut sum) = (0, 0, 0.0);
    for equal in scores.chunk_by(|a, b| a.0 == b.0) {
        let new = equal
            .iter()
            .filter(|(_, is_anomalous)| *is_anomalous)
            .count();
        (seen, found) = (seen + equal.len(), found + new);
        sum += new as f64 * found as f64 / seen as f64;
    }
    Some(sum / anomalous.len() as f64)
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

    /// The definitions, pair by pair and threshold by threshold.
    fn by_definition(normal: &[f64], anomalous: &[f64]) -> (f64, f64) {
        let pairs = normal
            .iter()
            .flat_map(|a| anomalous.iter().map(move |b| (a, b)));
        let in_order: f64 = pairs
            .map(|(a, b)| f64::from(u8::from(b > a)) + 0.5 * f64::from(u8::from(a == b)))
            .sum();
        let precision_at = |score: f64| {
            let at_least = |scores: &[f64]| scores.iter().filter(|&&other| other >= score).count();
            let found = at_least(anomalous) as f64;
            found / (found + at_least(normal) as f64)
        };
        let precision: f64 = anomalous.iter().map(|&score| precision_at(score)).sum();
        (
            in_order / (normal.len() * anomalous.len()) as f64,
            precision / anomalous.len() as f64,
        )
    }

    /// Numbers from `tests/reference/anomaly.py`, which asks scikit-learn.
    #[test]
    fn agrees_with_scikit_learn_and_the_definitions() {
        let printed = include_str!("../../tests/reference/anomaly.txt");
        let mut checked = 0;
        for line in printed.lines() {
            let Some(rest) = line.strip_prefix("ranking ") else {
                continue;
            };
            let fields: Vec<f64> = rest
                .split_whitespace()
                .map(|field| field.parse().unwrap())
                .collect();
            let [seed, values, area, precision] = fields[..] else {
                panic!("{line}")
            };
            // The script draws the same.
            let score = |index: usize| ((index * index * 7 + index * seed as usize) % 101) as f64;
            let coarse = |index: usize| (score(index) * values / 101.0).floor();
            let normal: Vec<f64> = (0..60).map(coarse).collect();
            let anomalous: Vec<f64> = (60..100)
                .map(|index| coarse(index) + values / 8.0)
                .collect();
            let found = (
                auroc(&normal, &anomalous).unwrap(),
                average_precision(&normal, &anomalous).unwrap(),
            );
            let defined = by_definition(&normal, &anomalous);
            for (found, expected) in [
                (found.0, area),
                (found.1, precision),
                (found.0, defined.0),
                (found.1, defined.1),
            ] {
                assert!((found - expected).abs() < 1e-9, "{line}: found {found}");
            }
            checked += 1;
        }
        assert!(checked >= 6, "only {checked} rows in the reference");
        assert_eq!(average_precision(&[1.0], &[]), None);
    }
}
