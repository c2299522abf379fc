//! How a reconstruction is compared with its target.

use std::fmt;
use std::str::FromStr;

use ae_kernels::Loss;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The logarithm of a probability is taken to be at least this, as PyTorch's `binary_cross_entropy` has it.
const LOG_FLOOR: f32 = -100.0;
/// The square of the epsilon of Charbonnier's loss.
const CHARBONNIER_SQUARE: f32 = 1e-6;

/// What a reconstruction is charged for differing from its target.
///
/// Every kind is the **mean over every value of the batch**: sums over batch, channels, height and width, divided by
/// the number of all of them. So a loss does not depend on batch size or picture size, and a mean over two batches of
/// one size is the mean of their losses. To compare with a loss that is summed over an image, as variational
/// autoencoders' usually are, multiply by `channels * height * width`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReconstructionLoss {
    /// Mean squared error, `mean((output - target)^2)`.
    #[default]
    Mse,
    /// Binary cross-entropy in nats, `mean(-(target ln(output) + (1 - target) ln(1 - output)))`, of outputs in
    /// `[0, 1]`. Targets may be any grey between 0 and 1; the loss is then not 0 at its minimum but the targets'
    /// entropy.
    Bce,
    /// Mean absolute error, `mean(|output - target|)`.
    L1,
    /// The absolute error made smooth at 0, `mean(sqrt((output - target)^2 + 1e-6))`
    /// ([`Loss::Charbonnier`](ae_kernels::Loss::Charbonnier)).
    Charbonnier,
}

impl ReconstructionLoss {
    /// Every kind, in the order in which they are listed to a person.
    pub const ALL: [Self; 4] = [Self::Mse, Self::Bce, Self::L1, Self::Charbonnier];

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Bce => "bce",
            Self::L1 => "l1",
            Self::Charbonnier => "charbonnier",
        }
    }

    /// The loss as the kernels call it: the mean over every value in both crates.
    pub(crate) fn of_kernels(self) -> Loss {
        match self {
            Self::Mse => Loss::Mse,
            Self::Bce => Loss::Bce,
            Self::L1 => Loss::L1,
            Self::Charbonnier => Loss::Charbonnier,
        }
    }

    /// The loss of a batch, differentiable in both arguments.
    ///
    /// Cross-entropy takes the logarithms from the probabilities and floors them at -100, as PyTorch's
    /// `binary_cross_entropy` does, so an output of exactly 0 or 1 that is wrong costs 100 and no NaN; its gradient
    /// there is 0 (PyTorch's is 0 too once the sigmoid before it is counted in).
    ///
    /// # Shapes
    /// - `output`, `target`: one shape, `[batch, channels, height, width]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// When the shapes differ.
    #[must_use]
    pub fn value(self, output: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        assert_eq!(
            output.dims(),
            target.dims(),
            "output and target of a loss have one shape"
        );
        match self {
            Self::Mse => {
                let difference = output - target;
                (difference.clone() * difference).mean()
            }
            Self::Bce => {
                let certain = target.clone() * floored_log(output.clone());
                let complement =
                    target.neg().add_scalar(1.0) * floored_log(output.neg().add_scalar(1.0));
                (certain + complement).mean().neg()
            }
            Self::L1 => (output - target).abs().mean(),
            Self::Charbonnier => {
                let difference = output - target;
                let square = difference.clone() * difference;
                square.add_scalar(CHARBONNIER_SQUARE).sqrt().mean()
            }
        }
    }
}

/// `max(ln(x), -100)` whose gradient is finite everywhere: below the smallest normal number, where `1 / x` overflows,
/// the value is the floor and the gradient 0.
pub(crate) fn floored_log(x: Tensor<4>) -> Tensor<4> {
    let vanishing = x.clone().lower_elem(f32::MIN_POSITIVE);
    x.clamp_min(f32::MIN_POSITIVE)
        .log()
        .mask_fill(vanishing, LOG_FLOOR)
}

