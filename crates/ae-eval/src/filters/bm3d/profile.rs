//! The parameters of both stages, for usual and for strong noise.

/// Side of a block, in pixels, but for the Wiener stage under strong noise.
pub(super) const SIDE: usize = 8;
/// Pixels from one reference block to the next, in both stages.
pub(super) const STEP: usize = 3;
/// The same under strong noise, in the first stage.
pub(super) const HIGH_NOISE_STEP: usize = 4;
/// Side of a block in the Wiener stage under strong noise.
pub(super) const HIGH_NOISE_WIENER_SIDE: usize = 11;
/// Pixels between reference blocks in the Wiener stage under strong noise.
pub(super) const HIGH_NOISE_WIENER_STEP: usize = 6;
/// Noise is strong above this standard deviation.
const HIGH_NOISE: f32 = 40.0 / 255.0;
/// Most blocks in a group, of all profiles.
pub(super) const MOST_BLOCKS: usize = 32;
/// Candidates lie this far from their reference block: 39x39 positions.
const SEARCH_RADIUS: usize = 19;
/// Shape of the Kaiser window by which a block's pixels are weighted.
const KAISER_BETA: f64 = 2.0;

/// How one stage finds its groups and weights its blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct StageSettings {
    /// Candidates lie this far from the reference block, in rows and in columns.
    pub(super) search_radius: usize,
    /// Most blocks in a group, a power of two.
    pub(super) most_blocks: usize,
    /// Largest mean squared difference of two blocks of a group.
    pub(super) match_threshold: f32,
    /// Shape of the Kaiser window.
    pub(super) kaiser_beta: f64,
}

/// The parameters of both stages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Profile {
    pub(super) hard_threshold: StageSettings,
    /// The hard threshold, in standard deviations of a coefficient's noise.
    pub(super) threshold: f32,
    pub(super) wiener: StageSettings,
    /// Whether sides and steps are those for strong noise.
    pub(super) is_high_noise: bool,
}

impl Profile {
    /// The profile for a noise of standard deviation `sigma`, in pixel units.
    ///
    /// Dabov et al. 2007, table 1, "normal profile", for a sigma of 40/255 at most; above, `vn` of the authors' `BM3D.m`
    /// (version 2), which took the place of the table's third column after Hou et al. 2011.
    pub(super) fn for_noise(sigma: f32) -> Self {
        if sigma > HIGH_NOISE {
            Self {
                hard_threshold: stage(32, 25_000.0),
                threshold: 2.8,
                wiener: stage(32, 3_500.0),
                is_high_noise: true,
            }
        } else {
            Self {
                hard_threshold: stage(16, 2_500.0),
                threshold: 2.7,
                wiener: stage(32, 400.0),
                is_high_noise: false,
            }
        }
    }

    /// Side of the larger of both stages' blocks.
    pub(super) fn longest_side(&self) -> usize {
        if self.is_high_noise {
            HIGH_NOISE_WIENER_SIDE
        } else {
            SIDE
        }
    }
}

/// A stage's settings; `match_threshold` is in squared levels of 255, as the paper has it.
fn stage(most_blocks: usize, match_threshold: f32) -> StageSettings {
    StageSettings {
        search_radius: SEARCH_RADIUS,
        most_blocks,
        match_threshold: match_threshold / (255.0 * 255.0),
        kaiser_beta: KAISER_BETA,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_powers_of_two_and_fit() {
        for sigma in [0.01, 40.0 / 255.0, 41.0 / 255.0, 1.0, f32::MAX] {
            let profile = Profile::for_noise(sigma);
            for stage in [profile.hard_threshold, profile.wiener] {
                assert!(stage.most_blocks.is_power_of_two() && stage.most_blocks <= MOST_BLOCKS);
            }
        }
        assert!(!Profile::for_noise(40.0 / 255.0).is_high_noise);
        assert!(Profile::for_noise(0.16).is_high_noise);
    }
}
