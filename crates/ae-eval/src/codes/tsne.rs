//! t-SNE: points in a plane whose neighbors are the neighbors of the codes.

use rayon::prelude::*;

use crate::error::EvalError;
use crate::pca::Pca;

/// Rows, at least: of fewer, each has all others for neighbors.
pub const LEAST_ROWS: usize = 4;
/// Rows, at most: every pair of them is looked at in every round.
pub const MOST_ROWS: usize = 4_000;
const ROUNDS: usize = 750;
/// Rounds at the beginning in which neighbors pull harder, and by how much.
const EARLY_ROUNDS: usize = 250;
const EXAGGERATION: f64 = 12.0;
/// Spread of the first coordinates.
const FIRST_DEVIATION: f64 = 1e-4;

/// Lays rows out in a plane by t-distributed stochastic neighbor embedding, exactly, with all pairs of rows.
///
/// It starts from the first two principal components, so the same rows give the same plane, and what is far apart in
/// the rows begins far apart. The learning rate is an eleventh of the number of rows, but 50 at least.
///
/// # Shapes
/// - `rows`: `[rows, values]`; output: one `[x, y]` a row
///
/// # Errors
/// [`EvalError::RaggedRows`], [`EvalError::NotFinite`], [`EvalError::TooFewRows`] for less than [`LEAST_ROWS`], or
/// [`EvalError::TooManyRows`] for more than [`MOST_ROWS`].
///
/// # References
/// L. van der Maaten and G. Hinton (2008), *Visualizing data using t-SNE*, equations 1 to 5. D. Kobak and P. Berens
/// (2019), *The art of using t-SNE for single-cell transcriptomics*: the first coordinates and the learning rate.
pub fn tsne(rows: &[f32], values: usize, perplexity: f64) -> Result<Vec<[f64; 2]>, EvalError> {
    let pca = Pca::fit(rows, values, 2)?;
    let count = rows.len() / values;
    if count > MOST_ROWS {
        return Err(EvalError::TooManyRows {
            rows: count,
            limit: MOST_ROWS,
        });
    }
    if count < LEAST_ROWS {
        return Err(EvalError::TooFewRows {
            rows: count,
            least: LEAST_ROWS,
        });
    }
    // A neighborhood of a third of all rows is none.
    let perplexity = perplexity.min((count - 1) as f64 / 3.0);
    let affinities = affinities(rows, values, perplexity);
    let mut points = principal_plane(&pca, rows, values);
    let deviation =
        (points.iter().map(|point| point[0] * point[0]).sum::<f64>() / count as f64).sqrt();
    let scale = FIRST_DEVIATION / deviation.max(f64::MIN_POSITIVE);
    for point in &mut points {
        *point = [point[0] * scale, point[1] * scale];
    }
    let rate = (count as f64 / EXAGGERATION).max(50.0);
    let mut velocity = vec![[0.0; 2]; count];
    let mut gains = vec![[1.0; 2]; count];
    for round in 0..ROUNDS {
        let (exaggeration, momentum) = match round {
            0..EARLY_ROUNDS => (EXAGGERATION, 0.5),
            _ => (1.0, 0.8),
        };
        let gradient = gradient(&points, &affinities, exaggeration);
        for index in 0..count {
            for axis in 0..2 {
                // R. A. Jacobs (1988), Increased rates of convergence through learning rate adaptation.
                let gain: &mut f64 = &mut gains[index][axis];
                let slope = gradient[index][axis];
                *gain = if (slope > 0.0) == (velocity[index][axis] > 0.0) {
                    (*gain * 0.8).max(0.01)
                } else {
                    *gain + 0.2
                };
                velocity[index][axis] = momentum * velocity[index][axis] - rate * *gain * slope;
                points[index][axis] += velocity[index][axis];
            }
        }
    }
    Ok(points)
}

