//! Multinomial logistic regression: labels predicted by a linear map of the features.

use rayon::prelude::*;

use crate::codes::rows::LabeledRows;

/// Steps of the descent.
const STEPS: usize = 300;
/// Rows whose gradients are added up by one thread; a fixed number, so that the sums do not depend on the threads.
const BLOCK_ROWS: usize = 256;

/// A linear classifier of standardized features.
///
/// # References
/// C. M. Bishop (2006), *Pattern recognition and machine learning*, section 4.3.4. Y. Nesterov (1983), *A method of
/// solving a convex programming problem with convergence rate O(1/k^2)*.
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    classes: usize,
    means: Vec<f32>,
    /// One over each feature's standard deviation; 0 for a feature that never changes.
    scales: Vec<f32>,
    /// `[classes, values + 1]`, the bias last.
    weights: Vec<f32>,
}

impl LogisticRegression {
    /// Fits the classifier by accelerated gradient descent on the mean cross-entropy plus `decay / 2` times the squared
    /// weights. Features are standardized by the training rows first. Without randomness.
    #[must_use]
    pub fn fit(train: &LabeledRows<'_>, decay: f64) -> Self {
        let (values, classes) = (train.values(), train.classes());
        let (means, scales) = moments(train);
        let mut model = Self {
            classes,
            means,
            scales,
            weights: vec![0.0; classes * (values + 1)],
        };
        let rows: Vec<f32> = train
            .rows()
            .chunks_exact(values)
            .flat_map(|row| model.standardized(row))
            .collect();
        // The curvature of the cross-entropy is at most half the largest eigenvalue of the rows' second moments.
        let step = (1.0 / (0.5 * largest_eigenvalue(&rows, values + 1) + decay)) as f32;
        let mut ahead = model.weights.clone();
        let mut momentum = 1.0f64;
        for _ in 0..STEPS {
            let gradient = gradient(&rows, train.labels(), &ahead, classes, decay);
            let next: Vec<f32> = ahead
                .iter()
                .zip(&gradient)
                .map(|(weight, gradient)| weight - step * gradient)
                .collect();
            let next_momentum = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
            let carry = ((momentum - 1.0) / next_momentum) as f32;
            ahead = next
                .iter()
                .zip(&model.weights)
                .map(|(next, last)| next + carry * (next - last))
                .collect();
            model.weights = next;
            momentum = next_momentum;
        }
        model
    }

    /// The label that a row most likely has.
    ///
    /// # Panics
    /// When the row has another length than those that were fitted.
    #[must_use]
    pub fn predict(&self, row: &[f32]) -> u32 {
        assert_eq!(row.len(), self.means.len(), "features of one kind");
        let row: Vec<f32> = self.standardized(row).collect();
        let scores = scores(&row, &self.weights);
        (0..self.classes)
            .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
            .unwrap_or(0) as u32
    }

    /// The share of rows whose label is predicted.
    #[must_use]
    pub fn accuracy(&self, test: &LabeledRows<'_>) -> f64 {
        let rows = test.rows().chunks_exact(test.values());
        let right = rows
            .zip(test.labels())
            .filter(|(row, label)| self.predict(row) == **label)
            .count();
        right as f64 / test.len() as f64
    }

    /// Features of mean 0 and variance 1, and a one for the bias.
    fn standardized<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        row.iter()
            .zip(&self.means)
            .zip(&self.scales)
            .map(|((value, mean), scale)| (value - mean) * scale)
            .chain(std::iter::once(1.0))
    }
}

fn scores(row: &[f32], weights: &[f32]) -> Vec<f32> {
    weights
        .chunks_exact(row.len())
        .map(|weights| weights.iter().zip(row).map(|(weight, x)| weight * x).sum())
        .collect()
}

/// The gradient of the mean cross-entropy and of the decay.
fn gradient(rows: &[f32], labels: &[u32], weights: &[f32], classes: usize, decay: f64) -> Vec<f32> {
    let columns = weights.len() / classes;
    let blocks: Vec<Vec<f32>> = rows
        .par_chunks(BLOCK_ROWS * columns)
        .zip(labels.par_chunks(BLOCK_ROWS))
        .map(|(rows, labels)| {
            let mut sum = vec![0.0; weights.len()];
            for (row, &label) in rows.chunks_exact(columns).zip(labels) {
                let mut probabilities = scores(row, weights);
                let largest = probabilities.iter().copied().fold(f32::MIN, f32::max);
                for score in &mut probabilities {
                    *score = (*score - largest).exp();
                }
                let total: f32 = probabilities.iter().sum();
                for (class, sum) in sum.chunks_exact_mut(columns).enumerate() {
                    let truth = if class == label as usize { 1.0 } else { 0.0 };
                    let error = probabilities[class] / total - truth;
                    for (sum, x) in sum.iter_mut().zip(row) {
                        *sum += error * x;
                    }
                }
            }
            sum
        })
        .collect();
    let count = labels.len() as f32;
    let mut gradient: Vec<f32> = weights.iter().map(|weight| decay as f32 * weight).collect();
    for block in blocks {
        for (gradient, sum) in gradient.iter_mut().zip(block) {
            *gradient += sum / count;
        }
    }
    gradient
}

