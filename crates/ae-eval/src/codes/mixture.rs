//! Mixtures of Gaussians, fitted to codes and sampled from.

use std::f64::consts::PI;

use ae_random::Draw;

use crate::codes::mixture::k_means::first_shares;
use crate::codes::rows::{check_finite, check_whole};
use crate::error::EvalError;

mod k_means;

/// Values in a row, at most: a component keeps their square.
const MOST_VALUES: usize = 1_024;
/// Rounds of the fit, at most.
const ROUNDS: usize = 100;
/// The fit ends when a round adds less than this to the mean log-density.
const LEAST_GAIN: f64 = 1e-4;
/// What is added to every variance, as a share of the mean variance: a component of a few alike rows stays a body.
const RIDGE: f64 = 1e-3;

/// A mixture of Gaussians with full covariances.
///
/// # References
/// A. P. Dempster, N. M. Laird and D. B. Rubin (1977), *Maximum likelihood from incomplete data via the EM algorithm*,
/// section 4.3.
#[derive(Clone, Debug)]
pub struct GaussianMixture {
    values: usize,
    components: Vec<Component>,
}

#[derive(Clone, Debug)]
struct Component {
    weight: f64,
    mean: Vec<f64>,
    /// The lower triangular root of the covariance, row-major.
    root: Vec<f64>,
}

impl GaussianMixture {
    /// Fits `components` Gaussians to rows of `values` values. The same seed gives the same mixture.
    ///
    /// # Errors
    /// [`EvalError::RaggedRows`], [`EvalError::NotFinite`], or [`EvalError::Mixture`] when there are fewer rows than
    /// components, no component, or rows too long for full covariances.
    pub fn fit(
        rows: &[f32],
        values: usize,
        components: usize,
        seed: u64,
    ) -> Result<Self, EvalError> {
        check_whole(rows, values)?;
        check_finite(rows, values)?;
        let count = rows.len() / values;
        if components == 0 || components > count || values > MOST_VALUES {
            return Err(EvalError::Mixture {
                components,
                rows: count,
                values,
                most_values: MOST_VALUES,
            });
        }
        let rows: Vec<Vec<f64>> = rows
            .chunks_exact(values)
            .map(|row| row.iter().map(|&value| f64::from(value)).collect())
            .collect();
        let ridge = RIDGE * mean_variance(&rows) + 1e-12;
        let mut shares = first_shares(&rows, components, seed);
        let mut mixture = Self::from_shares(&rows, &shares, components, ridge);
        let mut last = f64::NEG_INFINITY;
        for _ in 0..ROUNDS {
            let mut total = 0.0;
            for (row, shares) in rows.iter().zip(shares.chunks_exact_mut(components)) {
                total += mixture.share_out(row, shares);
            }
            let mean = total / count as f64;
            if mean - last < LEAST_GAIN {
                break;
            }
            last = mean;
            mixture = Self::from_shares(&rows, &shares, components, ridge);
        }
        Ok(mixture)
    }

    /// The logarithm of the density at a row, in nats.
    ///
    /// # Panics
    /// When the row has another length than those that were fitted.
    #[must_use]
    pub fn log_density(&self, row: &[f32]) -> f64 {
        assert_eq!(row.len(), self.values, "a row like those that were fitted");
        let row: Vec<f64> = row.iter().map(|&value| f64::from(value)).collect();
        self.share_out(&row, &mut vec![0.0; self.components.len()])
    }

    /// Samples a row; `draw` names its random numbers.
    #[must_use]
    pub fn sample(&self, draw: Draw) -> Vec<f32> {
        let mut rng = draw.stream();
        let mut point = rng.uniform_f64();
        let component = self
            .components
            .iter()
            .find(|component| {
                point -= component.weight;
                point < 0.0
            })
            .unwrap_or(&self.components[self.components.len() - 1]);
        let noise: Vec<f64> = (0..self.values)
            .map(|_| f64::from(rng.standard_normal()))
            .collect();
        (0..self.values)
            .map(|index| {
                let row = &component.root[index * self.values..][..=index];
                let sum: f64 = row
                    .iter()
                    .zip(&noise)
                    .map(|(root, noise)| root * noise)
                    .sum();
                (component.mean[index] + sum) as f32
            })
            .collect()
    }

