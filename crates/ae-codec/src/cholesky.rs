//! Systems of linear equations, as least squares has them.

/// The solution of a system with a symmetric positive definite matrix, by its Cholesky factor.
pub(crate) fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let count = right.len();
    for row in 0..count {
        for column in 0..=row {
            let (above, below) = matrix.split_at(row);
            let other = if column < row {
                &above[column]
            } else {
                &below[0]
            };
            let pairs = below[0][..column].iter().zip(&other[..column]);
            let rest = below[0][column] - pairs.map(|(one, other)| one * other).sum::<f64>();
            matrix[row][column] = match column < row {
                true => rest / matrix[column][column],
                false => rest.max(f64::MIN_POSITIVE).sqrt(),
            };
        }
    }
    for row in 0..count {
        let known: f64 = (0..row)
            .map(|before| matrix[row][before] * right[before])
            .sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count)
            .map(|after| matrix[after][row] * right[after])
            .sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let matrix = vec![
            vec![4.0, 2.0, -1.0],
            vec![2.0, 5.0, 0.5],
            vec![-1.0, 0.5, 3.0],
        ];
        let solution = [1.0, -2.0, 0.25];
        let right = matrix
            .iter()
            .map(|row| row.iter().zip(solution).map(|(a, b)| a * b).sum())
            .collect();
        for (found, expected) in solved(matrix, right).into_iter().zip(solution) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }
}
