//! Ridge regression (Hoerl and Kennard 1970) to weights of 16 bits.

use crate::cholesky::solved;

/// What weights and biases are in units of: 1 / 256.
pub(crate) const UNIT: f64 = 256.0;
/// What is added to the diagonal, as a share of its mean, so that neighbors that never differ have no weight.
const RIDGE: f64 = 1e-3;

/// The weights by which the first `right.len()` of some values add up nearest to a target.
///
/// # Shapes
/// - `products`: sums of the products of values, each less its mean, with each other: `[side, side]`
/// - `right`: those of each value with the target
pub(crate) fn ridge_weights(products: &[f64], side: usize, right: Vec<f64>) -> Vec<i16> {
    let count = right.len();
    let at = |row: usize, column: usize| products[row * side + column];
    let trace: f64 = (0..count).map(|row| at(row, row)).sum();
    let ridge = RIDGE * trace / count as f64 + 1e-9;
    let matrix: Vec<Vec<f64>> = (0..count)
        .map(|row| {
            let entry = |column| at(row, column) + if row == column { ridge } else { 0.0 };
            (0..count).map(entry).collect()
        })
        .collect();
    solved(matrix, right)
        .into_iter()
        .map(|weight| (UNIT * weight).round().clamp(-32_767.0, 32_767.0) as i16)
        .collect()
}
