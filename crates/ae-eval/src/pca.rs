//! Principal component analysis: the best that a linear code of a given size can do.

use ae_data::ImageSet;
use faer::Side;

use crate::codes::rows::{check_finite, check_whole};
use crate::error::EvalError;
use crate::pca::moments::{covariance, mean_row, products, unit_combination};
use crate::spread::evenly_spread;

mod moments;

/// Longest side of the matrix whose eigenvectors are computed; 2,048 take some seconds.
const LARGEST_SIDE: usize = 2048;
/// Most images that [`Pca::fit_images`] looks at.
const MOST_IMAGES: usize = 20_000;
/// Most values that [`Pca::fit_images`] holds at a time: 128 MiB.
const MOST_VALUES: usize = 32 << 20;
/// Variance, as a share of the largest, below which a direction is rounding noise.
const RANK_TOLERANCE: f64 = 1e-12;

/// Principal components of a table of rows: mean, directions of largest variance, and variances.
///
/// # References
/// K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901;
/// I. T. Jolliffe, "Principal Component Analysis", 2nd edition, 2002, sections 1.1 and 3.5.
#[derive(Debug, Clone)]
pub struct Pca {
    mean: Vec<f32>,
    /// `[components, values]`, orthonormal rows.
    basis: Vec<f32>,
    variances: Vec<f64>,
    rows: usize,
}

impl Pca {
    /// Finds the first `components` principal components of mean-centered rows.
    ///
    /// There are at most as many as the rows' rank, so [`Pca::components`] may be fewer than
    /// asked for. The eigenvectors are those of the rows' covariance or, where there are fewer
    /// rows than values, of their products with one another, which span the same space; sums are
    /// in `f64`.
    ///
    /// # Shapes
    /// - `rows`: `[rows, values]`, row after row
    ///
    /// # Errors
    /// No rows, a last row that is not whole, a value that is not finite, or more than 2,048 of
    /// both rows and values.
    pub fn fit(rows: &[f32], values: usize, components: usize) -> Result<Self, EvalError> {
        check_whole(rows, values)?;
        let count = rows.len() / values;
        if count == 0 {
            return Err(EvalError::EmptySet {
                name: "of rows".to_owned(),
            });
        }
        check_finite(rows, values)?;
        if count.min(values) > LARGEST_SIDE {
            return Err(EvalError::TooManyComponents {
                rows: count,
                values,
                limit: LARGEST_SIDE,
            });
        }
        let mean = mean_row(rows, values);
        let matrix = if values <= count {
            covariance(rows, &mean)
        } else {
            products(rows, &mean)
        };
        let side = matrix.nrows();
        let eigen = matrix
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| EvalError::NoConvergence { side })?;
        // faer sorts eigenvalues upwards.
        let eigenvalues = eigen.S().column_vector();
        let mut variances: Vec<f64> = (0..side).rev().map(|i| eigenvalues[i].max(0.0)).collect();
        let floor = variances.first().copied().unwrap_or(0.0) * RANK_TOLERANCE;
        let rank = variances
            .iter()
            .take_while(|&&variance| variance > floor)
            .count();
        variances.truncate(rank);

