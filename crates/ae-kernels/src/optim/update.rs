//! Optimisers' updates of parameters that lie in memory: one pass over all of them.
//!
//! Burn's optimisers are a dozen operations on every tensor, each with a tensor of its own for its result. Here each
//! value is read and written once. A value's update takes the same roundings on every instruction set, and the values do
//! not meet, so its bits depend neither on the threads nor on the machine.

use rayon::prelude::*;

use crate::error::{KernelError, check_length};
use crate::simd::lanes::{Isa, with_lanes};

/// Values that one task updates.
const RUN: usize = 1 << 14;
/// Fewer values than these are updated on the caller's thread: waking another takes as long.
const PARALLEL: usize = 1 << 17;

/// An optimiser's rule with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdateRule {
    /// Adam, with decoupled weight decay if wanted. Keeps two numbers a value, the running means of the gradient and of
    /// its square.
    ///
    /// # References
    /// D. P. Kingma and J. Ba (2015), *Adam: a method for stochastic optimization*, algorithm 1. I. Loshchilov and F.
    /// Hutter (2019), *Decoupled weight decay regularization*, algorithm 2.
    Adam {
        /// Decay of the gradients' running mean.
        beta_1: f64,
        /// Decay of the squared gradients' running mean.
        beta_2: f64,
        /// Added to the root of the squared gradients' mean, after its bias correction.
        epsilon: f64,
        /// The share of a value that is taken off per step, times the learning rate.
        weight_decay: f64,
    },
    /// RMSProp. Keeps the running mean of the squared gradient and, with momentum, the last update.
    ///
    /// # References
    /// T. Tieleman and G. Hinton (2012), *Lecture 6.5: RMSProp*, COURSERA: Neural Networks for Machine Learning.
    RmsProp {
        /// Decay of the squared gradients' running mean.
        rho: f64,
        /// Share of the last update that is kept.
        momentum: f64,
        /// Keeps the division away from 0.
        epsilon: f64,
        /// Whether epsilon stands under the root, where Keras has it; the last update is then kept with its learning
        /// rate. PyTorch adds it to the root and keeps the update without.
        epsilon_in_root: bool,
    },
    /// Stochastic gradient descent without dampening. Keeps the last update, if there is momentum.
    Sgd {
        /// Share of the last update that is kept.
        momentum: f64,
        /// Whether the gradient is taken where the momentum leads.
        nesterov: bool,
        /// The share of a value that is added to its gradient.
        weight_decay: f64,
    },
}

impl UpdateRule {
    /// Numbers that the rule remembers of each value, 0 to 2.
    pub fn memories(&self) -> usize {
        match *self {
            Self::Adam { .. } => 2,
            Self::RmsProp { momentum, .. } => 1 + usize::from(momentum > 0.0),
            Self::Sgd { momentum, .. } => usize::from(momentum > 0.0),
        }
    }
}

/// A parameter at a step.
#[derive(Debug)]
pub struct Parameter<'a> {
    /// The values before the step.
    pub values: &'a [f32],
    /// Their gradient, in whose place [`update`] leaves the values after the step: a step needs no room of its own, and
    /// whoever has the values before it keeps them.
    pub gradient: &'a mut [f32],
    /// What the rule remembers: [`UpdateRule::memories`] slices as long as `values`, zeros before the first step.
    pub memories: Vec<&'a mut [f32]>,
    /// Steps that the parameter has taken, this one included.
    pub step: u64,
}

/// The Euclidean norm of all gradients taken together.
///
/// The same bits for any number of threads.
pub fn gradient_norm(gradients: &[&[f32]]) -> f64 {
    let isa = Isa::detect();
    let values = gradients.iter().map(|gradient| gradient.len()).sum();
    let runs: Vec<&[f32]> = gradients
        .iter()
        .flat_map(|gradient| gradient.chunks(RUN))
        .collect();
    let sums: Vec<f64> = if is_worth_threads(values) {
        runs.par_iter()
            .map(|run| sum_of_squares(isa, run))
            .collect()
    } else {
        runs.iter().map(|run| sum_of_squares(isa, run)).collect()
    };
    sums.iter().sum::<f64>().sqrt()
}

