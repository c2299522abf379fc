//! How far a row is from the nearest of a table.

use rayon::prelude::*;

use crate::codes::neighbors::squared_distance;
use crate::codes::rows::{check_finite, check_whole};
use crate::error::EvalError;

/// Values of a row that are compared before it is asked whether the row is too far already.
const CHUNK: usize = 128;

/// Of every row, the mean Euclidean distance to its `neighbors` nearest rows of `reference`, or to all where those are
/// fewer.
///
/// # Shapes
/// - `reference`: `[images, values]`
/// - `rows`: `[rows, values]`
/// - output: `[rows]`
///
/// # Errors
/// [`EvalError::RaggedRows`] where the values are no whole rows, [`EvalError::NotFinite`] where one of `reference` is not
/// finite, [`EvalError::EmptySet`] where that has no row. A row that isn't finite is infinitely far from all.
///
/// # Panics
/// When `neighbors` is 0.
///
/// # References
/// F. Angiulli and C. Pizzuti (2002), *Fast outlier detection in high dimensional spaces*.
pub fn neighbor_distances(
    reference: &[f32],
    rows: &[f32],
    values: usize,
    neighbors: usize,
) -> Result<Vec<f64>, EvalError> {
    assert!(neighbors > 0, "a distance to at least one neighbor");
    check_whole(reference, values)?;
    check_whole(rows, values)?;
    check_finite(reference, values)?;
    if reference.is_empty() {
        return Err(EvalError::EmptySet {
            name: "of reference rows".to_owned(),
        });
    }
    let neighbors = neighbors.min(reference.len() / values);
    let rows = rows.par_chunks_exact(values);
    Ok(rows
        .map(|row| mean_distance(reference, row, neighbors))
        .collect())
}

fn mean_distance(reference: &[f32], row: &[f32], neighbors: usize) -> f64 {
    // The squared distances of the nearest so far, the nearest first.
    let mut nearest = vec![f32::INFINITY; neighbors];
    for candidate in reference.chunks_exact(row.len()) {
        let farthest = nearest[neighbors - 1];
        let mut distance = 0.0;
        for (a, b) in row.chunks(CHUNK).zip(candidate.chunks(CHUNK)) {
            distance += squared_distance(a, b);
            if distance >= farthest {
                break;
            }
        }
        if distance < farthest {
            let place = nearest.partition_point(|&other| other <= distance);
            nearest[place..].rotate_right(1);
            nearest[place] = distance;
        }
    }
    let distances = nearest.iter().map(|&squared| f64::from(squared).sqrt());
    distances.sum::<f64>() / neighbors as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, step: f32) -> Vec<f32> {
        (0..count)
            .map(|index| (index as f32 * step).sin() * (index as f32 * 0.37).cos())
            .collect()
    }

    #[test]
    fn distances_are_those_of_all_pairs_sorted() {
        for (values, neighbors) in [(1, 1), (3, 2), (200, 5), (300, 40)] {
            let reference = numbers(31 * values, 0.7);
            let rows = numbers(9 * values, 1.3);
            let found = neighbor_distances(&reference, &rows, values, neighbors).unwrap();
            let count = neighbors.min(31);
            for (row, found) in rows.chunks(values).zip(found) {
                let mut distances: Vec<f64> = reference
                    .chunks(values)
                    .map(|other| {
                        let squares = row.iter().zip(other).map(|(a, b)| (a - b) * (a - b));
                        squares.map(f64::from).sum::<f64>().sqrt()
                    })
                    .collect();
                distances.sort_by(f64::total_cmp);
                let expected = distances[..count].iter().sum::<f64>() / count as f64;
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{values}, {neighbors}: {found} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_number_is_far_and_bad_tables_are_errors() {
        let far = neighbor_distances(&[0.0, 1.0], &[f32::NAN, 0.5], 1, 1).unwrap();
        assert_eq!(far, [f64::INFINITY, 0.5]);
        let none = neighbor_distances(&[], &[1.0], 1, 1);
        assert!(matches!(none, Err(EvalError::EmptySet { .. })));
        let ragged = neighbor_distances(&[1.0; 3], &[1.0; 4], 2, 1);
        assert!(matches!(ragged, Err(EvalError::RaggedRows { .. })));
    }
}
