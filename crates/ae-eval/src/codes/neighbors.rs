//! Nearest neighbors.

use rayon::prelude::*;

use crate::codes::rows::LabeledRows;

/// The share of test rows whose label the majority of their `neighbors` nearest training rows has, by Euclidean
/// distance. A tie among labels goes to the one whose nearest row is nearest.
///
/// # Panics
/// When the rows of the two sets differ in length, or `neighbors` is 0.
///
/// # References
/// T. Cover and P. Hart (1967), *Nearest neighbor pattern classification*.
#[must_use]
pub fn neighbor_accuracy(train: &LabeledRows<'_>, test: &LabeledRows<'_>, neighbors: usize) -> f64 {
    assert_eq!(train.values(), test.values(), "features of one kind");
    assert!(neighbors > 0, "a row takes after at least one other");
    let right: usize = test
        .rows()
        .par_chunks_exact(test.values())
        .zip(test.labels())
        .filter(|(row, label)| predict(train, row, neighbors) == **label)
        .count();
    right as f64 / test.len() as f64
}

fn predict(train: &LabeledRows<'_>, row: &[f32], neighbors: usize) -> u32 {
    // The nearest so far, the nearest first; few enough to be kept in order by hand.
    let mut nearest: Vec<(f32, u32)> = Vec::with_capacity(neighbors + 1);
    let candidates = train.rows().chunks_exact(train.values());
    for (candidate, &label) in candidates.zip(train.labels()) {
        let distance = squared_distance(row, candidate);
        if nearest.len() == neighbors && distance >= nearest[neighbors - 1].0 {
            continue;
        }
        let place = nearest.partition_point(|&(other, _)| other <= distance);
        nearest.insert(place, (distance, label));
        nearest.truncate(neighbors);
    }
    let votes = |label: u32| nearest.iter().filter(|&&(_, vote)| vote == label).count();
    let most = nearest.iter().map(|&(_, label)| votes(label)).max();
    nearest
        .iter()
        .find(|&&(_, label)| Some(votes(label)) == most)
        .map_or(0, |&(_, label)| label)
}

/// The squared Euclidean distance of two rows of one length.
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    // Sixteen sums side by side, which the compiler keeps in vector registers.
    let mut sums = [0.0f32; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a_chunks
        .remainder()
        .iter()
        .zip(b_chunks.remainder())
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_of_the_nearest_decides() {
        let rows = [0.0, 1.0, 2.0, 10.0, 11.0];
        let labels = [0, 0, 1, 1, 1];
        let train = LabeledRows::new(&rows, 1, &labels).unwrap();
        let check = |value: f32, neighbors, expected| {
            assert_eq!(
                predict(&train, &[value], neighbors),
                expected,
                "{value}, {neighbors}"
            );
        };
        check(2.1, 1, 1);
        check(2.1, 3, 0);
        check(0.4, 5, 1);
        // One vote each: the nearer row's label.
        check(1.6, 2, 1);
        check(1.4, 2, 0);
        let test = LabeledRows::new(&[2.1, 10.4], 1, &[0, 1]).unwrap();
        assert_eq!(neighbor_accuracy(&train, &test, 1), 0.5);
        assert_eq!(neighbor_accuracy(&train, &test, 3), 1.0);
    }

    #[test]
    fn distances_are_those_of_their_definition() {
        let a: Vec<f32> = (0..37).map(|index| (index as f32 * 0.7).sin()).collect();
        let b: Vec<f32> = (0..37).map(|index| (index as f32 * 1.3).cos()).collect();
        let expected: f64 = a
            .iter()
            .zip(&b)
            .map(|(&a, &b)| f64::from(a - b).powi(2))
            .sum();
        assert!((f64::from(squared_distance(&a, &b)) - expected).abs() < 1e-5);
    }
}
