//! The step by tensor operations.
//!
//! burn-optim's update rules are used as they are. Its `ModuleOptimizer` isn't: it keys its state by identifiers that
//! are drawn anew in every process, restores it on whatever device Burn would pick by default, and clips each
//! parameter's gradient by itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ae_models::{NamedTensor, parameter_names};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{
    AdamConfig, AdamWConfig, DynOptimizer, DynState, GradientsParams, SgdConfig, StateSink,
    StateSource,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::optim::config::{OptimizerConfig, SgdSettings};
use crate::optim::parameter_update::{CLIPPING_EPSILON, updated};
use crate::optim::rmsprop::RmsProp;
use crate::optim::state::OptimizerState;

/// An update rule and its state for every parameter, by the parameter's name in the model.
pub(crate) struct DeviceOptimizer {
    rule: Arc<dyn DynOptimizer>,
    names: HashMap<ParamId, String>,
    states: BTreeMap<String, DynState>,
}

impl DeviceOptimizer {
    pub(super) fn new<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        Self {
            rule: rule(config),
            names: parameter_names(model).into_iter().collect(),
            states: BTreeMap::new(),
        }
    }

    pub(super) fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        model: M,
        gradients: GradientsParams,
        clip_norm: Option<f64>,
    ) -> (M, Option<Tensor<1>>) {
        let norm = gradient_norm(&model, &gradients);
        let clipping = norm
            .clone()
            .zip(clip_norm)
            .map(|(norm, limit)| clipping_factor(norm, limit));
        let mut update = Update {
            optimizer: self,
            learning_rate,
            gradients,
            clipping,
        };
        (model.map(&mut update), norm)
    }

    pub(super) fn state(&self) -> OptimizerState {
        let mut state = OptimizerState::default();
        for (name, parameter) in &self.states {
            state.ranks.insert(name.clone(), parameter.rank());
            let mut sink = StateSink::default();
            self.rule.state_flatten(name, parameter, &mut sink);
            for (name, data) in sink.tensors {
                let shape = data.shape().to_vec();
                let values = data.iter::<f32>().collect();
                state.tensors.push(NamedTensor {
                    name,
                    shape,
                    values,
                });
            }
            for (name, scalar) in sink.scalars {
                // The rules in use count steps and keep no other scalars.
                let count =
                    u64::try_from(scalar).expect("an optimizer's scalars are step counters");
                state.counters.insert(name, count);
            }
        }
        state
    }

    pub(super) fn restore(&mut self, state: OptimizerState, device: &Device) -> Result<(), String> {
        let counters = state
            .counters
            .into_iter()
            .map(|(name, count)| (name, count.into()));
        let mut source = StateSource::new(counters.collect());
        for tensor in state.tensors {
            source.insert_tensor(tensor.name, TensorData::new(tensor.values, tensor.shape));
        }
        self.states.clear();
        for (name, rank) in state.ranks {
            if !(1..=8).contains(&rank) || !self.names.values().any(|known| *known == name) {
                return Err(name);
            }
            match self.rule.state_unflatten(rank, &name, &mut source, device) {
                Some(parameter) => self.states.insert(name, parameter),
                None => return Err(name),
            };
        }
        Ok(())
    }
}

fn rule(config: &OptimizerConfig) -> Arc<dyn DynOptimizer> {
    match *config {
        OptimizerConfig::Adam(settings) => Arc::new(
            AdamConfig::new()
                .with_beta_1(settings.beta_1 as f32)
                .with_beta_2(settings.beta_2 as f32)
                .with_epsilon(settings.epsilon as f32)
                .build(),
        ),
        OptimizerConfig::AdamW(settings) => Arc::new(
            AdamWConfig::new()
                .with_beta_1(settings.beta_1 as f32)
                .with_beta_2(settings.beta_2 as f32)
                .with_epsilon(settings.epsilon as f32)
                .with_weight_decay(settings.weight_decay as f32)
                .build(),
        ),
        OptimizerConfig::RmsProp(settings) => Arc::new(RmsProp(settings)),
        OptimizerConfig::Sgd(SgdSettings {
            momentum,
            nesterov,
            weight_decay,
        }) => {
            let momentum = (momentum > 0.0).then_some(MomentumConfig {
                momentum,
                dampening: 0.0,
                nesterov,
            });
            let decay = (weight_decay > 0.0).then_some(WeightDecayConfig {
                penalty: weight_decay as f32,
            });
            Arc::new(
                SgdConfig::new()
                    .with_momentum(momentum)
                    .with_weight_decay(decay)
                    .build(),
            )
        }
    }
}

struct Update<'a> {
    optimizer: &'a mut DeviceOptimizer,
    learning_rate: f64,
    gradients: GradientsParams,
    clipping: Option<Tensor<1>>,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, weights, mapper) = param.consume();
        let Some(mut gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, weights, mapper);
        };
        if let Some(factor) = &self.clipping {
            gradient = gradient * factor.clone().reshape([1; D]);
        }
        let DeviceOptimizer {
            rule,
            names,
            states,
        } = &mut *self.optimizer;
        let name = &names[&id];
        let (values, state) = rule.step_dyn(
            D,
            self.learning_rate,
            weights.clone().inner().into_bridge(),
            gradient.into_bridge(),
            states.remove(name),
        );
        if let Some(state) = state {
            states.insert(name.clone(), state);
        }
        updated(id, &weights, Tensor::from_bridge(values), mapper)
    }
}

/// The Euclidean norm of all gradients taken together, left on the device.
///
/// # Shapes
/// - output: `[1]`; `None` where no parameter has a gradient
fn gradient_norm<M: Module>(model: &M, gradients: &GradientsParams) -> Option<Tensor<1>> {
    let mut visitor = SumOfSquares {
        gradients,
        sum: None,
    };
    model.visit(&mut visitor);
    visitor.sum.map(Tensor::sqrt)
}

struct SumOfSquares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let squares = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + squares,
                None => squares,
            });
        }
    }
}

/// What gradients are multiplied by so that their norm is at most `limit`, as PyTorch's `clip_grad_norm_` has it.
fn clipping_factor(norm: Tensor<1>, limit: f64) -> Tensor<1> {
    norm.add_scalar(CLIPPING_EPSILON)
        .recip()
        .mul_scalar(limit)
        .clamp_max(1.0)
}