        let kept = components.min(rank);
        let mut basis = Vec::with_capacity(kept * values);
        for component in 0..kept {
            let vector = eigen.U().col(side - 1 - component);
            if values <= count {
                basis.extend(vector.iter().map(|&coordinate| coordinate as f32));
            } else {
                let weights: Vec<f64> = vector.iter().copied().collect();
                basis.extend(unit_combination(rows, &mean, &weights));
            }
        }
        let mean = mean.into_iter().map(|value| value as f32).collect();
        Ok(Self {
            mean,
            basis,
            variances,
            rows: count,
        })
    }

    /// Finds the first `components` principal components of a set's images.
    ///
    /// Looks at 20,000 evenly spread images at most, at fewer where they are large (2,048 above
    /// 2,048 values an image, and never more than 128 MiB): [`Pca::rows`] says how many.
    ///
    /// # Errors
    /// An empty set, or an image that cannot be read.
    pub fn fit_images(set: &ImageSet, components: usize) -> Result<Self, EvalError> {
        if set.is_empty() {
            return Err(EvalError::EmptySet {
                name: set.name().to_owned(),
            });
        }
        let values = set.shape().values();
        let most_rows = if values > LARGEST_SIDE {
            LARGEST_SIDE
        } else {
            MOST_IMAGES
        };
        let most_rows = most_rows.min((MOST_VALUES / values.max(1)).max(1));
        let chosen = evenly_spread(set.len(), most_rows);
        let mut rows = vec![0.0; chosen.len() * values];
        for (index, row) in chosen.into_iter().zip(rows.chunks_exact_mut(values)) {
            set.read_unit_into(index, row)?;
        }
        Self::fit(&rows, values, components)
    }

    /// Number of components kept.
    pub fn components(&self) -> usize {
        self.basis.len() / self.mean.len()
    }

    /// Values in a row.
    pub fn values(&self) -> usize {
        self.mean.len()
    }

    /// Rows that the components were found from.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The mean row.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Variance along every direction that has any, kept or not, in falling order (divided by the
    /// number of rows).
    ///
    /// The squared error of reconstructing the rows, a mean over rows and a sum over values, is
    /// the sum of those from [`Pca::components`] on.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Projects a row onto the components.
    ///
    /// # Shapes
    /// - `row`: `[values]`
    /// - output: `[components]`
    ///
    /// # Panics
    /// If `row` has another length.
    pub fn encode(&self, row: &[f32]) -> Vec<f32> {
        assert_eq!(row.len(), self.values(), "length of the row");
        let centered: Vec<f32> = row
            .iter()
            .zip(&self.mean)
            .map(|(value, mean)| value - mean)
            .collect();
        let directions = self.basis.chunks_exact(self.values());
        directions
            .map(|direction| dot(direction, &centered))
            .collect()
    }

    /// Rebuilds a row from its code; a shorter code is that of fewer components.
    ///
    /// # Shapes
    /// - `code`: `[components]`
    /// - output: `[values]`
    ///
    /// # Panics
    /// If `code` is longer than [`Pca::components`].
    pub fn decode(&self, code: &[f32]) -> Vec<f32> {
        assert!(code.len() <= self.components(), "length of the code");
        let mut row = self.mean.clone();
        for (weight, direction) in code.iter().zip(self.basis.chunks_exact(self.values())) {
            for (value, coordinate) in row.iter_mut().zip(direction) {
                *value += weight * coordinate;
            }
        }
        row
    }

    /// Projects a row onto the components and back: the nearest row in their span.
    ///
    /// # Shapes
    /// - `row`, output: `[values]`
    ///
    /// # Panics
    /// If `row` has another length.
    pub fn reconstruct(&self, row: &[f32]) -> Vec<f32> {
        self.decode(&self.encode(row))
    }
}

