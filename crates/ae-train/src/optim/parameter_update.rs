//! What the step on the host and the step on a device do alike.

use burn::module::{Param, ParamId, ParamMapper};
use burn::tensor::Tensor;

/// Added to the norm before the division, as PyTorch's `clip_grad_norm_` has it.
pub(crate) const CLIPPING_EPSILON: f64 = 1e-6;

/// A parameter with its updated values, wanting gradients as before.
pub(crate) fn updated<const D: usize>(
    id: ParamId,
    before: &Tensor<D>,
    values: Tensor<D>,
    mapper: ParamMapper<Tensor<D>>,
) -> Param<Tensor<D>> {
    let mut values = values.autodiff();
    if let Some(strategy) = before.gradient_checkpointing_strategy() {
        values = values.with_gradient_checkpointing_strategy(strategy);
    }
    if before.is_require_grad() {
        values = values.require_grad();
    }
    Param::from_mapped_value(id, values, mapper)
}