/// Takes a step of all parameters by their gradients, each multiplied by `gradient_factor` first, and leaves the updated
/// values in the gradients' places; the values before the step stay as they were.
///
/// The same bits for any number of threads.
///
/// # Errors
/// When a gradient or a memory is not as long as its values, or there are not as many memories as the rule has.
pub fn update(
    rule: UpdateRule,
    learning_rate: f64,
    gradient_factor: f32,
    parameters: Vec<Parameter<'_>>,
) -> Result<(), KernelError> {
    let isa = Isa::detect();
    let mut runs = Vec::new();
    let mut values = 0;
    for parameter in parameters {
        values += parameter.values.len();
        let coefficients = Coefficients::new(rule, learning_rate, parameter.step);
        cut(parameter, rule.memories(), coefficients, &mut runs)?;
    }
    if is_worth_threads(values) {
        runs.into_par_iter()
            .for_each(|run| run.update(isa, gradient_factor));
    } else {
        runs.into_iter()
            .for_each(|run| run.update(isa, gradient_factor));
    }
    Ok(())
}

fn is_worth_threads(values: usize) -> bool {
    values >= PARALLEL && rayon::current_num_threads() > 1
}

/// Values that are updated together.
struct Run<'a> {
    values: &'a [f32],
    gradient: &'a mut [f32],
    /// As long as `values`, or empty.
    memories: [&'a mut [f32]; 2],
    coefficients: Coefficients,
}

/// Cuts a parameter into runs.
fn cut<'a>(
    parameter: Parameter<'a>,
    memories: usize,
    coefficients: Coefficients,
    runs: &mut Vec<Run<'a>>,
) -> Result<(), KernelError> {
    let Parameter {
        values,
        gradient,
        memories: remembered,
        ..
    } = parameter;
    check_length("the gradient", values.len(), gradient.len())?;
    check_length("what the rule remembers", memories, remembered.len())?;
    for memory in &remembered {
        check_length("a memory of the rule", values.len(), memory.len())?;
    }
    let mut remembered = remembered
        .into_iter()
        .map(|memory| memory.chunks_mut(RUN))
        .collect::<Vec<_>>();
    for (values, gradient) in values.chunks(RUN).zip(gradient.chunks_mut(RUN)) {
        let mut next = |index: usize| {
            let memory: Option<&mut std::slice::ChunksMut<'a, f32>> = remembered.get_mut(index);
            memory.and_then(Iterator::next).unwrap_or_default()
        };
        runs.push(Run {
            values,
            gradient,
            memories: [next(0), next(1)],
            coefficients,
        });
    }
    Ok(())
}

/// A rule's numbers at one step, as they are multiplied by.
#[derive(Clone, Copy)]
enum Coefficients {
    Adam {
        /// Of the old means and of the new gradient in them.
        means: [[f32; 2]; 2],
        epsilon: f32,
        /// The learning rate with both bias corrections.
        rate: f32,
        /// What weight decay leaves of a value.
        kept: f32,
    },
    RmsProp {
        mean: [f32; 2],
        momentum: f32,
        epsilon: f32,
        rate: f32,
        epsilon_in_root: bool,
    },
    Sgd {
        momentum: f32,
        nesterov: bool,
        weight_decay: f32,
        rate: f32,
    },
}

impl Coefficients {
    fn new(rule: UpdateRule, learning_rate: f64, step: u64) -> Self {
        let mean = |decay: f64| [decay as f32, (1.0 - decay) as f32];
        match rule {
            UpdateRule::Adam {
                beta_1,
                beta_2,
                epsilon,
                weight_decay,
            } => {
                let step = i32::try_from(step).unwrap_or(i32::MAX);
                let correction = (1.0 - beta_2.powi(step)).sqrt();
                Self::Adam {
                    means: [mean(beta_1), mean(beta_2)],
                    epsilon: (epsilon * correction) as f32,
                    rate: (learning_rate * correction / (1.0 - beta_1.powi(step))) as f32,
                    kept: (1.0 - learning_rate * weight_decay) as f32,
                }
            }
            UpdateRule::RmsProp {
                rho,
                momentum,
                epsilon,
                epsilon_in_root,
            } => Self::RmsProp {
                mean: mean(rho),
                momentum: momentum as f32,
                epsilon: epsilon as f32,
                rate: learning_rate as f32,
                epsilon_in_root,
            },
            UpdateRule::Sgd {
                momentum,
                nesterov,
                weight_decay,
            } => Self::Sgd {
                momentum: momentum as f32,
                nesterov,
                weight_decay: weight_decay as f32,
                rate: learning_rate as f32,
            },
        }
    }
}

