//! Activations, as they are applied to plain values.

use crate::error::KernelError;
use crate::simd::{Isa, with_lanes};

/// What a stage or a layer does to its sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x` where it is positive, else `x` times the slope, which lies in `[0, 1]`.
    LeakyRelu(f32),
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

impl Activation {
    /// The slope below zero of a piecewise linear activation.
    pub(crate) fn slope(self) -> Option<f32> {
        match self {
            Self::None => Some(1.0),
            Self::Relu => Some(0.0),
            Self::LeakyRelu(slope) => Some(slope),
            Self::Sigmoid => None,
        }
    }

    /// Refuses a slope outside `[0, 1]`, which stage or layer `stage` has.
    pub(crate) fn check(self, stage: usize) -> Result<(), KernelError> {
        match self {
            Self::LeakyRelu(slope) if !(0.0..=1.0).contains(&slope) => {
                Err(KernelError::Slope { stage })
            }
            Self::None | Self::Relu | Self::LeakyRelu(_) | Self::Sigmoid => Ok(()),
        }
    }

    /// Applies it to every value.
    pub(crate) fn apply(self, isa: Isa, values: &mut [f32]) {
        match self.slope() {
            // Nothing to do.
            Some(1.0) => {}
            Some(slope) => with_lanes!(isa, _lanes => {
                for value in values {
                    *value = if *value <= 0.0 { *value * slope } else { *value };
                }
            }),
            None => sigmoid(isa, values),
        }
    }
}

/// Replaces every value by its sigmoid.
fn sigmoid(isa: Isa, values: &mut [f32]) {
    with_lanes!(isa, _lanes => sigmoid_lanes(values));
}

/// [`sigmoid`] within [`with_lanes!`].
#[inline(always)]
pub(crate) fn sigmoid_lanes(values: &mut [f32]) {
    for value in values {
        *value = 1.0 / (1.0 + exp(-*value));
    }
}

/// The exponential, without branches, so that a loop of it vectorizes; within two units in the last place
/// between -87 and 88 and constant outside, and not a number where `x` isn't.
///
/// # References
/// Cephes' `expf`: Moshier 1992, "Cephes mathematical library", release 2.2, `single/expf.c`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding and subtracting it rounds to the nearest integer.
    const ROUNDER: f32 = 12_582_912.0;
    let clamped = if x < -87.0 { -87.0 } else { x };
    let clamped = if clamped > 88.0 { 88.0 } else { clamped };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUNDER;
    let power = shifted - ROUNDER;
    let rest = clamped - power * 0.693_359_4 + power * 2.121_944_4e-4;
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        5.000_000_1e-1,
    ] {
        polynomial = polynomial * rest + coefficient;
    }
    let mantissa = polynomial * rest * rest + rest + 1.0;
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUNDER.to_bits())
        .wrapping_add(127)
        << 23;
    mantissa * f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_accurate_and_keeps_what_is_not_a_number() {
        for step in -8700..8800 {
            let x = step as f32 * 0.01;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2.5e-7, "exp({x}) is off by {error:e}");
        }
        assert!(exp(f32::NAN).is_nan());
        let mut values = [
            f32::NEG_INFINITY,
            -200.0,
            0.0,
            200.0,
            f32::INFINITY,
            f32::NAN,
        ];
        sigmoid(Isa::detect(), &mut values);
        assert_eq!(values[2..5], [0.5, 1.0, 1.0]);
        assert!(values[..2].iter().all(|v| (0.0..1e-37).contains(v)));
        assert!(values[5].is_nan());
    }
}
