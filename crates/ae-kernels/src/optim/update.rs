//! Optimizers' updates of parameters that lie in memory: one pass over all of them.
//!
//! Burn's optimizers are a dozen operations on every tensor, each with a tensor of its own for its result. Here each
//! value is read and written once. A value's update takes the same roundings on every instruction set, and the values do
//! not meet, so its bits depend neither on the threads nor on the machine.

use rayon::prelude::*;

use crate::error::{KernelError, check_length};
use crate::optim::rule::{Coefficients, UpdateRule};
use crate::simd::{Isa, with_lanes};

/// Values that one task updates.
const RUN: usize = 1 << 14;
/// Fewer values than these are updated on the caller's thread: waking another takes as long.
const PARALLEL: usize = 1 << 17;

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

impl Run<'_> {
    fn update(self, isa: Isa, factor: f32) {
        self.coefficients
            .update(isa, factor, self.values, self.gradient, self.memories);
    }
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