impl Run<'_> {
    fn update(self, isa: Isa, factor: f32) {
        let Self {
            values,
            gradient,
            memories: [first, second],
            coefficients,
        } = self;
        match coefficients {
            Coefficients::Adam {
                means: [mean, square],
                epsilon,
                rate,
                kept,
            } => with_lanes!(isa, _lanes => {
                each_with_two(values, gradient, first, second, #[inline(always)] |value, gradient, m, v| {
                    let gradient = gradient * factor;
                    *m = mean[0] * *m + mean[1] * gradient;
                    *v = square[0] * *v + square[1] * (gradient * gradient);
                    value * kept - rate * *m / (v.sqrt() + epsilon)
                });
            }),
            Coefficients::RmsProp {
                mean,
                momentum,
                epsilon,
                rate,
                epsilon_in_root,
            } => {
                // Before or after momentum, as either form has it.
                let (before, after) = if epsilon_in_root {
                    (rate, 1.0)
                } else {
                    (1.0, rate)
                };
                let root = Root {
                    mean,
                    epsilon,
                    epsilon_in_root,
                };
                with_lanes!(isa, _lanes => {
                    if second.is_empty() {
                        each_with_one(values, gradient, first, #[inline(always)] |value, gradient, v| {
                            let gradient = gradient * factor;
                            value - after * (before * gradient / root.update(gradient, v))
                        });
                    } else {
                        each_with_two(values, gradient, first, second, #[inline(always)] |value, gradient, v, last| {
                            let gradient = gradient * factor;
                            *last = momentum * *last + before * gradient / root.update(gradient, v);
                            value - after * *last
                        });
                    }
                });
            }
            Coefficients::Sgd {
                momentum,
                nesterov,
                weight_decay,
                rate,
            } => with_lanes!(isa, _lanes => {
                if first.is_empty() {
                    for (&value, place) in values.iter().zip(gradient) {
                        *place = value - rate * (*place * factor + weight_decay * value);
                    }
                } else {
                    each_with_one(values, gradient, first, #[inline(always)] |value, gradient, last| {
                        let gradient = gradient * factor + weight_decay * value;
                        *last = momentum * *last + gradient;
                        let step = if nesterov { momentum * *last + gradient } else { *last };
                        value - rate * step
                    });
                }
            }),
        }
    }
}

/// RMSProp's denominator.
#[derive(Clone, Copy)]
struct Root {
    mean: [f32; 2],
    epsilon: f32,
    epsilon_in_root: bool,
}

impl Root {
    /// Takes a gradient into the mean square, and gives what it is divided by.
    #[inline(always)]
    fn update(self, gradient: f32, mean_square: &mut f32) -> f32 {
        *mean_square = self.mean[0] * *mean_square + self.mean[1] * (gradient * gradient);
        if self.epsilon_in_root {
            (*mean_square + self.epsilon).sqrt()
        } else {
            mean_square.sqrt() + self.epsilon
        }
    }
}

// What is called within `with_lanes!` counts, for iterators' methods are not always inlined.
#[inline(always)]
fn each_with_one(
    values: &[f32],
    places: &mut [f32],
    memory: &mut [f32],
    step: impl Fn(f32, f32, &mut f32) -> f32,
) {
    let count = values.len();
    let (places, memory) = (&mut places[..count], &mut memory[..count]);
    for i in 0..count {
        places[i] = step(values[i], places[i], &mut memory[i]);
    }
}

#[inline(always)]
fn each_with_two(
    values: &[f32],
    places: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    step: impl Fn(f32, f32, &mut f32, &mut f32) -> f32,
) {
    let count = values.len();
    let (places, first, second) = (
        &mut places[..count],
        &mut first[..count],
        &mut second[..count],
    );
    for i in 0..count {
        places[i] = step(values[i], places[i], &mut first[i], &mut second[i]);
    }
}

/// In double precision, so that nothing overflows; sixteen sums side by side.
fn sum_of_squares(isa: Isa, values: &[f32]) -> f64 {
    with_lanes!(isa, _lanes => {
        let mut sums = [0.0_f64; 16];
        let (sixteens, rest) = values.as_chunks::<16>();
        for sixteen in sixteens {
            for i in 0..16 {
                let value = f64::from(sixteen[i]);
                sums[i] += value * value;
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *sum += f64::from(*value) * f64::from(*value);
        }
        let mut total = 0.0;
        for sum in sums {
            total += sum;
        }
        total
    })
}
