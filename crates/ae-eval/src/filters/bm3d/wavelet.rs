//! The 2-D biorthogonal wavelet of a block.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::filters::bm3d::blocks::{Block, product, rounded, transposed};

/// Low-pass analysis filter of the biorthogonal spline wavelet 1.5, about its middle; the high-pass is Haar's.
///
/// A. Cohen, I. Daubechies, J.-C. Feauveau, "Biorthogonal bases of compactly supported wavelets", Communications on Pure
/// and Applied Mathematics 45, 1992, table 6.1 (N = 1, Ñ = 5): (3, -3, -22, 22, 128, 128, 22, -22, -3, 3) √2 / 256.
const BIOR_1_5: [f64; 10] = [3.0, -3.0, -22.0, 22.0, 128.0, 128.0, 22.0, -22.0, -3.0, 3.0];

/// The biorthogonal spline wavelet 1.5, all levels, periodic, along rows and columns; its functions scaled to length 1, so that
/// every coefficient has the pixels' noise.
///
/// Coefficients are laid out with rows and columns exchanged: that spares a transposition on either way.
pub(super) struct Wavelet2d<const SIDE: usize> {
    forward: Block<SIDE>,
    inverse: Block<SIDE>,
}

impl<const SIDE: usize> Wavelet2d<SIDE> {
    /// # Panics
    /// If `SIDE` is no power of two.
    pub(super) fn new() -> Self {
        assert!(SIDE.is_power_of_two(), "levels halve the side");
        let mut matrix = [[0.0; SIDE]; SIDE];
        for position in 0..SIDE {
            let mut unit = [0.0; SIDE];
            unit[position] = 1.0;
            for (row, coefficient) in matrix.iter_mut().zip(wavelet_coefficients(unit)) {
                row[position] = coefficient;
            }
        }
        for row in &mut matrix {
            let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
            row.iter_mut().for_each(|value| *value /= length);
        }
        Self {
            forward: rounded(&matrix),
            inverse: rounded(&inverted(&matrix)),
        }
    }

    /// Pixels to coefficients, in place.
    #[inline(always)]
    pub(super) fn forward(&self, block: &mut Block<SIDE>) {
        *block = product(&self.forward, &transposed(&product(&self.forward, block)));
    }

    /// Coefficients to pixels, in place.
    #[inline(always)]
    pub(super) fn inverse(&self, block: &mut Block<SIDE>) {
        *block = product(&self.inverse, &transposed(&product(&self.inverse, block)));
    }
}

/// All levels of the wavelet 1.5: the mean first, then the details from coarse to fine.
fn wavelet_coefficients<const SIDE: usize>(signal: [f64; SIDE]) -> [f64; SIDE] {
    let mut coefficients = signal;
    let mut length = SIDE;
    while length > 1 {
        let level = coefficients;
        for pair in 0..length / 2 {
            let taps = BIOR_1_5.iter().enumerate();
            // The filter's middle two taps lie on the pair; + length keeps the position positive.
            let low: f64 = taps
                .map(|(tap, weight)| weight * level[(2 * pair + tap + 4 * length - 4) % length])
                .sum();
            coefficients[pair] = low * FRAC_1_SQRT_2 / 128.0;
            coefficients[length / 2 + pair] =
                (level[2 * pair] - level[2 * pair + 1]) * FRAC_1_SQRT_2;
        }
        length /= 2;
    }
    coefficients
}

/// The inverse of a regular matrix, by Gauss and Jordan with the largest pivots.
fn inverted<const SIDE: usize>(matrix: &[[f64; SIDE]; SIDE]) -> [[f64; SIDE]; SIDE] {
    let mut left = *matrix;
    let mut right: [[f64; SIDE]; SIDE] =
        std::array::from_fn(|row| std::array::from_fn(|column| f64::from(u8::from(row == column))));
    for column in 0..SIDE {
        let pivot = (column..SIDE)
            .max_by(|&a, &b| left[a][column].abs().total_cmp(&left[b][column].abs()))
            .unwrap_or(column);
        left.swap(column, pivot);
        right.swap(column, pivot);
        let scale = left[column][column].recip();
        left[column].iter_mut().for_each(|value| *value *= scale);
        right[column].iter_mut().for_each(|value| *value *= scale);
        for row in (0..SIDE).filter(|&row| row != column) {
            let factor = left[row][column];
            for inner in 0..SIDE {
                left[row][inner] -= factor * left[column][inner];
                right[row][inner] -= factor * right[column][inner];
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::bm3d::blocks::examples::the_inverse_undoes;

    #[test]
    fn the_inverse_undoes_the_transform() {
        let wavelet = Wavelet2d::<8>::new();
        the_inverse_undoes(
            |block| wavelet.forward(block),
            |block| wavelet.inverse(block),
        );
    }

    /// The matrix printed by `tests/reference/block_matching.py`, from PyWavelets' filters and boundaries.
    #[test]
    fn wavelets_agree_with_pywavelets() {
        let printed = include_str!("../../../tests/reference/bm3d_bior15.txt");
        let rows: Vec<Vec<f32>> = printed
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                line.split(' ')
                    .map(|value| value.parse().unwrap())
                    .collect()
            })
            .collect();
        let found = Wavelet2d::<8>::new().forward;
        assert_eq!(rows.len(), 8);
        for (row, expected) in found.iter().zip(&rows) {
            assert_eq!(expected.len(), 8);
            for (a, b) in row.iter().zip(expected) {
                assert!((a - b).abs() < 1e-6, "{found:?}");
            }
        }
    }
}
