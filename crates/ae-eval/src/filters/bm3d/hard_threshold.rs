//! The first stage: coefficients of a group below a threshold are set to zero.

use crate::filters::bm3d::blocks::{Block, read_blocks};
use crate::filters::bm3d::haar::{haar_forward, haar_inverse};
use crate::filters::bm3d::stage::{Extent, GroupFilter};
use crate::filters::bm3d::wavelet::Wavelet2d;

/// Collaborative hard thresholding of noisy groups.
pub(super) struct HardThreshold<'a, const SIDE: usize> {
    noisy: &'a [f32],
    extent: Extent,
    transform: Wavelet2d<SIDE>,
    /// The smallest coefficient that is kept, for each channel.
    thresholds: Vec<f32>,
}

impl<'a, const SIDE: usize> HardThreshold<'a, SIDE> {
    /// Thresholds of `threshold` times each channel's noise.
    ///
    /// # Shapes
    /// - `noisy`: `[channels, height, width]`
    pub(super) fn new(noisy: &'a [f32], extent: Extent, threshold: f32, sigmas: &[f32]) -> Self {
        Self {
            noisy,
            extent,
            transform: Wavelet2d::new(),
            thresholds: sigmas.iter().map(|sigma| threshold * sigma).collect(),
        }
    }
}

impl<const SIDE: usize> GroupFilter<SIDE> for HardThreshold<'_, SIDE> {
    #[inline(always)]
    fn estimate(
        &self,
        channel: usize,
        starts: &[usize],
        estimates: &mut [Block<SIDE>],
        _: &mut [Block<SIDE>],
    ) -> f32 {
        let blocks = &mut estimates[..starts.len()];
        let plane = &self.noisy[channel * self.extent.pixels()..];
        read_blocks(plane, self.extent.width, starts, blocks);
        for index in 0..blocks.len() {
            self.transform.forward(&mut blocks[index]);
        }
        haar_forward(blocks);
        let kept = shrink(blocks, self.thresholds[channel]);
        haar_inverse(blocks);
        for index in 0..blocks.len() {
            self.transform.inverse(&mut blocks[index]);
        }
        // The noise that is left grows with the coefficients that are kept: equation 10 of the paper, but for the noise's
        // variance, which all groups of a channel have in common.
        1.0 / kept.max(1) as f32
    }
}

/// Sets what is not above the threshold to zero; gives the number of the others.
#[inline(always)]
fn shrink<const SIDE: usize>(blocks: &mut [Block<SIDE>], threshold: f32) -> u32 {
    let mut counts = [0; SIDE];
    for block in 0..blocks.len() {
        for row in 0..SIDE {
            for column in 0..SIDE {
                let value = blocks[block][row][column];
                let kept = value.abs() > threshold;
                blocks[block][row][column] = if kept { value } else { 0.0 };
                counts[column] += u32::from(kept);
            }
        }
    }
    let mut kept = 0;
    for column in 0..SIDE {
        kept += counts[column];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_keeps_what_is_above() {
        let mut blocks = [[[0.5, -3.0], [2.0, -2.0]], [[0.0, 7.0], [-0.1, f32::MIN]]];
        assert_eq!(shrink(&mut blocks, 2.0), 3);
        assert_eq!(
            blocks,
            [[[0.0, -3.0], [0.0, 0.0]], [[0.0, 7.0], [0.0, f32::MIN]]]
        );
    }

    #[test]
    fn a_group_of_equal_blocks_weighs_one_over_what_it_keeps() {
        let extent = Extent {
            channels: 1,
            height: 8,
            width: 16,
        };
        // A constant has one coefficient in each of its blocks, and one in a group of two.
        let noisy = vec![0.5; extent.values()];
        let filter = HardThreshold::<8>::new(&noisy, extent, 2.7, &[0.1]);
        let mut estimates = [[[0.0; 8]; 8]; 2];
        let weight = filter.estimate(0, &[0, 5], &mut estimates, &mut []);
        assert_eq!(weight, 1.0);
        for value in estimates.as_flattened().as_flattened() {
            assert!((value - 0.5).abs() < 1e-6);
        }
    }
}