impl fmt::Display for ReconstructionLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for ReconstructionLoss {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|loss| loss.name() == text)
            .ok_or_else(|| ModelError::unknown("loss", text, "mse, bce, l1, charbonnier"))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    fn images(values: &[f32], device: &Device) -> Tensor<4> {
        Tensor::from_data(
            TensorData::new(values.to_vec(), [values.len() / 2, 1, 1, 2]),
            device,
        )
    }

    #[test]
    fn losses_are_means_over_every_value() {
        let device = Device::flex();
        let check = |loss: ReconstructionLoss, output: &[f32], target: &[f32], expected: f32| {
            let found: f32 = loss
                .value(images(output, &device), images(target, &device))
                .into_scalar();
            assert!(
                (found - expected).abs() <= 1e-6 * expected,
                "{loss}: {found} instead of {expected}"
            );
        };
        use ReconstructionLoss::{Bce, Charbonnier, L1, Mse};

        // Half a batch of ones and half of zeros, against black.
        check(Mse, &[1.0, 1.0, 0.0, 0.0], &[0.0; 4], 0.5);
        check(L1, &[1.0, 1.0, 0.0, 0.0], &[0.0; 4], 0.5);
        check(Mse, &[0.5, 0.0, 0.0, 0.0], &[0.0; 4], 0.0625);
        check(L1, &[0.5, 0.0, 0.0, 0.0], &[1.0, 0.0, 0.0, 0.0], 0.125);
        check(Charbonnier, &[0.5, 0.25], &[0.5, 0.25], 1e-3);
        // Differences of 2^-9 and 2^-8.
        let near = [129.0 / 512.0, 0.0];
        check(Charbonnier, &near, &[0.25, 1.0 / 256.0], 0.003_113_23);
        // ln 2 whatever the target; -(0.25 ln 0.25 + 0.75 ln 0.75).
        check(
            Bce,
            &[0.5; 4],
            &[0.0, 1.0, 0.25, 0.5],
            std::f32::consts::LN_2,
        );
        check(Bce, &[0.25, 0.25], &[0.25, 0.25], 0.562_335_1);
        // Certain and right costs nothing, certain and wrong 100, as torch.nn.functional.binary_cross_entropy prints.
        check(Bce, &[0.0, 1.0], &[0.0, 1.0], 0.0);
        check(Bce, &[1.0, 0.0], &[0.0, 1.0], 100.0);
        check(Bce, &[0.0, 0.0, 0.0, 1.0], &[0.5, 0.0, 0.0, 1.0], 12.5);
    }

    #[test]
    fn cross_entropy_of_certain_outputs_has_a_finite_gradient() {
        let device = Device::flex().autodiff();
        let output = images(&[0.0, 1.0, 1.0, 0.5], &device).require_grad();
        let loss =
            ReconstructionLoss::Bce.value(output.clone(), images(&[1.0, 0.0, 1.0, 1.0], &device));
        let gradient = output.grad(&loss.backward()).unwrap().into_data();
        let found: Vec<f32> = gradient.iter::<f32>().collect();
        // Only the value that is neither 0 nor 1 moves: -1 / 0.5 over four values. The third is right: -1 / 1 over 4.
        assert_eq!(found, [0.0, 0.0, -0.25, -0.5]);
    }

    #[test]
    #[should_panic(expected = "output and target of a loss have one shape")]
    fn shapes_must_agree() {
        let device = Device::flex();
        let _ =
            ReconstructionLoss::Mse.value(images(&[0.0; 4], &device), images(&[0.0; 2], &device));
    }

    #[test]
    fn names_round_trip() {
        for loss in ReconstructionLoss::ALL {
            assert_eq!(
                loss.to_string().parse::<ReconstructionLoss>().unwrap(),
                loss
            );
            assert_eq!(serde_json::to_string(&loss).unwrap(), format!("\"{loss}\""));
        }
        let error = "l2".parse::<ReconstructionLoss>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown loss `l2`: expected one of mse, bce, l1, charbonnier"
        );
    }
}
