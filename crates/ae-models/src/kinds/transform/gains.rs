//! What a code is multiplied by before it is rounded, and after: a factor for each channel at each quality.

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

use crate::kinds::transform::lambdas::Lambdas;

/// The gain of the first quality at first, as a power of e: that of the step whose error, a twelfth of its square, grows by its
/// lambda where a bit less is spent, which is the derivative of the one by the other (R. M. Gray and D. L. Neuhoff 1998,
/// *Quantization*, section IV).
pub(crate) fn first_log_gain(lambdas: &Lambdas) -> f64 {
    -0.5 * (6.0 * lambdas.values()[0] / std::f64::consts::LN_2).ln()
}

/// What is added to a quality's parameters, counted from 0, where it is `first` for the first one; `sign` is -1 for what inverts
/// it. A step of rounding whose error costs as much as its bits is as the
/// root of lambda.
pub(crate) fn base(first: f64, sign: f64, lambdas: &Lambdas, quality: usize) -> f32 {
    let lambdas = lambdas.values();
    (sign * (first + 0.5 * (lambdas[0] / lambdas[quality]).ln())) as f32
}

/// The factors of each image's channels: powers of e, of the parameter plus the quality's base, with `first` and `sign` as
/// [`base`] has them.
///
/// # Shapes
/// - `parameter`: `[qualities, channels]`, as one axis
/// - `chosen`: `[batch, qualities]`
/// - output: `[batch, channels]`
pub(crate) fn factors(
    parameter: &Param<Tensor<1>>,
    first: f64,
    sign: f64,
    lambdas: &Lambdas,
    chosen: &Tensor<2>,
) -> Tensor<2> {
    let qualities = lambdas.qualities();
    let base: Vec<f32> = (0..qualities)
        .map(|quality| base(first, sign, lambdas, quality))
        .collect();
    let base = Tensor::<2>::from_data(TensorData::new(base, [qualities, 1]), &chosen.device());
    let parameter = parameter.val();
    let channels = parameter.dims()[0] / qualities;
    let logarithms = parameter.reshape([qualities, channels]) + base;
    chosen.clone().matmul(logarithms).exp()
}
