//! The rules of Adam, RMSProp and SGD: their settings, and the step of values that lie in memory.
//!
//! A value's update takes the same roundings on every instruction set.

use crate::simd::{Isa, with_lanes};

/// An optimizer's rule with its settings.
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

/// A rule's numbers at one step, as they are multiplied by.
#[derive(Clone, Copy)]
pub(crate) enum Coefficients {
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
    pub(crate) fn new(rule: UpdateRule, learning_rate: f64, step: u64) -> Self {
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

impl Coefficients {
    /// Takes the step of `values` by their gradient times `factor`, and leaves the updated values in the gradient's place.
    pub(crate) fn update(
        self,
        isa: Isa,
        factor: f32,
        values: &[f32],
        gradient: &mut [f32],
        [first, second]: [&mut [f32]; 2],
    ) {
        match self {
            Self::Adam {
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
            Self::RmsProp {
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
            Self::Sgd {
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
