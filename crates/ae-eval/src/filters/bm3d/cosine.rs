//! The 2-D cosine transform of a block.

use std::f64::consts::PI;

use crate::filters::bm3d::blocks::{Block, rounded, transposed};

/// The orthonormal discrete cosine transform (type II) along rows and columns.
///
/// Half of its functions are even and half odd, so that sums and differences of opposite pixels spare half of the products.
/// Coefficients are laid out with rows and columns exchanged: that spares a transposition on either way.
pub(super) struct Cosine2d<const SIDE: usize> {
    /// `[frequency][position]`
    functions: Block<SIDE>,
}

impl<const SIDE: usize> Cosine2d<SIDE> {
    /// Opposite pairs of pixels.
    const PAIRS: usize = SIDE / 2;

    pub(super) fn new() -> Self {
        let mut matrix = [[0.0; SIDE]; SIDE];
        for (frequency, row) in matrix.iter_mut().enumerate() {
            let scale = if frequency == 0 { 1.0 } else { 2.0 } / SIDE as f64;
            for (position, value) in row.iter_mut().enumerate() {
                let angle = PI / SIDE as f64 * (position as f64 + 0.5) * frequency as f64;
                *value = scale.sqrt() * angle.cos();
            }
        }
        Self {
            functions: rounded(&matrix),
        }
    }

    /// Pixels to coefficients, in place.
    #[inline(always)]
    pub(super) fn forward(&self, block: &mut Block<SIDE>) {
        *block = self.analyze(&transposed(&self.analyze(block)));
    }

    /// Coefficients to pixels, in place.
    #[inline(always)]
    pub(super) fn inverse(&self, block: &mut Block<SIDE>) {
        *block = self.synthesize(&transposed(&self.synthesize(block)));
    }

    /// Transforms every column.
    #[inline(always)]
    fn analyze(&self, block: &Block<SIDE>) -> Block<SIDE> {
        let mut sums = *block;
        let mut differences = *block;
        for pair in 0..Self::PAIRS {
            for column in 0..SIDE {
                let (a, b) = (block[pair][column], block[SIDE - 1 - pair][column]);
                sums[pair][column] = a + b;
                differences[pair][column] = a - b;
            }
        }
        let mut coefficients = [[0.0; SIDE]; SIDE];
        for frequency in 0..SIDE {
            // Even functions see the sums and the middle pixel, odd ones the differences.
            let (folded, terms) = if frequency % 2 == 0 {
                (&sums, SIDE.div_ceil(2))
            } else {
                (&differences, Self::PAIRS)
            };
            let mut line = [0.0; SIDE];
            for term in 0..terms {
                let factor = self.functions[frequency][term];
                for column in 0..SIDE {
                    line[column] += factor * folded[term][column];
                }
            }
            coefficients[frequency] = line;
        }
        coefficients
    }

    /// Transforms every column back.
    #[inline(always)]
    fn synthesize(&self, coefficients: &Block<SIDE>) -> Block<SIDE> {
        let mut block = [[0.0; SIDE]; SIDE];
        for position in 0..SIDE.div_ceil(2) {
            let mut even = [0.0; SIDE];
            let mut odd = [0.0; SIDE];
            for frequency in 0..SIDE {
                let factor = self.functions[frequency][position];
                let sum = if frequency % 2 == 0 {
                    &mut even
                } else {
                    &mut odd
                };
                for column in 0..SIDE {
                    sum[column] += factor * coefficients[frequency][column];
                }
            }
            for column in 0..SIDE {
                block[position][column] = even[column] + odd[column];
                // The middle pixel is its own opposite; odd functions are 0 there, but for rounding.
                block[SIDE - 1 - position][column] = even[column] - odd[column];
            }
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::bm3d::blocks::examples::{block, energy, the_inverse_undoes};

    #[test]
    fn the_inverse_undoes_the_transform() {
        fn check<const SIDE: usize>() {
            let cosine = Cosine2d::<SIDE>::new();
            the_inverse_undoes(|block| cosine.forward(block), |block| cosine.inverse(block));
        }
        check::<8>();
        check::<11>();
    }

    /// From the definition, as a double sum.
    #[test]
    fn cosines_agree_with_the_double_sum_and_keep_the_energy() {
        fn check<const SIDE: usize>() {
            let pixels = block::<SIDE>(3);
            let mut found = pixels;
            Cosine2d::<SIDE>::new().forward(&mut found);
            let side = SIDE as f64;
            let norm = |frequency: usize| {
                if frequency == 0 {
                    side.recip().sqrt()
                } else {
                    (2.0 / side).sqrt()
                }
            };
            for (v, column) in found.iter().enumerate() {
                for (u, &coefficient) in column.iter().enumerate() {
                    let mut sum = 0.0;
                    for (y, line) in pixels.iter().enumerate() {
                        for (x, &pixel) in line.iter().enumerate() {
                            sum += f64::from(pixel)
                                * ((2 * y + 1) as f64 * u as f64 * PI / (2.0 * side)).cos()
                                * ((2 * x + 1) as f64 * v as f64 * PI / (2.0 * side)).cos();
                        }
                    }
                    let expected = norm(u) * norm(v) * sum;
                    assert!(
                        (f64::from(coefficient) - expected).abs() < 1e-5,
                        "{u}, {v}: {coefficient} instead of {expected}"
                    );
                }
            }
            assert!((energy(&found) - energy(&pixels)).abs() < 1e-4);
        }
        check::<8>();
        check::<11>();
    }
}
