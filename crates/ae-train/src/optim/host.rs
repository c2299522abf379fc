//! The step in one pass over all parameters, where they lie in this process's memory.

use std::collections::HashMap;

use ae_kernels::{HostTensor, Parameter, UpdateRule, gradient_norm, update};
use ae_models::{NamedTensor, parameter_names};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

use crate::optim::config::{OptimizerConfig, RmsPropForm};
use crate::optim::parameter_update::{CLIPPING_EPSILON, updated};
use crate::optim::state::OptimizerState;

/// An update rule and what it remembers of every parameter.
pub(crate) struct HostOptimizer {
    rule: UpdateRule,
    names: RuleNames,
    parameters: HashMap<ParamId, ParameterState>,
}

/// What the rule remembers is called in a checkpoint as in burn-optim's.
#[derive(Clone, Copy)]
struct RuleNames {
    /// Of the numbers that it keeps of each value.
    memories: &'static [&'static str],
    /// Of the step counter, if it needs one.
    step: Option<&'static str>,
}

/// A parameter's name and shape, and what the rule remembers of it.
struct ParameterState {
    name: String,
    shape: Vec<usize>,
    /// Steps taken; at least 1 as soon as there are `memories`.
    step: u64,
    /// None before the first step.
    memories: Option<Vec<Vec<f32>>>,
}

/// A parameter with a gradient.
struct Pending {
    id: ParamId,
    weights: HostTensor,
    gradient: Vec<f32>,
    device: Device,
}

/// Whether all parameters can be read where they lie; asked of a model whose devices are known to allow it.
pub(super) fn suits<M: Module>(model: &M) -> bool {
    struct Check(bool);
    impl ModuleVisitor for Check {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 &= HostTensor::new(param.val().inner()).is_some();
        }
    }
    let mut check = Check(true);
    model.visit(&mut check);
    check.0
}

impl HostOptimizer {
    pub(super) fn new<M: Module>(config: &OptimizerConfig, model: &M) -> Self {
        struct Shapes(Vec<Vec<usize>>);
        impl ModuleVisitor for Shapes {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().dims().to_vec());
            }
        }
        let mut shapes = Shapes(Vec::new());
        model.visit(&mut shapes);
        let parameters = parameter_names(model).into_iter().zip(shapes.0);
        let (rule, names) = rule(config);
        Self {
            rule,
            names,
            parameters: parameters
                .map(|((id, name), shape)| {
                    let state = ParameterState {
                        name,
                        shape,
                        step: 0,
                        memories: None,
                    };
                    (id, state)
                })
                .collect(),
        }
    }

    pub(super) fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        model: M,
        gradients: GradientsParams,
        clip_norm: Option<f64>,
    ) -> (M, Option<Tensor<1>>) {
        let mut gather = Gather {
            gradients,
            pending: Vec::new(),
        };
        model.visit(&mut gather);
        let mut pending = gather.pending;
        let Some(first) = pending.first() else {
            return (model, None);
        };
        let gradients: Vec<&[f32]> = pending.iter().map(|one| &*one.gradient).collect();
        let norm = gradient_norm(&gradients) as f32;
        let factor = clip_norm.map_or(1.0, |limit| {
            (limit as f32 / (norm + CLIPPING_EPSILON as f32)).min(1.0)
        });
        let norm = Tensor::from_data([norm], &first.device);

        // The states of the parameters that take part, out of the map to be changed all at once.
        let mut states: Vec<ParameterState> = pending
            .iter()
            .map(|one| {
                let state = self.parameters.remove(&one.id);
                state.expect("the model is the one that the optimizer was made for")
            })
            .collect();
        let memories = self.rule.memories();
        let values: Vec<_> = pending.iter().map(|one| one.weights.clone()).collect();
        let values: Vec<_> = values.iter().map(HostTensor::values).collect();
        let parameters = pending
            .iter_mut()
            .zip(&values)
            .zip(&mut states)
            .map(|((one, values), state)| {
                state.step += 1;
                let fresh = || vec![vec![0.0; values.len()]; memories];
                let memories = state.memories.get_or_insert_with(fresh);
                Parameter {
                    values,
                    gradient: &mut one.gradient,
                    memories: memories.iter_mut().map(Vec::as_mut_slice).collect(),
                    step: state.step,
                }
            })
            .collect();
        update(self.rule, learning_rate, factor, parameters)
            .expect("a gradient has its parameter's shape, and a state was checked for it");
        let ids = pending.iter().map(|one| one.id);
        self.parameters.extend(ids.zip(states));
        let updated = pending.into_iter().map(|one| (one.id, one.gradient));
        let mut replace = Replace {
            values: updated.collect(),
        };
        (model.map(&mut replace), Some(norm))
    }

    pub(super) fn state(&self) -> OptimizerState {
        let mut state = OptimizerState::default();
        let mut parameters: Vec<_> = self.parameters.values().collect();
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        for parameter in parameters {
            let ParameterState {
                name, shape, step, ..
            } = parameter;
            let Some(memories) = &parameter.memories else {
                continue;
            };
            state.ranks.insert(name.clone(), shape.len());
            if let Some(counter) = self.names.step {
                state.counters.insert(format!("{name}.{counter}"), *step);
            }
            for (field, values) in self.names.memories.iter().zip(memories) {
                state.tensors.push(NamedTensor {
                    name: format!("{name}.{field}"),
                    shape: shape.clone(),
                    values: values.clone(),
                });
            }
        }
        state
    }

    pub(super) fn restore(&mut self, state: OptimizerState) -> Result<(), String> {
        let OptimizerState {
            tensors,
            counters,
            ranks,
        } = state;
        let mut tensors: HashMap<String, NamedTensor> = tensors
            .into_iter()
            .map(|tensor| (tensor.name.clone(), tensor))
            .collect();
        for parameter in self.parameters.values_mut() {
            (parameter.step, parameter.memories) = (0, None);
        }
        let RuleNames { memories, step } = self.names;
        for (name, rank) in ranks {
            let known = self.parameters.values_mut().find(|p| p.name == name);
            let Some(parameter) = known.filter(|parameter| parameter.shape.len() == rank) else {
                return Err(name);
            };
            let taken = memories[..self.rule.memories()].iter().map(|field| {
                let tensor = tensors.remove(&format!("{name}.{field}"))?;
                let count = parameter.shape.iter().product::<usize>();
                let fits = tensor.shape == parameter.shape && tensor.values.len() == count;
                fits.then_some(tensor.values)
            });
            let taken: Option<Vec<_>> = taken.collect();
            let step = match step {
                Some(counter) => counters.get(&format!("{name}.{counter}")).copied(),
                None => Some(1),
            };
            let (Some(memories), Some(step)) = (taken, step) else {
                return Err(name);
            };
            (parameter.step, parameter.memories) = (step, Some(memories));
        }
        Ok(())
    }
}

