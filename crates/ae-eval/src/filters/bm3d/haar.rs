//! Haar's transform along a group.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::filters::bm3d::blocks::Block;

/// Haar's orthonormal transform along a group, in place, every coefficient of the blocks by itself; `blocks.len()` is a power
/// of two.
///
/// The order of the result is that of lifting in place, not by scale: [`haar_inverse`] takes it so.
#[inline(always)]
pub(super) fn haar_forward<const SIDE: usize>(blocks: &mut [Block<SIDE>]) {
    let mut stride = 1;
    while stride < blocks.len() {
        haar_level(blocks, stride);
        stride *= 2;
    }
}

/// Undoes [`haar_forward`].
#[inline(always)]
pub(super) fn haar_inverse<const SIDE: usize>(blocks: &mut [Block<SIDE>]) {
    let mut stride = blocks.len() / 2;
    while stride > 0 {
        haar_level(blocks, stride);
        stride /= 2;
    }
}

/// Sums and differences of the blocks `stride` apart; its own inverse.
#[inline(always)]
fn haar_level<const SIDE: usize>(blocks: &mut [Block<SIDE>], stride: usize) {
    const SCALE: f32 = FRAC_1_SQRT_2 as f32;
    let mut first = 0;
    while first + stride < blocks.len() {
        let (head, tail) = blocks.split_at_mut(first + stride);
        let (a, b) = (&mut head[first], &mut tail[0]);
        for row in 0..SIDE {
            for column in 0..SIDE {
                let (x, y) = (a[row][column], b[row][column]);
                a[row][column] = (x + y) * SCALE;
                b[row][column] = (x - y) * SCALE;
            }
        }
        first += 2 * stride;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::bm3d::blocks::examples::{assert_blocks_near, block, energy};

    #[test]
    fn haar_is_orthonormal_and_puts_the_mean_first() {
        for count in [1, 2, 4, 8, 16, 32] {
            let original: Vec<Block<8>> = (0..count).map(block::<8>).collect();
            let mut found = original.clone();
            haar_forward(&mut found);
            for (index, &first) in found[0].as_flattened().iter().enumerate() {
                let sum: f64 = original
                    .iter()
                    .map(|block| f64::from(block.as_flattened()[index]))
                    .sum();
                assert!((f64::from(first) - sum / (count as f64).sqrt()).abs() < 1e-5);
            }
            let total = |blocks: &[Block<8>]| blocks.iter().map(energy).sum::<f64>();
            assert!((total(&found) - total(&original)).abs() < 1e-3 * count as f64);
            haar_inverse(&mut found);
            for (found, original) in found.iter().zip(&original) {
                assert_blocks_near(found, original);
            }
        }
    }

    /// Equal blocks leave nothing but the mean.
    #[test]
    fn haar_of_equal_blocks_is_the_first_alone() {
        let mut blocks = vec![block::<8>(1); 16];
        haar_forward(&mut blocks);
        let rest = blocks[1..].iter().map(energy).sum::<f64>();
        assert!(rest < 1e-9 && energy(&blocks[0]) > 1.0, "{rest}");
    }
}
