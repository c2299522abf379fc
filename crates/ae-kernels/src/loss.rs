//! Reconstruction losses, and their gradient to the output.

use crate::simd::{Isa, fixed, fixed_mut, with_lanes};

/// What a training pass minimizes: the mean over all values of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `(output - target)^2`.
    Mse,
    /// `-(target ln(output) + (1 - target) ln(1 - output))`, each logarithm at least -100, as PyTorch's
    /// `binary_cross_entropy` has it; where it is cut off the gradient is 0.
    Bce,
    /// `|output - target|`, with gradient 0 where they are equal.
    L1,
    /// `sqrt((output - target)^2 + epsilon^2)`: as [`L1`](Self::L1), but smooth where the two are equal. Epsilon is 1e-3.
    ///
    /// # References
    /// P. Charbonnier, L. Blanc-Féraud, G. Aubert, M. Barlaud (1994), *Two deterministic half-quadratic regularization
    /// algorithms for computed imaging*, ICIP, table 1; of pictures of 0 to 1, with this epsilon: W.-S. Lai, J.-B. Huang,
    /// N. Ahuja, M.-H. Yang (2017), *Deep Laplacian pyramid networks for fast and accurate super-resolution*, section 3.3.
    Charbonnier,
}

/// The seed of a backward pass.
#[derive(Clone, Copy)]
pub(crate) enum Objective<'a> {
    /// A given gradient of the output.
    Given(&'a [f32]),
    /// The gradient of a loss against these targets.
    Loss(Loss, &'a [f32]),
}

impl<'a> Objective<'a> {
    /// The values that it was made with, and what they are.
    pub(crate) fn given(self) -> (&'static str, &'a [f32]) {
        match self {
            Self::Given(gradient) => ("the output's gradient", gradient),
            Self::Loss(_, target) => ("the target", target),
        }
    }

    /// The same for another part of the batch, whose values these are.
    pub(crate) fn with(self, values: &'a [f32]) -> Self {
        match self {
            Self::Given(_) => Self::Given(values),
            Self::Loss(loss, _) => Self::Loss(loss, values),
        }
    }
}

/// The square of [`Loss::Charbonnier`]'s epsilon.
pub(crate) const EPSILON_SQUARE: f32 = 1e-6;

/// The least that a logarithm counts.
const LOG_FLOOR: f32 = -100.0;

/// What is done with the value and the derivative that a loss has at an output and a target.
trait Visit {
    fn by(self, point: impl Fn(f32, f32) -> (f32, f32)) -> f64;
}

/// Adds the values up and keeps the derivatives.
struct WithGradient<'a> {
    output: &'a [f32],
    target: &'a [f32],
    gradient: &'a mut [f32],
}

impl Visit for WithGradient<'_> {
    fn by(self, point: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
        let Self {
            output,
            target,
            gradient,
        } = self;
        with_lanes!(Isa::detect(), _lanes => sum_lanes(output, target, gradient, point))
    }
}

/// Adds the values up.
struct ValueAlone<'a> {
    output: &'a [f32],
    target: &'a [f32],
}

impl Visit for ValueAlone<'_> {
    fn by(self, point: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
        let Self { output, target } = self;
        with_lanes!(Isa::detect(), _lanes => total_lanes(output, target, point))
    }
}

impl Loss {
    /// Sum of the loss over `output`, and into `gradient` its derivative times `scale`.
    pub(crate) fn sum(
        self,
        output: &[f32],
        target: &[f32],
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        self.visit(
            scale,
            WithGradient {
                output,
                target,
                gradient,
            },
        )
    }

    /// Sum of the loss over `output`: the same bits as [`Loss::sum`]'s.
    pub(crate) fn total(self, output: &[f32], target: &[f32]) -> f64 {
        self.visit(1.0, ValueAlone { output, target })
    }

