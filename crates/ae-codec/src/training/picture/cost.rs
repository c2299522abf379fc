//! What a level costs by a mixture of logistic distributions, and the gradient of that.

use super::super::network::exponential;
use crate::picture::context::Expected;
use crate::picture::mixture::{COMPONENTS, OUTPUTS};

/// What is added to a level's probability: about what the coder adds.
const LEAST: f32 = 1e-7;

/// The largest and the smallest logarithm of a width: 2⁴ and 2⁻⁸ times the scale.
const WIDEST: f32 = 4.0 * std::f32::consts::LN_2;
const NARROWEST: f32 = -8.0 * std::f32::consts::LN_2;

/// A pixel: its level and what was expected of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Target {
    pub(crate) expected: Expected,
    pub(crate) level: u8,
}

/// The cost in nats of a target by the network's outputs, which become the cost's gradient times `scale`.
pub(super) fn cost(outputs: &mut [f32; OUTPUTS], target: &Target, scale: f32) -> f32 {
    let (shares, rest) = outputs.split_at_mut(COMPONENTS);
    let (offsets, widths) = rest.split_at_mut(COMPONENTS);
    let Expected {
        center,
        scale: unit,
    } = target.expected;
    let middle = (i32::from(target.level) * 16 - center) as f32 / unit as f32;
    let half = 8.0 / unit as f32;

    let largest = shares.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for share in &mut *shares {
        *share = exponential(*share - largest);
        sum += *share;
    }
    let mut of_level = [0.0; COMPONENTS];
    let mut slopes = [[0.0; 2]; COMPONENTS];
    let mut probability = 0.0;
    for k in 0..COMPONENTS {
        shares[k] /= sum;
        let inverse = (-widths[k].clamp(NARROWEST, WIDEST)).exp();
        let upper = (middle + half - offsets[k]) * inverse;
        let lower = (middle - half - offsets[k]) * inverse;
        // Both from the side of the nearer tail, where floats are finer.
        let side = if lower + upper > 0.0 { -1.0 } else { 1.0 };
        let (mut above, mut slope_above) = logistic(side * upper);
        let (mut below, mut slope_below) = logistic(side * lower);
        if target.level == u8::MAX {
            (above, slope_above) = (if side < 0.0 { 0.0 } else { 1.0 }, 0.0);
        }
        if target.level == 0 {
            (below, slope_below) = (if side < 0.0 { 1.0 } else { 0.0 }, 0.0);
        }
        of_level[k] = (side * (above - below)).max(0.0);
        slopes[k] = [
            (slope_above - slope_below) * inverse,
            slope_above * upper - slope_below * lower,
        ];
        probability += shares[k] * of_level[k];
    }
    let factor = scale / (probability + LEAST);
    for k in 0..COMPONENTS {
        let share = shares[k];
        offsets[k] = factor * share * slopes[k][0];
        widths[k] = factor * share * slopes[k][1];
        shares[k] = -factor * share * (of_level[k] - probability);
    }
    -(probability + LEAST).ln()
}

/// The logistic function and its slope.
#[inline(always)]
fn logistic(x: f32) -> (f32, f32) {
    let power = exponential(-x.abs());
    let inverse = 1.0 / (1.0 + power);
    let value = if x < 0.0 { power * inverse } else { inverse };
    (value, power * inverse * inverse)
}

#[cfg(test)]
mod tests;