/// Rows in the plane of their first two principal components.
#[must_use]
pub fn principal_plane(pca: &Pca, rows: &[f32], values: usize) -> Vec<[f64; 2]> {
    let rows = rows.chunks_exact(values);
    rows.map(|row| {
        let code = pca.encode(row);
        let at = |axis: usize| code.get(axis).map_or(0.0, |&x| f64::from(x));
        [at(0), at(1)]
    })
    .collect()
}

/// How near each pair is, symmetric, all adding up to 1: `[rows, rows]`.
fn affinities(rows: &[f32], values: usize, perplexity: f64) -> Vec<f64> {
    let count = rows.len() / values;
    let row = |index: usize| &rows[index * values..][..values];
    let mut conditional: Vec<f64> = (0..count)
        .into_par_iter()
        .flat_map_iter(|index| {
            let distances: Vec<f64> = (0..count)
                .map(|other| {
                    let pairs = row(index).iter().zip(row(other));
                    pairs.map(|(&a, &b)| f64::from(a - b).powi(2)).sum()
                })
                .collect();
            neighborhood(index, &distances, perplexity)
        })
        .collect();
    let total = 2.0 * count as f64;
    for i in 0..count {
        for j in 0..i {
            let sum = (conditional[i * count + j] + conditional[j * count + i]) / total;
            conditional[i * count + j] = sum.max(1e-12);
            conditional[j * count + i] = sum.max(1e-12);
        }
    }
    conditional
}

/// The probability that a row has each other for its neighbor, at the precision that gives the perplexity.
fn neighborhood(index: usize, distances: &[f64], perplexity: f64) -> Vec<f64> {
    let nearest = (0..distances.len())
        .filter(|&other| other != index)
        .map(|other| distances[other])
        .fold(f64::INFINITY, f64::min);
    let (mut low, mut high, mut precision) = (0.0, f64::INFINITY, 1.0);
    let mut chances = vec![0.0; distances.len()];
    for _ in 0..100 {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (other, (chance, distance)) in chances.iter_mut().zip(distances).enumerate() {
            *chance = if other == index {
                0.0
            } else {
                (-precision * (distance - nearest)).exp()
            };
            sum += *chance;
            weighted += *chance * (distance - nearest);
        }
        let entropy = sum.ln() + precision * weighted / sum;
        for chance in &mut chances {
            *chance /= sum;
        }
        let excess = entropy - perplexity.ln();
        if excess.abs() < 1e-5 {
            break;
        }
        if excess > 0.0 {
            low = precision;
            precision = if f64::is_finite(high) {
                0.5 * (low + high)
            } else {
                2.0 * precision
            };
        } else {
            high = precision;
            precision = 0.5 * (low + high);
        }
    }
    chances
}

