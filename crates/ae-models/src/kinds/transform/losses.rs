//! What the losses of models whose codes are integers are made of: rounding, limits, and what an error is worth in bits.

use burn::tensor::{Device, Tensor, TensorData};

use crate::kinds::transform::lambdas::Lambdas;

/// The largest symbol; the smallest is its negative.
pub(crate) const LARGEST_SYMBOL: f32 = 127.0;
/// How much of what is above white or below black counts in training, so that pixels beyond still learn.
const LEAK: f64 = 0.1;

/// Symbols that are stored in eight bits.
pub(crate) fn limited<const D: usize>(symbols: Tensor<D>) -> Tensor<D> {
    symbols.clamp(-LARGEST_SYMBOL, LARGEST_SYMBOL)
}

/// What squared errors are multiplied by to be bits: the inverse of the lambda of each image's quality.
///
/// # Shapes
/// - output: `[batch, 1]`
pub(crate) fn worth(qualities: &[usize], lambdas: &Lambdas, device: &Device) -> Tensor<2> {
    let lambdas = lambdas.values();
    let worth: Vec<f32> = qualities
        .iter()
        .map(|&quality| (1.0 / lambdas[quality]) as f32)
        .collect();
    Tensor::from_data(TensorData::new(worth, [qualities.len(), 1]), device)
}

/// Codes rounded to integers, whose gradients pass as they are.
pub(crate) fn rounded<const D: usize>(codes: Tensor<D>) -> Tensor<D> {
    let rounding = codes.clone().round() - codes.clone();
    codes + rounding.detach()
}

/// Outputs limited to black and white, of what is beyond a tenth.
pub(crate) fn leaking(output: Tensor<4>) -> Tensor<4> {
    output.clone().mul_scalar(LEAK) + output.clamp(0.0, 1.0).mul_scalar(1.0 - LEAK)
}