fn rule(config: &OptimizerConfig) -> (UpdateRule, RuleNames) {
    let adam = RuleNames {
        memories: &["momentum.moment_1", "momentum.moment_2"],
        step: Some("momentum.time"),
    };
    match *config {
        OptimizerConfig::Adam(settings) => (
            UpdateRule::Adam {
                beta_1: settings.beta_1,
                beta_2: settings.beta_2,
                epsilon: settings.epsilon,
                weight_decay: 0.0,
            },
            adam,
        ),
        OptimizerConfig::AdamW(settings) => (
            UpdateRule::Adam {
                beta_1: settings.beta_1,
                beta_2: settings.beta_2,
                epsilon: settings.epsilon,
                weight_decay: settings.weight_decay,
            },
            adam,
        ),
        OptimizerConfig::RmsProp(settings) => (
            UpdateRule::RmsProp {
                rho: settings.rho,
                momentum: settings.momentum,
                epsilon: settings.epsilon,
                epsilon_in_root: settings.form == RmsPropForm::Keras,
            },
            RuleNames {
                memories: &["mean_square", "velocity"],
                step: None,
            },
        ),
        OptimizerConfig::Sgd(settings) => (
            UpdateRule::Sgd {
                momentum: settings.momentum,
                nesterov: settings.nesterov,
                weight_decay: settings.weight_decay,
            },
            RuleNames {
                memories: &["momentum.velocity"],
                step: None,
            },
        ),
    }
}

struct Gather {
    gradients: GradientsParams,
    pending: Vec<Pending>,
}

impl ModuleVisitor for Gather {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return;
        };
        let weights = param.val().inner();
        let device = weights.device();
        // Nobody else has it, so that its values are taken over, not copied.
        let gradient = gradient.into_data().try_into_vec();
        self.pending.push(Pending {
            id: param.id,
            weights: HostTensor::new(weights).expect("the parameters stay where they were"),
            gradient: gradient.expect("a gradient has its parameter's type"),
            device,
        });
    }
}

struct Replace {
    values: HashMap<ParamId, Vec<f32>>,
}

impl ModuleMapper for Replace {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, weights, mapper) = param.consume();
        let Some(values) = self.values.remove(&id) else {
            return Param::from_mapped_value(id, weights, mapper);
        };
        let device = weights.device().without_autodiff();
        let values = Tensor::from_data(TensorData::new(values, weights.dims()), &device);
        updated(id, &weights, values, mapper)
    }
}