    /// The components' weights and means.
    #[must_use]
    pub fn components(&self) -> Vec<(f64, &[f64])> {
        self.components
            .iter()
            .map(|component| (component.weight, component.mean.as_slice()))
            .collect()
    }

    /// Writes each component's share of a row into `shares`, and gives the row's log-density.
    fn share_out(&self, row: &[f64], shares: &mut [f64]) -> f64 {
        for (share, component) in shares.iter_mut().zip(&self.components) {
            *share = component.weight.ln() + component.log_density(row);
        }
        let largest = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = shares.iter().map(|share| (share - largest).exp()).sum();
        let log_density = largest + sum.ln();
        for share in shares {
            *share = (*share - log_density).exp();
        }
        log_density
    }

    /// The mixture of largest likelihood, were each row shared out so.
    fn from_shares(rows: &[Vec<f64>], shares: &[f64], components: usize, ridge: f64) -> Self {
        let values = rows[0].len();
        let component = |number: usize| {
            let share = |row: usize| shares[row * components + number];
            let total: f64 = (0..rows.len()).map(share).sum::<f64>().max(1e-9);
            let mut mean = vec![0.0; values];
            for (index, row) in rows.iter().enumerate() {
                for (mean, value) in mean.iter_mut().zip(row) {
                    *mean += share(index) / total * value;
                }
            }
            let mut covariance = vec![0.0; values * values];
            for (index, row) in rows.iter().enumerate() {
                let weight = share(index) / total;
                if weight < 1e-12 {
                    continue;
                }
                for i in 0..values {
                    let scaled = weight * (row[i] - mean[i]);
                    let out = &mut covariance[i * values..][..=i];
                    for ((out, value), mean) in out.iter_mut().zip(row).zip(&mean) {
                        *out += scaled * (value - mean);
                    }
                }
            }
            for i in 0..values {
                covariance[i * values + i] += ridge;
            }
            root(&mut covariance, values, ridge);
            Component {
                weight: total / rows.len() as f64,
                mean,
                root: covariance,
            }
        };
        Self {
            values,
            components: (0..components).map(component).collect(),
        }
    }
}

impl Component {
    fn log_density(&self, row: &[f64]) -> f64 {
        let values = self.mean.len();
        // Forward substitution: the row in the component's own measure.
        let mut standard = vec![0.0; values];
        let (mut squares, mut log_volume) = (0.0, 0.0);
        for i in 0..values {
            let out = &self.root[i * values..][..=i];
            let known: f64 = out[..i].iter().zip(&standard).map(|(a, b)| a * b).sum();
            standard[i] = (row[i] - self.mean[i] - known) / out[i];
            squares += standard[i] * standard[i];
            log_volume += out[i].ln();
        }
        -0.5 * (squares + values as f64 * (2.0 * PI).ln()) - log_volume
    }
}

/// Cholesky's root of a symmetric matrix, in place of its lower triangle. What rounding makes negative is `least`.
fn root(matrix: &mut [f64], side: usize, least: f64) {
    for i in 0..side {
        for j in 0..=i {
            let known: f64 = (0..j)
                .map(|k| matrix[i * side + k] * matrix[j * side + k])
                .sum();
            let rest = matrix[i * side + j] - known;
            matrix[i * side + j] = if i == j {
                rest.max(least).sqrt()
            } else {
                rest / matrix[j * side + j]
            };
        }
    }
}

fn mean_variance(rows: &[Vec<f64>]) -> f64 {
    let (count, values) = (rows.len() as f64, rows[0].len());
    let of_column = |column: usize| {
        let mean = rows.iter().map(|row| row[column]).sum::<f64>() / count;
        rows.iter()
            .map(|row| (row[column] - mean).powi(2))
            .sum::<f64>()
            / count
    };
    (0..values).map(of_column).sum::<f64>() / values as f64
}

#[cfg(test)]
mod tests {
    use ae_random::Purpose;

    use super::*;

    fn draw(index: u64) -> Draw {
        Draw {
            seed: 1,
            purpose: Purpose::Display,
            epoch: 0,
            index,
        }
    }

