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
    /// The hyperbolic tangent, within 1.34 units in the last place of the exact value.
    Tanh,
}

/// An activation by how its derivative follows from its output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Curve {
    /// Linear above zero, and below it with this slope.
    Slope(f32),
    /// `y (1 - y)`.
    Sigmoid,
    /// `1 - y^2`.
    Tanh,
}

impl Activation {
    /// Its curve.
    pub(crate) fn curve(self) -> Curve {
        match self {
            Self::None => Curve::Slope(1.0),
            Self::Relu => Curve::Slope(0.0),
            Self::LeakyRelu(slope) => Curve::Slope(slope),
            Self::Sigmoid => Curve::Sigmoid,
            Self::Tanh => Curve::Tanh,
        }
    }

    /// The slope below zero of a piecewise linear activation.
    pub(crate) fn slope(self) -> Option<f32> {
        match self.curve() {
            Curve::Slope(slope) => Some(slope),
            Curve::Sigmoid | Curve::Tanh => None,
        }
    }

    /// Refuses a slope outside `[0, 1]`, which stage or layer `stage` has.
    pub(crate) fn check(self, stage: usize) -> Result<(), KernelError> {
        match self {
            Self::LeakyRelu(slope) if !(0.0..=1.0).contains(&slope) => {
                Err(KernelError::Slope { stage })
            }
            Self::None | Self::Relu | Self::LeakyRelu(_) | Self::Sigmoid | Self::Tanh => Ok(()),
        }
    }

    /// Applies it to every value.
    pub(crate) fn apply(self, isa: Isa, values: &mut [f32]) {
        match self.curve() {
            // Nothing to do.
            Curve::Slope(1.0) => {}
            Curve::Slope(slope) => with_lanes!(isa, _lanes => {
                for value in values {
                    *value = if *value <= 0.0 { *value * slope } else { *value };
                }
            }),
            Curve::Sigmoid => with_lanes!(isa, _lanes => sigmoid_lanes(values)),
            Curve::Tanh => with_lanes!(isa, _lanes => tanh_lanes(values)),
        }
    }
}

/// Replaces every value by its sigmoid, within [`with_lanes!`].
#[inline(always)]
pub(crate) fn sigmoid_lanes(values: &mut [f32]) {
    for value in values {
        *value = 1.0 / (1.0 + exp(-*value));
    }
}

/// Replaces every value by its hyperbolic tangent, within [`with_lanes!`].
#[inline(always)]
pub(crate) fn tanh_lanes(values: &mut [f32]) {
    for value in values {
        *value = tanh(*value);
    }
}

/// The hyperbolic tangent, without branches, so that a loop of it vectorizes; within 1.34 units in the last place, by
/// which it is off at .6283, of all floats, and not a number where `x` isn't. Nothing in it is contracted, so every instruction set gives the same bits.
///
/// # References
/// Cephes' `tanhf`: Moshier 1992, "Cephes mathematical library", release 2.2, `single/tanhf.c`.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let square = size * size;
    let mut polynomial = -5.704_988_7e-3;
    for coefficient in [
        2.063_908_9e-2,
        -5.373_971_6e-2,
        1.333_144_2e-1,
        -3.333_328_2e-1,
    ] {
        polynomial = polynomial * square + coefficient;
    }
    let near_zero = polynomial * square * size + size;
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    let value = if size < 0.625 { near_zero } else { far };
    value.copysign(x)
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
        Activation::Sigmoid.apply(Isa::detect(), &mut values);
        assert_eq!(values[2..5], [0.5, 1.0, 1.0]);
        assert!(values[..2].iter().all(|v| (0.0..1e-37).contains(v)));
        assert!(values[5].is_nan());
    }

    /// Every 997th number of either sign, and those around where the two formulas meet.
    fn numbers() -> Vec<f32> {
        let positive = (0..f32::INFINITY.to_bits()).step_by(997);
        let meeting = 0.625_f32.to_bits() - 2_000..0.625_f32.to_bits() + 2_000;
        let bits = positive.chain(meeting);
        bits.flat_map(|bits| [f32::from_bits(bits), -f32::from_bits(bits)])
            .collect()
    }

    #[test]
    fn hyperbolic_tangent_is_within_1_34_units_in_the_last_place() {
        let mut largest = (0.0, 0.0);
        for x in numbers() {
            let expected = f64::from(x).tanh();
            let rounded = (expected as f32).abs();
            let unit = f64::from(f32::from_bits(rounded.to_bits() + 1)) - f64::from(rounded);
            let off = (f64::from(tanh(x)) - expected).abs() / unit;
            if off > largest.0 {
                largest = (off, x);
            }
        }
        let (off, x) = largest;
        assert!(off < 1.34, "tanh({x}) is off by {off} units");
        assert_eq!(
            [0.0, -0.0, 20.0, f32::INFINITY, f32::NEG_INFINITY].map(tanh),
            [0.0, -0.0, 1.0, 1.0, -1.0]
        );
        assert!(tanh(-0.0).is_sign_negative() && tanh(f32::NAN).is_nan());
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        for activation in [Activation::Sigmoid, Activation::Tanh] {
            let bits = |isa: Isa| -> Vec<u32> {
                // One more than any number of lanes divides.
                let mut values = numbers();
                values.truncate(values.len() / 64 * 64);
                values.push(0.3);
                activation.apply(isa, &mut values);
                values.into_iter().map(f32::to_bits).collect()
            };
            let expected = bits(Isa::Plain(pulp::Scalar));
            for isa in Isa::available() {
                assert!(bits(isa) == expected, "{activation:?} by {}", isa.name());
            }
        }
    }
}
