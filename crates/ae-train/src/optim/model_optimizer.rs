//! One optimizer step over a whole model, and what it remembers between steps.
//!
//! Where the parameters lie in this process's memory, all of them are updated in one pass of `ae-kernels`; elsewhere by
//! burn-optim's rules as they are. Both have the same formulas and remember the same under the same names, so a
//! checkpoint of one is one of the other.

use ae_kernels::is_on_host;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use crate::optim::config::OptimizerConfig;
use crate::optim::device::DeviceOptimizer;
use crate::optim::host::{self, HostOptimizer};
use crate::optim::state::OptimizerState;

/// An update rule and what it remembers of every parameter.
pub(crate) enum ModelOptimizer {
    /// By one pass over the memory of all parameters.
    Host(HostOptimizer),
    /// By tensor operations.
    Device(DeviceOptimizer),
}

impl ModelOptimizer {
    /// The optimizer for a model that is trained where it lies.
    pub(crate) fn new<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        if model.devices().iter().all(is_on_host) && host::suits(model) {
            Self::Host(HostOptimizer::new(config, model))
        } else {
            Self::on_device(config, model)
        }
    }

    /// The optimizer by tensor operations, which every device has.
    pub(crate) fn on_device<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        Self::Device(DeviceOptimizer::new(config, model))
    }

    /// Updates every parameter that has a gradient, and returns the Euclidean norm of all gradients taken together, as
    /// it was before it was clipped to `clip_norm`.
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

#[cfg(test)]
mod tests;