fn moments(rows: &LabeledRows<'_>) -> (Vec<f32>, Vec<f32>) {
    let (values, count) = (rows.values(), rows.len() as f64);
    let mut means = vec![0.0f64; values];
    for row in rows.rows().chunks_exact(values) {
        for (mean, &value) in means.iter_mut().zip(row) {
            *mean += f64::from(value) / count;
        }
    }
    let mut variances = vec![0.0f64; values];
    for row in rows.rows().chunks_exact(values) {
        for ((variance, mean), &value) in variances.iter_mut().zip(&means).zip(row) {
            *variance += (f64::from(value) - mean).powi(2) / count;
        }
    }
    let scale = |variance: &f64| match variance.sqrt() {
        deviation if deviation > 1e-9 => deviation.recip() as f32,
        _ => 0.0,
    };
    (
        means.iter().map(|&mean| mean as f32).collect(),
        variances.iter().map(scale).collect(),
    )
}

/// The largest eigenvalue of the mean of the rows' outer products, by the power method, a little above.
fn largest_eigenvalue(rows: &[f32], columns: usize) -> f64 {
    const ROUNDS: usize = 20;
    let count = (rows.len() / columns) as f64;
    let mut direction = vec![1.0f64; columns];
    let mut eigenvalue = 0.0;
    for _ in 0..ROUNDS {
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        let unit: Vec<f32> = direction.iter().map(|x| (x / length) as f32).collect();
        direction = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            let dot: f32 = row.iter().zip(&unit).map(|(a, b)| a * b).sum();
            for (sum, &x) in direction.iter_mut().zip(row) {
                *sum += f64::from(dot * x) / count;
            }
        }
        eigenvalue = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    }
    1.05 * eigenvalue
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;

    /// Three clouds in a plane, and a feature that never changes.
    fn clouds(first: u64, count: u64) -> (Vec<f32>, Vec<u32>) {
        let mut rows = Vec::new();
        let mut labels = Vec::new();
        for index in first..first + count {
            let mut rng = Draw {
                seed: 1,
                purpose: Purpose::Display,
                epoch: 0,
                index,
            }
            .stream();
            let label = (index % 3) as u32;
            let (x, y) = [(0.0, 0.0), (400.0, 0.0), (0.0, 0.4)][label as usize];
            rows.push(x + 100.0 * rng.standard_normal());
            rows.push(y + 0.1 * rng.standard_normal());
            rows.push(7.0);
            labels.push(label);
        }
        (rows, labels)
    }

    #[test]
    fn clouds_are_told_apart_as_well_as_they_can_be() {
        let (rows, labels) = clouds(0, 900);
        let (test_rows, test_labels) = clouds(10_000, 900);
        let train = LabeledRows::new(&rows, 3, &labels).unwrap();
        let test = LabeledRows::new(&test_rows, 3, &test_labels).unwrap();
        let found = LogisticRegression::fit(&train, 1e-4).accuracy(&test);
        // The best rule there is takes the nearest center, in deviations.
        let best = test_rows
            .chunks_exact(3)
            .zip(&test_labels)
            .filter(|(row, label)| {
                let centers = [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)];
                let distance = |&(x, y): &(f32, f32)| {
                    (row[0] / 100.0 - x).powi(2) + (row[1] / 0.1 - y).powi(2)
                };
                let nearest =
                    (0..3).min_by(|&a, &b| distance(&centers[a]).total_cmp(&distance(&centers[b])));
                nearest == Some(**label as usize)
            })
            .count() as f64
            / 900.0;
        assert!(best > 0.9 && best < 1.0, "{best}");
        assert!(found > best - 0.02, "{found}, the best is {best}");
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (rows, labels) = clouds(0, 9);
        let rows: Vec<f32> = rows.iter().map(|value| value / 300.0).collect();
        let weights: Vec<f32> = (0..9).map(|index| (index as f32 * 1.7).sin()).collect();
        let loss = |weights: &[f64]| {
            let entropy: f64 = rows
                .chunks_exact(3)
                .zip(&labels)
                .map(|(row, &label)| {
                    let scores: Vec<f64> = weights
                        .chunks_exact(3)
                        .map(|w| w.iter().zip(row).map(|(w, &x)| w * f64::from(x)).sum())
                        .collect();
                    let total: f64 = scores.iter().map(|score| score.exp()).sum();
                    total.ln() - scores[label as usize]
                })
                .sum();
            let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
            entropy / 9.0 + 0.5 * 0.1 * squares
        };
        let found = gradient(&rows, &labels, &weights, 3, 0.1);
        let weights: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
        for index in 0..9 {
            let moved = |by: f64| {
                let mut weights = weights.clone();
                weights[index] += by;
                loss(&weights)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(found[index]) - expected).abs() < 1e-5, "{index}");
        }
    }
}
