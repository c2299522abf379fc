//! The second stage: empirical Wiener filtering of groups, after the basic estimate.

use crate::filters::bm3d::blocks::{Block, read_blocks};
use crate::filters::bm3d::cosine::Cosine2d;
use crate::filters::bm3d::haar::{haar_forward, haar_inverse};
use crate::filters::bm3d::stage::{Extent, GroupFilter};

/// Collaborative Wiener filtering; the basic estimate's groups say how much of a coefficient is signal.
pub(super) struct Wiener<'a, const SIDE: usize> {
    noisy: &'a [f32],
    basic: &'a [f32],
    extent: Extent,
    transform: Cosine2d<SIDE>,
    /// The noise's variance, for each channel.
    variances: Vec<f32>,
}

impl<'a, const SIDE: usize> Wiener<'a, SIDE> {
    /// For noise of standard deviation `sigmas` in each channel.
    ///
    /// # Shapes
    /// - `noisy`, `basic`: `[channels, height, width]`
    pub(super) fn new(noisy: &'a [f32], basic: &'a [f32], extent: Extent, sigmas: &[f32]) -> Self {
        Self {
            noisy,
            basic,
            extent,
            transform: Cosine2d::new(),
            // Not 0, so that a coefficient of 0 has a share.
            variances: sigmas
                .iter()
                .map(|sigma| (sigma * sigma).max(f32::MIN_POSITIVE))
                .collect(),
        }
    }
}

impl<const SIDE: usize> GroupFilter<SIDE> for Wiener<'_, SIDE> {
    #[inline(always)]
    fn estimate(
        &self,
        channel: usize,
        starts: &[usize],
        estimates: &mut [Block<SIDE>],
        memory: &mut [Block<SIDE>],
    ) -> f32 {
        let blocks = &mut estimates[..starts.len()];
        let pilots = &mut memory[..starts.len()];
        let first = channel * self.extent.pixels();
        read_blocks(&self.noisy[first..], self.extent.width, starts, blocks);
        read_blocks(&self.basic[first..], self.extent.width, starts, pilots);
        for index in 0..blocks.len() {
            self.transform.forward(&mut blocks[index]);
            self.transform.forward(&mut pilots[index]);
        }
        haar_forward(blocks);
        haar_forward(pilots);
        let energy = attenuate(blocks, pilots, self.variances[channel]);
        haar_inverse(blocks);
        for index in 0..blocks.len() {
            self.transform.inverse(&mut blocks[index]);
        }
        // Equation 11 of the paper, but for the noise's variance, which all groups of a channel have in common. Where even
        // the mean is fainter than noise, the group weighs as much as if it kept the mean alone.
        1.0 / energy.max(1.0)
    }
}

/// Multiplies the noisy coefficients by the share of signal in them; gives the sum of those shares' squares.
#[inline(always)]
fn attenuate<const SIDE: usize>(
    blocks: &mut [Block<SIDE>],
    pilots: &[Block<SIDE>],
    variance: f32,
) -> f32 {
    let mut energies = [0.0; SIDE];
    for block in 0..blocks.len() {
        for row in 0..SIDE {
            for column in 0..SIDE {
                let power = pilots[block][row][column] * pilots[block][row][column];
                let share = power / (power + variance);
                blocks[block][row][column] *= share;
                energies[column] += share * share;
            }
        }
    }
    let mut energy = 0.0;
    for column in 0..SIDE {
        energy += energies[column];
    }
    energy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_keep_the_share_of_signal() {
        let mut blocks = [[[4.0, 4.0], [4.0, -8.0]]];
        let pilots = [[[0.0, 1.0], [-1.0, 3.0]]];
        let energy = attenuate(&mut blocks, &pilots, 1.0);
        assert_eq!(blocks, [[[0.0, 2.0], [2.0, -7.2]]]);
        assert!((energy - (0.25 + 0.25 + 0.81)).abs() < 1e-6);
    }
}
