//! One optimiser step over a whole model, and what it remembers between steps.
//!
//! Where the parameters lie in this process's memory, all of them are updated in one pass of `ae-kernels`; elsewhere by
//! burn-optim's rules as they are. Both have the same formulas and remember the same under the same names, so a
//! checkpoint of one is one of the other.

use std::collections::BTreeMap;

use ae_kernels::is_on_host;
use ae_models::NamedTensor;
use burn::module::{Module, Param, ParamId, ParamMapper};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use crate::optim::config::OptimizerConfig;
use crate::optim::device::DeviceOptimizer;
use crate::optim::host::{self, HostOptimizer};

/// An update rule and what it remembers of every parameter.
pub(crate) enum ModelOptimizer {
    /// By one pass over the memory of all parameters.
    Host(HostOptimizer),
    /// By operations on tensors.
    Device(DeviceOptimizer),
}

/// An optimiser's state on the host, for a checkpoint.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OptimizerState {
    /// Tensors, named `{parameter}.{field}`.
    pub(crate) tensors: Vec<NamedTensor>,
    /// Step counters, named likewise.
    pub(crate) counters: BTreeMap<String, u64>,
    /// The rank of every parameter that has a state.
    pub(crate) ranks: BTreeMap<String, usize>,
}

impl ModelOptimizer {
    /// The optimiser for a model that is trained where it lies.
    pub(crate) fn new<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        if model.devices().iter().all(is_on_host) && host::suits(model) {
            Self::Host(HostOptimizer::new(config, model))
        } else {
            Self::by_operations(config, model)
        }
    }

    /// The optimiser by operations on tensors, which every device has.
    pub(crate) fn by_operations<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        Self::Device(DeviceOptimizer::new(config, model))
    }

    /// Updates every parameter that has a gradient, and tells the Euclidean norm of all gradients taken together, as it
    /// was before it was clipped to `clip_norm`.
    ///
    /// # Shapes
    /// - the norm: `[1]`; `None` where no parameter has a gradient
    ///
    /// # References
    /// R. Pascanu, T. Mikolov and Y. Bengio (2013), *On the difficulty of training recurrent neural networks*, section
    /// 3.2.
    pub(crate) fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        model: M,
        gradients: GradientsParams,
        clip_norm: Option<f64>,
    ) -> (M, Option<Tensor<1>>) {
        match self {
            Self::Host(optimizer) => optimizer.step(learning_rate, model, gradients, clip_norm),
            Self::Device(optimizer) => optimizer.step(learning_rate, model, gradients, clip_norm),
        }
    }

    /// Reads the state back to the host.
    pub(crate) fn state(&self) -> OptimizerState {
        match self {
            Self::Host(optimizer) => optimizer.state(),
            Self::Device(optimizer) => optimizer.state(),
        }
    }

    /// Takes back a saved state; `Err` names the parameter whose state is not there or incomplete.
    pub(crate) fn restore(&mut self, state: OptimizerState, device: &Device) -> Result<(), String> {
        match self {
            Self::Host(optimizer) => optimizer.restore(state),
            Self::Device(optimizer) => optimizer.restore(state, device),
        }
    }
}

/// Added to the norm before the division, as PyTorch's `clip_grad_norm_` has it.
pub(super) const CLIPPING_EPSILON: f64 = 1e-6;

/// A parameter with its updated values, wanting gradients as before.
pub(super) fn updated<const D: usize>(
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

#[cfg(test)]
mod tests;
