//! Means and products of rows, summed up in `f64`.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};

/// Values converted to `f64` at a time while the matrix is summed up: 4 MiB.
const BLOCK_VALUES: usize = 1 << 19;

/// The mean of the rows.
pub(super) fn mean_row(rows: &[f32], values: usize) -> Vec<f64> {
    let mut mean = vec![0.0; values];
    for row in rows.chunks_exact(values) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    let count = (rows.len() / values) as f64;
    for sum in &mut mean {
        *sum /= count;
    }
    mean
}

/// Lower triangle of the `[values, values]` covariance, divided by the number of rows.
pub(super) fn covariance(rows: &[f32], mean: &[f64]) -> Mat<f64> {
    let values = mean.len();
    let count = rows.len() / values;
    let mut sum = Mat::zeros(values, values);
    let rows_in_block = (BLOCK_VALUES / values).max(1);
    for rows in rows.chunks(rows_in_block * values) {
        let block = centered(rows, mean, 0..values);
        let block = MatRef::from_row_major_slice(&block, rows.len() / values, values);
        add_products(&mut sum, block.transpose(), block, count);
    }
    sum
}

/// Lower triangle of the `[rows, rows]` products of centered rows, divided by the number of rows.
pub(super) fn products(rows: &[f32], mean: &[f64]) -> Mat<f64> {
    let values = mean.len();
    let count = rows.len() / values;
    let mut sum = Mat::zeros(count, count);
    let columns_in_block = (BLOCK_VALUES / count).max(1);
    for start in (0..values).step_by(columns_in_block) {
        let columns = start..values.min(start + columns_in_block);
        let width = columns.len();
        let block = centered(rows, mean, columns);
        let block = MatRef::from_row_major_slice(&block, count, width);
        add_products(&mut sum, block, block.transpose(), count);
    }
    sum
}

fn add_products(sum: &mut Mat<f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>, rows: usize) {
    triangular::matmul(
        sum.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Add,
        left,
        BlockStructure::Rectangular,
        right,
        BlockStructure::Rectangular,
        1.0 / rows as f64,
        Par::Seq,
    );
}

/// The given columns of mean-centered rows, row after row.
fn centered(rows: &[f32], mean: &[f64], columns: std::ops::Range<usize>) -> Vec<f64> {
    let mut block = Vec::with_capacity(rows.len() / mean.len() * columns.len());
    for row in rows.chunks_exact(mean.len()) {
        let pairs = row[columns.clone()].iter().zip(&mean[columns.clone()]);
        block.extend(pairs.map(|(value, mean)| f64::from(*value) - mean));
    }
    block
}

/// The direction of a weighted sum of centered rows, of length one.
pub(super) fn unit_combination(
    rows: &[f32],
    mean: &[f64],
    weights: &[f64],
) -> impl Iterator<Item = f32> {
    let mut direction = vec![0.0; mean.len()];
    for (row, weight) in rows.chunks_exact(mean.len()).zip(weights) {
        for ((sum, value), mean) in direction.iter_mut().zip(row).zip(mean) {
            *sum += weight * (f64::from(*value) - mean);
        }
    }
    let length = direction
        .iter()
        .map(|value| value * value)
        .sum::<f64>()
        .sqrt();
    direction
        .into_iter()
        .map(move |value| (value / length) as f32)
}