    /// Two clouds: a quarter of the rows around (-4, 0) with correlated values, the others around (4, 1).
    fn clouds(count: u64) -> Vec<f32> {
        (0..count)
            .flat_map(|index| {
                let mut rng = draw(index).stream();
                let (a, b) = (rng.standard_normal(), rng.standard_normal());
                match index % 4 {
                    0 => [-4.0 + a, 0.8 * a + 0.6 * b],
                    _ => [4.0 + 0.5 * a, 1.0 + 2.0 * b],
                }
            })
            .collect()
    }

    #[test]
    fn two_clouds_are_told_apart() {
        let mixture = GaussianMixture::fit(&clouds(4_000), 2, 2, 3).unwrap();
        let mut found = mixture.components();
        found.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
        assert!((found[0].0 - 0.25).abs() < 0.01, "{found:?}");
        for ((_, mean), expected) in found.iter().zip([[-4.0, 0.0], [4.0, 1.0]]) {
            assert!((mean[0] - expected[0]).abs() < 0.1, "{found:?}");
            assert!((mean[1] - expected[1]).abs() < 0.2, "{found:?}");
        }
        let again = GaussianMixture::fit(&clouds(4_000), 2, 2, 3).unwrap();
        assert_eq!(format!("{again:?}"), format!("{mixture:?}"));
    }

    #[test]
    fn one_gaussian_has_the_density_and_the_samples_of_its_moments() {
        let rows = clouds(4_000);
        let mixture = GaussianMixture::fit(&rows, 2, 1, 3).unwrap();
        let count = rows.len() as f64 / 2.0;
        let moment = |f: &dyn Fn(f64, f64) -> f64, rows: &[f32]| {
            let pairs = rows.chunks_exact(2);
            pairs
                .map(|pair| f(f64::from(pair[0]), f64::from(pair[1])))
                .sum::<f64>()
                / (rows.len() as f64 / 2.0)
        };
        let (x, y) = (moment(&|x, _| x, &rows), moment(&|_, y| y, &rows));
        let ridge = RIDGE
            * 0.5
            * (moment(&|a, _| (a - x).powi(2), &rows) + moment(&|_, b| (b - y).powi(2), &rows));
        let xx = moment(&|a, _| (a - x).powi(2), &rows) + ridge;
        let yy = moment(&|_, b| (b - y).powi(2), &rows) + ridge;
        let xy = moment(&|a, b| (a - x) * (b - y), &rows);
        // The density by the inverse of a matrix of two by two.
        let (a, b) = (1.5 - x, -0.5 - y);
        let determinant = xx * yy - xy * xy;
        let square = (yy * a * a - 2.0 * xy * a * b + xx * b * b) / determinant;
        let expected = -0.5 * (square + determinant.ln()) - (2.0 * PI).ln();
        let found = mixture.log_density(&[1.5, -0.5]);
        assert!((found - expected).abs() < 1e-9, "{found}, {expected}");

        let samples: Vec<f32> = (0..4_000)
            .flat_map(|index| mixture.sample(draw(10_000 + index)))
            .collect();
        assert!((moment(&|x, _| x, &samples) - x).abs() < 4.0 * (xx / count).sqrt());
        let covariance = moment(&|a, b| (a - x) * (b - y), &samples);
        assert!((covariance - xy).abs() < 4.0 * (2.0 * xx * yy / count).sqrt());
    }

    #[test]
    fn what_cannot_be_fitted_is_refused() {
        let check = |rows: &[f32], values, components, expected: &str| {
            let error = GaussianMixture::fit(rows, values, components, 1).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(&[1.0; 5], 2, 1, "no whole number of rows");
        check(&[1.0; 4], 2, 3, "3 Gaussians to 2 codes of 2 values");
        check(&[1.0; 4], 2, 0, "0 Gaussians");
        check(&[1.0; 4_000], 2_000, 1, "at most 1024");
        check(
            &[1.0, f32::NAN],
            2,
            1,
            "row 0 holds a value that is not finite",
        );
    }

    #[test]
    fn rows_that_are_all_alike_are_no_trouble() {
        let mixture = GaussianMixture::fit(&[2.0; 40], 4, 3, 1).unwrap();
        let sample = mixture.sample(draw(1));
        assert!(
            sample.iter().all(|value| (value - 2.0).abs() < 1e-3),
            "{sample:?}"
        );
    }
}
