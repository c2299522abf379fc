//! A chain of convolutions with what comes before and after each.

use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::module::{conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};

/// What follows a convolution's sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// One 3x3 convolution whose output has its input's size, and what is around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// Each pixel is doubled in both directions before the convolution.
    pub(crate) upsample: bool,
    pub(crate) activation: Activation,
    /// The largest of each 2x2 pixels is kept after the activation.
    pub(crate) pool: bool,
}

/// Applies the stages in turn, each with its weight and bias.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - `weights`: `[outputs, inputs, 3, 3]` and `[outputs]` for each stage
pub(crate) fn forward(
    stages: &[Stage],
    weights: &[(Tensor<4>, Tensor<1>)],
    x: Tensor<4>,
) -> Tensor<4> {
    debug_assert_eq!(stages.len(), weights.len(), "each stage has its weights");
    stages
        .iter()
        .zip(weights)
        .fold(x, |mut x, (stage, (weight, bias))| {
            if stage.upsample {
                let [_, _, height, width] = x.dims();
                let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
                x = interpolate(x, nearest.with_output_size([2 * height, 2 * width]));
            }
            x = conv2d(
                x,
                weight.clone(),
                Some(bias.clone()),
                ConvOptions::new([1, 1], [1, 1], [1, 1], 1),
            );
            x = match stage.activation {
                Activation::Relu => relu(x),
                Activation::Sigmoid => sigmoid(x),
            };
            if stage.pool {
                max_pool2d(x, MaxPoolOptions::new([2, 2]))
            } else {
                x
            }
        })
}