    /// Has the loss, and its derivative times `scale`, visited.
    fn visit(self, scale: f32, visit: impl Visit) -> f64 {
        match self {
            Self::Mse => visit.by(
                #[inline(always)]
                |output, target| {
                    let difference = output - target;
                    (difference * difference, 2.0 * scale * difference)
                },
            ),
            Self::L1 => visit.by(
                #[inline(always)]
                |output, target| {
                    let difference = output - target;
                    let sign = if difference > 0.0 {
                        1.0
                    } else if difference < 0.0 {
                        -1.0
                    } else {
                        difference
                    };
                    (difference.abs(), sign * scale)
                },
            ),
            Self::Charbonnier => visit.by(
                #[inline(always)]
                |output, target| {
                    let difference = output - target;
                    let value = (difference * difference + EPSILON_SQUARE).sqrt();
                    (value, scale * difference / value)
                },
            ),
            Self::Bce => visit.by(
                #[inline(always)]
                |output, target| {
                    let (log, slope) = floored_log(output);
                    let (complement_log, complement_slope) = floored_log(1.0 - output);
                    let value = -(target * log + (1.0 - target) * complement_log);
                    (
                        value,
                        scale * ((1.0 - target) * complement_slope - target * slope),
                    )
                },
            ),
        }
    }
}

/// The logarithm, at least [`LOG_FLOOR`], and its derivative.
#[inline(always)]
fn floored_log(value: f32) -> (f32, f32) {
    let (log, slope) = (log(value), 1.0 / value);
    if value < f32::MIN_POSITIVE {
        (LOG_FLOOR, 0.0)
    } else {
        (log, slope)
    }
}

/// The natural logarithm of a normal number, without branches, so that a loop of it vectorizes; within two units in the
/// last place, or 1e-7 near 1. What is infinite or not a number stays so.
///
/// # References
/// Cephes' `logf`: Moshier 1992, "Cephes mathematical library", release 2.2, `single/logf.c`.
#[inline(always)]
fn log(x: f32) -> f32 {
    /// The bits of the root of one half, where mantissas begin.
    const ROOT_OF_HALF: u32 = 0x3f35_04f3;
    let exponent = x.to_bits().wrapping_sub(ROOT_OF_HALF) as i32 >> 23;
    let rest = f32::from_bits(x.to_bits().wrapping_sub((exponent as u32) << 23)) - 1.0;
    let exponent = exponent as f32;
    let square = rest * rest;
    let mut polynomial = 7.037_683_6e-2;
    for coefficient in [
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333_1e-1,
    ] {
        polynomial = polynomial * rest + coefficient;
    }
    let small = polynomial * rest * square - 2.121_944_4e-4 * exponent - 0.5 * square;
    let log = rest + small + 0.693_359_4 * exponent;
    if x < f32::INFINITY { log } else { x }
}

/// Sums side by side in single precision.
const LANES: usize = 16;
/// Values that go into such sums before those are added up in double precision.
const RUN: usize = 8 * LANES;

#[inline(always)]
fn sum_lanes(
    output: &[f32],
    target: &[f32],
    gradient: &mut [f32],
    point: impl Fn(f32, f32) -> (f32, f32),
) -> f64 {
    let mut total = 0.0;
    let count = output.len();
    let (target, gradient) = (&target[..count], &mut gradient[..count]);
    let mut from = 0;
    while from < count {
        let until = count.min(from + RUN);
        let mut sums = [0.0_f32; LANES];
        while from + LANES <= until {
            let output: &[f32; LANES] = fixed(&output[from..]);
            let target: &[f32; LANES] = fixed(&target[from..]);
            let gradient: &mut [f32; LANES] = fixed_mut(&mut gradient[from..]);
            for i in 0..LANES {
                let (value, slope) = point(output[i], target[i]);
                sums[i] += value;
                gradient[i] = slope;
            }
            from += LANES;
        }
        for i in 0..until - from {
            let (value, slope) = point(output[from + i], target[from + i]);
            sums[i] += value;
            gradient[from + i] = slope;
        }
        from = until;
        for sum in sums {
            total += f64::from(sum);
        }
    }
    total
}

