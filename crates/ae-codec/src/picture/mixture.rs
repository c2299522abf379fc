//! A mixture of logistic distributions in fixed point, and levels by it.

use super::context::Expected;
use super::least_squares::UNITS;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::pixel::Near;
use crate::pixel::distribution::{PowerTable, STEPS};

/// Distributions that are mixed.
pub(crate) const COMPONENTS: usize = 5;
/// Outputs of the network: for each component the logarithm of its share, how far it lies from the prediction, and the
/// logarithm of its width.
pub(crate) const OUTPUTS: usize = 3 * COMPONENTS;

/// Doublings up to which a logistic function is tabulated.
const DOUBLINGS: usize = 16;
/// Parts of a step of the table between which it is interpolated.
const BETWEEN: i64 = 16;
/// The logistic function's 1.
const ONE: u32 = 1 << 22;
/// What an offset of one scale is as an output.
pub(crate) const OFFSET_ONE: f64 = 256.0;

/// `2^22 / (1 + 2^-t)` at multiples of 1/256 from 0 to 16.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogisticTable(Vec<u32>);

impl LogisticTable {
    /// The table that follows from a model's powers, in integers.
    pub(crate) fn new(powers: &PowerTable) -> Self {
        let one = u64::from(powers.powers()[0]);
        let value = |step: usize| {
            let power = u64::from(powers.powers()[step % STEPS]) >> (step / STEPS);
            (u64::from(ONE) * one / (one + power)) as u32
        };
        Self((0..=DOUBLINGS * STEPS + 1).map(value).collect())
    }

    /// The function at `t`, in 4,096ths.
    #[inline(always)]
    fn at(&self, t: i64) -> u32 {
        let most = DOUBLINGS as i64 * STEPS as i64 * BETWEEN;
        let distance = t.abs().min(most);
        let (step, between) = ((distance / BETWEEN) as usize, (distance % BETWEEN) as u32);
        let (here, next) = (self.0[step], self.0[step + 1]);
        let value = here + (next - here) * between / BETWEEN as u32;
        if t < 0 { ONE - value } else { value }
    }
}

/// The distribution of a pixel's level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixture {
    components: [Component; COMPONENTS],
    /// Sum of the components' shares.
    share: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Component {
    share: u64,
    /// In 256ths of a level.
    center: i64,
    /// 4,096ths of a doubling of the odds for each 256th of a level, times 2²⁰.
    slope: i64,
}

/// Bits that sums of products of shares and logistic functions are too long by.
const SHIFT: u32 = 6;
/// Least frequency of a level.
const LEAST: u64 = 16;

impl Mixture {
    /// The distribution that the network's outputs stand for.
    #[inline(always)]
    pub(crate) fn new(outputs: &[i32; OUTPUTS], expected: Expected, powers: &PowerTable) -> Self {
        let (shares, rest) = outputs.split_at(COMPONENTS);
        let (offsets, widths) = rest.split_at(COMPONENTS);
        let mut largest = i32::MIN;
        for &share in shares {
            largest = largest.max(share);
        }
        let mut components = [Component::default(); COMPONENTS];
        let mut sum = 0;
        for (index, component) in components.iter_mut().enumerate() {
            let below = largest.wrapping_sub(shares[index]).cast_unsigned();
            let share = powers.powers()[below as usize % STEPS] >> (below / STEPS as u32).min(31);
            // Twelve bits.
            component.share = u64::from(share >> 11);
            sum += component.share;
            let offset = i64::from(expected.scale) * i64::from(offsets[index]);
            component.center = i64::from(expected.center) * 16 + (offset >> 4);
            // From 2⁻⁸ to 2⁴ times the scale.
            let width = widths[index].clamp(-8 * STEPS as i32, 4 * STEPS as i32) + 8 * STEPS as i32;
            let power = powers.powers()[width as usize % STEPS] >> (width as usize / STEPS);
            // 2³⁶ times the power, which has 23 bits of its own.
            component.slope = (i64::from(power) << 13) / i64::from(expected.scale);
        }
        Self {
            components,
            share: sum,
        }
    }

    /// The sum of all frequencies.
    #[inline(always)]
    fn total(&self) -> u64 {
        ((self.share * u64::from(ONE)) >> SHIFT) + 256 * LEAST
    }

    /// The sum of the frequencies of the levels below `level`, from 0 to 256.
    #[inline(always)]
    fn below(&self, level: u32, table: &LogisticTable) -> u64 {
        match level {
            0 => 0,
            256 => self.total(),
            _ => {
                let boundary = i64::from(level) * 256 - 128;
                let mut sum = 0;
                for component in &self.components {
                    let distance = boundary - component.center;
                    let t = distance.wrapping_mul(component.slope) >> 20;
                    sum += component.share * u64::from(table.at(t));
                }
                (sum >> SHIFT) + u64::from(level) * LEAST
            }
        }
    }

    /// The probability of a level.
    #[cfg(test)]
    pub(crate) fn probability(&self, level: u8, table: &LogisticTable) -> f64 {
        let frequency = self.below(u32::from(level) + 1, table) - self.below(level.into(), table);
        frequency as f64 / self.total() as f64
    }

    /// Writes a level as `near` gives it.
    #[inline(always)]
    pub(crate) fn encode(
        &self,
        level: u8,
        near: Near,
        table: &LogisticTable,
        encoder: &mut RangeEncoder,
    ) {
        let (first, last) = near.class(level);
        let start = self.below(first as u32, table);
        let end = self.below(last as u32 + 1, table);
        encoder.encode(start, end - start, self.total());
    }

    /// Reads a level as `near` gives it.
    #[inline(always)]
    pub(crate) fn decode(
        &self,
        near: Near,
        table: &LogisticTable,
        decoder: &mut RangeDecoder<'_>,
    ) -> u8 {
        let total = self.total();
        let position = decoder.position(total);
        // The level whose frequencies begin at or before the position.
        let mut level = 0;
        for bit in (0..8).rev() {
            let higher = level | 1 << bit;
            if self.below(higher, table) <= position {
                level = higher;
            }
        }
        let level = near.quantized(level as u8); // eight bits
        let (first, last) = near.class(level);
        let start = self.below(first as u32, table);
        let end = self.below(last as u32 + 1, table);
        decoder.advance(start, end - start, total);
        level
    }
}

const _: () = assert!(UNITS == 16);

#[cfg(test)]
mod tests;