/// Dot product over eight partial sums, which the compiler keeps in one vector register.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (left_chunks, right_chunks) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let rest = left_chunks.remainder().iter().zip(right_chunks.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in left_chunks.zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in [0, 1) from a 64-bit linear congruential generator (Knuth's MMIX constants).
    fn numbers(count: usize, mut state: u64) -> Vec<f32> {
        (0..count)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 24) as f32
            })
            .collect()
    }

    /// Rows in a `rank`-dimensional plane off the origin.
    fn plane(rows: usize, values: usize, rank: usize) -> Vec<f32> {
        let directions = numbers(rank * values, 1);
        let weights = numbers(rows * rank, 2);
        let mut table = Vec::with_capacity(rows * values);
        for row in 0..rows {
            for value in 0..values {
                let sum: f32 = (0..rank)
                    .map(|k| weights[row * rank + k] * directions[k * values + value])
                    .sum();
                table.push(0.3 + sum);
            }
        }
        table
    }

    fn squared_error(pca: &Pca, table: &[f32]) -> f64 {
        let rows = table.chunks_exact(pca.values());
        let errors =
            rows.map(|row| crate::quality::meter::squared_error(row, &pca.reconstruct(row)));
        errors.sum::<f64>() / (table.len() / pca.values()) as f64
    }

    #[test]
    fn data_of_low_rank_is_reconstructed_exactly() {
        for (rows, values) in [(200, 40), (30, 300)] {
            let table = plane(rows, values, 6);
            let pca = Pca::fit(&table, values, 6).unwrap();
            assert_eq!(pca.components(), 6, "{rows} x {values}");
            let error = squared_error(&pca, &table);
            assert!(error < 1e-8, "{rows} x {values}: {error}");
            let fewer = Pca::fit(&table, values, 5).unwrap();
            assert!(squared_error(&fewer, &table) > 1e-3, "{rows} x {values}");
        }
    }

    #[test]
    fn error_is_the_sum_of_the_dropped_variances() {
        for (rows, values) in [(300, 50), (50, 300), (64, 64)] {
            let table = numbers(rows * values, 3);
            for components in [0, 1, 10, 40] {
                let pca = Pca::fit(&table, values, components).unwrap();
                let expected: f64 = pca.variances()[components..].iter().sum();
                let found = squared_error(&pca, &table);
                assert!(
                    (found - expected).abs() < 1e-5 * expected,
                    "{rows} x {values}, {components}: {found} instead of {expected}"
                );
            }
        }
    }

    #[test]
    fn variances_add_up_to_the_total() {
        let (rows, values) = (120, 33);
        let table = numbers(rows * values, 4);
        let none = Pca::fit(&table, values, 0).unwrap();
        let total: f64 = none.variances().iter().sum();
        assert!((squared_error(&none, &table) - total).abs() < 1e-5 * total);
        assert!(none.variances().is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn directions_are_orthonormal_either_way() {
        for (rows, values) in [(90, 20), (20, 90)] {
            let pca = Pca::fit(&numbers(rows * values, 5), values, 12).unwrap();
            let directions: Vec<&[f32]> = pca.basis.chunks_exact(values).collect();
            for (i, a) in directions.iter().enumerate() {
                for (j, b) in directions.iter().enumerate() {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    assert!(
                        (dot(a, b) - expected).abs() < 1e-5,
                        "{rows} x {values}: {i}, {j}"
                    );
                }
            }
        }
    }

    #[test]
    fn components_are_bounded_by_the_data() {
        // Centering takes one from the rank of fewer rows than values.
        let pca = Pca::fit(&numbers(10 * 50, 6), 50, 1000).unwrap();
        assert_eq!(pca.components(), 9);
        let constant = Pca::fit(&[0.5; 40], 4, 3).unwrap();
        assert_eq!(constant.components(), 0);
        assert_eq!(constant.reconstruct(&[0.1, 0.2, 0.3, 0.4]), [0.5; 4]);
    }

    #[test]
    fn bad_tables_are_errors() {
        assert!(matches!(
            Pca::fit(&[0.0; 7], 2, 1),
            Err(EvalError::RaggedRows { .. })
        ));
        assert!(matches!(
            Pca::fit(&[0.0; 7], 0, 1),
            Err(EvalError::RaggedRows { .. })
        ));
        assert!(matches!(
            Pca::fit(&[], 2, 1),
            Err(EvalError::EmptySet { .. })
        ));
        let nan = Pca::fit(&[0.0, 1.0, f32::NAN, 0.0], 2, 1);
        assert!(matches!(nan, Err(EvalError::NotFinite { row: 1 })));
        let side = LARGEST_SIDE + 1;
        let large = Pca::fit(&vec![0.0; side * side], side, 1);
        assert!(matches!(large, Err(EvalError::TooManyComponents { .. })));
    }
}
