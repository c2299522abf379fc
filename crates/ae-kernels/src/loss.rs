//! Reconstruction losses, and their gradient to the output.

/// What a training pass minimises: the mean over all values of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `(output - target)^2`.
    Mse,
    /// `-(target ln(output) + (1 - target) ln(1 - output))`, each logarithm at least -100, as PyTorch's
    /// `binary_cross_entropy` has it; where it is cut off the gradient is 0.
    Bce,
    /// `|output - target|`, with gradient 0 where they are equal.
    L1,
}

/// The least that a logarithm counts.
const LOG_FLOOR: f32 = -100.0;

impl Loss {
    /// Sum of the loss over `output`, and into `gradient` its derivative times `scale`.
    pub(crate) fn sum(
        self,
        output: &[f32],
        target: &[f32],
        scale: f32,
        gradient: &mut [f32],
    ) -> f64 {
        match self {
            Self::Mse => sum(output, target, gradient, |output, target| {
                let difference = output - target;
                (difference * difference, 2.0 * scale * difference)
            }),
            Self::L1 => sum(output, target, gradient, |output, target| {
                let difference = output - target;
                let sign = if difference > 0.0 {
                    1.0
                } else if difference < 0.0 {
                    -1.0
                } else {
                    difference
                };
                (difference.abs(), sign * scale)
            }),
            Self::Bce => sum(output, target, gradient, |output, target| {
                let (log, slope) = floored_log(output);
                let (complement_log, complement_slope) = floored_log(1.0 - output);
                let value = -(target * log + (1.0 - target) * complement_log);
                (
                    value,
                    scale * ((1.0 - target) * complement_slope - target * slope),
                )
            }),
        }
    }
}

/// The logarithm, at least [`LOG_FLOOR`], and its derivative.
fn floored_log(value: f32) -> (f32, f32) {
    if value < f32::MIN_POSITIVE {
        (LOG_FLOOR, 0.0)
    } else {
        (value.ln(), value.recip())
    }
}

/// Values summed in single precision at a time, so that the loop vectorises; then in double.
const RUN: usize = 64;

fn sum(
    output: &[f32],
    target: &[f32],
    gradient: &mut [f32],
    point: impl Fn(f32, f32) -> (f32, f32),
) -> f64 {
    let mut total = 0.0;
    for ((output, target), gradient) in output
        .chunks(RUN)
        .zip(target.chunks(RUN))
        .zip(gradient.chunks_mut(RUN))
    {
        let mut lanes = [0.0_f32; 8];
        for (index, ((output, target), gradient)) in
            output.iter().zip(target).zip(gradient).enumerate()
        {
            let (value, slope) = point(*output, *target);
            lanes[index % 8] += value;
            *gradient = slope;
        }
        total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
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
        check(Loss::Bce, 0.25, 1.0, 4.0_f64.ln(), -2.0);
        check(Loss::Bce, 0.25, 0.0, -(0.75_f64.ln()), 0.5 / 0.75);
        check(Loss::Bce, 0.0, 1.0, 100.0, 0.0);
        check(Loss::Bce, 1.0, 0.0, 100.0, 0.0);
        check(Loss::Bce, 1.0, 1.0, 0.0, -0.5);
    }

    #[test]
    fn what_is_not_a_number_stays_visible() {
        for loss in [Loss::Mse, Loss::Bce, Loss::L1] {
            let mut gradient = [0.0; 2];
            assert!(
                loss.sum(&[f32::NAN, 0.5], &[0.5, 0.5], 1.0, &mut gradient)
                    .is_nan()
            );
            assert!(gradient[0].is_nan());
        }
    }
}
