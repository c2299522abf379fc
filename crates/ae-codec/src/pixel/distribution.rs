//! From the network's outputs to frequencies, and symbols by them.

use crate::entropy::{RangeDecoder, RangeEncoder};

/// How many levels a pixel has.
pub(crate) const LEVELS: usize = 256;

/// Parts of a doubling that an output is measured in.
pub(crate) const STEPS: usize = 256;

/// The largest and, negated, the smallest output: more are cut off.
pub(crate) const LARGEST_OUTPUT: i64 = 1 << 20;

/// What the largest output counts as.
const ONE: u32 = 1 << 23;

/// `2^(-i / 256)` for `i` from 0 to 255, in units of 2⁻²³.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PowerTable([u32; STEPS]);

impl PowerTable {
    /// The table with these powers, or nothing where the first isn't 1, or they don't fall, or not to a half.
    pub(crate) fn new(powers: [u32; STEPS]) -> Option<Self> {
        let falls = powers.windows(2).all(|pair| pair[0] > pair[1]);
        (powers[0] == ONE && falls && powers[STEPS - 1] > ONE / 2).then_some(Self(powers))
    }

    /// The powers, computed in floating point: what is stored in a model is what counts.
    pub(crate) fn computed() -> Self {
        let power = |step: usize| (-(step as f64) / STEPS as f64).exp2() * f64::from(ONE);
        Self(std::array::from_fn(|step| power(step).round() as u32))
    }

    /// The powers.
    pub(crate) fn powers(&self) -> &[u32; STEPS] {
        &self.0
    }

    /// The frequencies of levels with these outputs, each in 256ths of a doubling: 2²³ for the largest and its share
    /// for each other, rounded down, and one more for each, so that every level can be written.
    #[inline(always)]
    pub(crate) fn distribution(&self, outputs: &[i32; LEVELS]) -> Distribution {
        let mut largest = i32::MIN;
        for &output in outputs {
            largest = largest.max(output);
        }
        let mut frequencies = [0; LEVELS];
        for (frequency, &output) in frequencies.iter_mut().zip(outputs) {
            let below = largest.wrapping_sub(output).cast_unsigned();
            let halvings = (below / STEPS as u32).min(31);
            *frequency = 1 + (self.0[below as usize % STEPS] >> halvings);
        }
        Distribution { frequencies }
    }
}

/// How often each level is expected; the sum is below 2³².
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    pub(crate) frequencies: [u32; LEVELS],
}

impl Distribution {
    /// Writes a level as `near` gives it.
    #[inline]
    pub(crate) fn encode(&self, level: u8, near: Near, encoder: &mut RangeEncoder) {
        let (first, last) = near.class(level);
        let start = sum(&self.frequencies[..first]);
        let frequency = sum(&self.frequencies[first..=last]);
        let total = start + frequency + sum(&self.frequencies[last + 1..]);
        encoder.encode(start, frequency, total);
    }

    /// Reads a level as `near` gives it.
    #[inline]
    pub(crate) fn decode(&self, near: Near, decoder: &mut RangeDecoder<'_>) -> u8 {
        /// Frequencies that are passed at once.
        const STRIDE: usize = 16;
        let mut sums = [0; LEVELS / STRIDE];
        for (sum_of, part) in sums.iter_mut().zip(self.frequencies.chunks_exact(STRIDE)) {
            *sum_of = sum(part);
        }
        let total = sums.iter().sum();
        let mut left = decoder.position(total);
        let mut level = 0;
        for sum_of in sums {
            if left < sum_of {
                break;
            }
            left -= sum_of;
            level += STRIDE;
        }
        while left >= u64::from(self.frequencies[level]) {
            left -= u64::from(self.frequencies[level]);
            level += 1;
        }
        let level = near.quantized(level as u8); // the position is below the total, so the level below 256
        let (first, last) = near.class(level);
        let frequency = sum(&self.frequencies[first..=last]);
        decoder.advance(sum(&self.frequencies[..first]), frequency, total);
        level
    }
}

#[inline(always)]
fn sum(frequencies: &[u32]) -> u64 {
    // At most 256 * (2²³ + 1): 32 bits hold it.
    let sum = frequencies.iter().fold(0u32, |sum, &f| sum.wrapping_add(f));
    sum.into()
}

/// The largest absolute error that pixels may have; 0 is lossless.
///
/// Levels are put into classes of `2N + 1`, in the darker half of them around the multiples of that, in the other half as
/// its mirror image. A class is written by the sum of its levels' frequencies; what is decoded is the class's middle.
///
/// # References
/// M. J. Weinberger, G. Seroussi and G. Sapiro (2000), *The LOCO-I lossless image compression algorithm*, section IV, for
/// near-lossless coding with uniform classes; here the levels themselves are in classes, for what predicts them is a
/// distribution and not one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Near(u8);

impl Near {
    /// No error.
    pub const LOSSLESS: Self = Self(0);

    /// The largest error that can be asked for.
    pub const LARGEST: u8 = 127;

    /// An error of at most `levels`, or nothing above [`LARGEST`](Self::LARGEST).
    #[must_use]
    pub const fn new(levels: u8) -> Option<Self> {
        if levels > Self::LARGEST {
            return None;
        }
        Some(Self(levels))
    }

    /// The largest error.
    #[must_use]
    pub const fn levels(self) -> u8 {
        self.0
    }

    /// What `level` is decoded as: black and white as themselves.
    #[must_use]
    #[inline]
    pub const fn quantized(self, level: u8) -> u8 {
        let middle = self.dark_middle(if level < 128 { level } else { u8::MAX - level });
        if level < 128 {
            middle
        } else {
            u8::MAX - middle
        }
    }

    /// The first and the last level of the class of `level`.
    #[inline]
    pub(crate) const fn class(self, level: u8) -> (usize, usize) {
        let dark = if level < 128 { level } else { u8::MAX - level };
        let step = 2 * self.0 as usize + 1;
        let middle = (dark as usize + self.0 as usize) / step * step;
        let first = middle.saturating_sub(self.0 as usize);
        let last = if middle + (self.0 as usize) < 127 {
            middle + self.0 as usize
        } else {
            127
        };
        if level < 128 {
            (first, last)
        } else {
            (255 - last, 255 - first)
        }
    }

    /// The middle of a class in the darker half, which ends at 127; the other half is its mirror image.
    #[inline]
    const fn dark_middle(self, level: u8) -> u8 {
        let step = 2 * self.0 as usize + 1;
        let middle = (level as usize + self.0 as usize) / step * step;
        if middle < 127 { middle as u8 } else { 127 }
    }
}

#[cfg(test)]
mod tests;