fn gradient(points: &[[f64; 2]], affinities: &[f64], exaggeration: f64) -> Vec<[f64; 2]> {
    let count = points.len();
    let nearness =
        |a: [f64; 2], b: [f64; 2]| 1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2));
    let sums: Vec<f64> = points
        .par_iter()
        .map(|&point| {
            points
                .iter()
                .map(|&other| nearness(point, other))
                .sum::<f64>()
                - 1.0
        })
        .collect();
    let total: f64 = sums.iter().sum();
    (0..count)
        .into_par_iter()
        .map(|index| {
            let mut pull = [0.0; 2];
            let point = points[index];
            let row = &affinities[index * count..][..count];
            for (&other, &affinity) in points.iter().zip(row) {
                let near = nearness(point, other);
                let force = 4.0 * (exaggeration * affinity - near / total) * near;
                pull[0] += force * (point[0] - other[0]);
                pull[1] += force * (point[1] - other[1]);
            }
            pull
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;

    /// Clouds around the corners of a simplex in ten dimensions.
    fn clouds(count: usize) -> Vec<f32> {
        let mut rows = Vec::new();
        for index in 0..count {
            let mut rng = Draw {
                seed: 2,
                purpose: Purpose::Display,
                epoch: 0,
                index: index as u64,
            }
            .stream();
            rows.extend((0..10).map(|axis| {
                let corner = if axis == index % 4 { 8.0 } else { 0.0 };
                corner + rng.standard_normal()
            }));
        }
        rows
    }

    #[test]
    fn neighbors_in_the_codes_are_neighbors_in_the_plane() {
        let rows = clouds(120);
        let points = tsne(&rows, 10, 15.0).unwrap();
        let nearest = |index: usize| {
            (0..points.len())
                .filter(|&other| other != index)
                .min_by(|&a, &b| {
                    let distance = |other: usize| {
                        (points[index][0] - points[other][0]).powi(2)
                            + (points[index][1] - points[other][1]).powi(2)
                    };
                    distance(a).total_cmp(&distance(b))
                })
        };
        let right = (0..120)
            .filter(|&index| nearest(index).is_some_and(|other| other % 4 == index % 4))
            .count();
        assert!(right >= 118, "{right} of 120");
        assert_eq!(tsne(&rows, 10, 15.0).unwrap(), points);
    }

    #[test]
    fn a_neighborhood_has_the_perplexity_that_was_asked_for() {
        let distances: Vec<f64> = (0..50).map(|index| f64::from(index).powi(2)).collect();
        let chances = neighborhood(0, &distances, 7.0);
        let entropy: f64 = chances
            .iter()
            .filter(|&&chance| chance > 0.0)
            .map(|chance| -chance * chance.ln())
            .sum();
        assert!((entropy.exp() - 7.0).abs() < 1e-3, "{}", entropy.exp());
        assert_eq!(chances[0], 0.0);
    }

    #[test]
    fn the_gradient_is_that_of_the_divergence() {
        let rows = clouds(12);
        let affinities = affinities(&rows, 10, 3.0);
        let total: f64 = (0..12)
            .flat_map(|i| (0..12).filter(move |&j| i != j).map(move |j| (i, j)))
            .map(|(i, j)| affinities[i * 12 + j])
            .sum();
        assert!((total - 1.0).abs() < 1e-9, "{total}");
        let points: Vec<[f64; 2]> = (0..12)
            .map(|index| [f64::from(index).sin(), (1.7 * f64::from(index)).cos()])
            .collect();
        let divergence = |points: &[[f64; 2]]| {
            let near = |i: usize, j: usize| {
                1.0 / (1.0
                    + (points[i][0] - points[j][0]).powi(2)
                    + (points[i][1] - points[j][1]).powi(2))
            };
            let pairs: Vec<(usize, usize)> = (0..12)
                .flat_map(|i| (0..12).filter(move |&j| i != j).map(move |j| (i, j)))
                .collect();
            let sum: f64 = pairs.iter().map(|&(i, j)| near(i, j)).sum();
            pairs
                .iter()
                .map(|&(i, j)| {
                    let p = affinities[i * 12 + j];
                    p * (p * sum / near(i, j)).ln()
                })
                .sum::<f64>()
        };
        let found = gradient(&points, &affinities, 1.0);
        for index in 0..12 {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut points = points.clone();
                    points[index][axis] += by;
                    divergence(&points)
                };
                let expected = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!(
                    (found[index][axis] - expected).abs() < 1e-6,
                    "{index} {axis}: {} instead of {expected}",
                    found[index][axis]
                );
            }
        }
    }

    #[test]
    fn too_few_rows_have_no_neighborhoods() {
        for count in 1..LEAST_ROWS {
            let rows: Vec<f32> = (0..2 * count).map(|value| value as f32).collect();
            assert_eq!(
                tsne(&rows, 2, 30.0).unwrap_err().to_string(),
                format!(
                    "{count} rows are too few for t-SNE, which keeps neighborhoods: at least 4"
                )
            );
        }
        let rows: Vec<f32> = (0..2 * LEAST_ROWS).map(|value| value as f32).collect();
        assert_eq!(tsne(&rows, 2, 30.0).unwrap().len(), LEAST_ROWS);
    }

    #[test]
    fn too_many_rows_are_refused() {
        let rows = vec![0.0; (MOST_ROWS + 1) * 2];
        let error = tsne(&rows, 2, 30.0).unwrap_err().to_string();
        assert!(error.contains("4001"), "{error}");
    }
}