/// The value that [`sum_lanes`] gives.
#[inline(always)]
fn total_lanes(output: &[f32], target: &[f32], point: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
    let mut total = 0.0;
    let count = output.len();
    let target = &target[..count];
    let mut from = 0;
    while from < count {
        let until = count.min(from + RUN);
        let mut sums = [0.0_f32; LANES];
        while from + LANES <= until {
            let output: &[f32; LANES] = fixed(&output[from..]);
            let target: &[f32; LANES] = fixed(&target[from..]);
            for i in 0..LANES {
                sums[i] += point(output[i], target[i]).0;
            }
            from += LANES;
        }
        for i in 0..until - from {
            sums[i] += point(output[from + i], target[from + i]).0;
        }
        from = until;
        for sum in sums {
            total += f64::from(sum);
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_gradients_are_those_of_the_definitions() {
        let check = |loss: Loss, output: f32, target: f32, value: f64, slope: f32| {
            let mut gradient = [0.0];
            let found = loss.sum(&[output], &[target], 0.5, &mut gradient);
            assert!(
                (found - value).abs() < 1e-6 * value.abs().max(1.0),
                "{loss:?}: {found}, expected {value}"
            );
            assert!(
                (gradient[0] - slope).abs() <= 1e-6 * slope.abs(),
                "{loss:?}: {gradient:?}, expected {slope}"
            );
        };
        check(Loss::Mse, 0.75, 0.5, 0.0625, 0.25);
        check(Loss::L1, 0.25, 0.5, 0.25, -0.5);
        check(Loss::L1, 0.5, 0.5, 0.0, 0.0);
        check(Loss::Charbonnier, 0.5, 0.5, 1e-3, 0.0);
        // A difference of 2^-9.
        check(
            Loss::Charbonnier,
            0.251_953_125,
            0.25,
            0.002194242,
            0.4450569,
        );
        check(Loss::Charbonnier, 0.25, 0.5, 0.250_002, -0.499_996);
        check(Loss::Bce, 0.25, 1.0, 4.0_f64.ln(), -2.0);
        check(Loss::Bce, 0.25, 0.0, -(0.75_f64.ln()), 0.5 / 0.75);
        check(Loss::Bce, 0.0, 1.0, 100.0, 0.0);
        check(Loss::Bce, 1.0, 0.0, 100.0, 0.0);
        check(Loss::Bce, 1.0, 1.0, 0.0, -0.5);
    }

    #[test]
    fn logarithms_are_accurate_and_keep_what_is_no_number() {
        for step in -3000..3000 {
            let x = 2.0_f32.powf(step as f32 * 0.04);
            let expected = f64::from(x).ln();
            let off = (f64::from(log(x)) - expected).abs();
            assert!(
                off < 2.5e-7 * expected.abs() + 1e-7,
                "ln({x}) is off by {off:e}"
            );
        }
        assert_eq!(log(1.0), 0.0);
        assert_eq!(log(f32::INFINITY), f32::INFINITY);
        assert!(log(f32::NAN).is_nan());
    }

    #[test]
    fn sums_of_every_length_count_every_value() {
        for count in (0..300).step_by(7) {
            let output: Vec<f32> = (0..count).map(|i| 0.1 + 0.002 * i as f32).collect();
            let mut gradient = vec![0.0; count];
            let found = Loss::L1.sum(&output, &vec![0.0; count], 1.0, &mut gradient);
            let expected: f64 = output.iter().map(|&value| f64::from(value)).sum();
            assert!(
                (found - expected).abs() <= 1e-6 * expected,
                "{count} values"
            );
            assert!(gradient.iter().all(|&slope| slope == 1.0));
        }
    }

    #[test]
    fn a_total_has_the_bits_of_a_sum() {
        for count in [1, 15, 16, 17, 784] {
            let output: Vec<f32> = (0..count).map(|i| (0.5 + i as f32) / 800.0).collect();
            let target: Vec<f32> = (0..count).map(|i| (i % 3) as f32 / 2.0).collect();
            for loss in [Loss::Mse, Loss::Bce, Loss::L1, Loss::Charbonnier] {
                let sum = loss.sum(&output, &target, 1.0, &mut vec![0.0; count]);
                let total = loss.total(&output, &target);
                assert_eq!(total.to_bits(), sum.to_bits(), "{loss:?} of {count}");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        for loss in [Loss::Mse, Loss::Bce, Loss::L1, Loss::Charbonnier] {
            let mut gradient = [0.0; 2];
            assert!(
                loss.sum(&[f32::NAN, 0.5], &[0.5, 0.5], 1.0, &mut gradient)
                    .is_nan()
            );
            assert!(gradient[0].is_nan());
        }
    }
}
