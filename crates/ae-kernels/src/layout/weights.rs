//! Weights as callers give them, and gradients as they get them.

/// A stage's weight and bias, `[output, input, 3, 3]`, or 1, 1, and `[output]`.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    /// `[output_channels, input_channels, 3, 3]`, the last axis fastest.
    pub weight: &'a [f32],
    /// `[output_channels]`, or nothing for a stage without a bias.
    pub bias: &'a [f32],
}

/// Gradients of one pass, each tensor in PyTorch's layout.
#[derive(Clone, Debug)]
pub struct Gradients {
    /// The gradient of the images, where it was asked for.
    pub input: Option<Vec<f32>>,
    /// Weight and bias of every stage, the latter empty where there is none.
    pub weights: Vec<(Vec<f32>, Vec<f32>)>,
}
