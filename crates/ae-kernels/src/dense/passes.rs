//! Passes of a batch through layers, with weights that were checked.
//!
//! The batch is cut into parts by its size alone, and each part goes through all layers and back; then the weights'
//! gradients are computed. No sum depends on the threads.

use rayon::prelude::*;

use crate::dense::layer::{self, DenseLayer};
use crate::dense::parts::{Activations, LayerOutputs, Outputs, Pool, Rows, cut, floats, part_rows};
use crate::dense::weight_gradients;
use crate::error::{KernelError, check_length};
use crate::layout::buffer::zero_floats;
use crate::layout::weights::{Gradients, Weights};
use crate::loss::Objective;
use crate::simd::Isa;

/// Passes of fewer multiplications than these stay on the caller's thread: waking another takes as long.
const PARALLEL: usize = 1 << 22;

/// Layers with the weights of a pass, of which each layer has its own.
#[derive(Clone, Copy)]
pub(crate) struct Passes<'a> {
    pub(crate) layers: &'a [DenseLayer],
    pub(crate) weights: &'a [Weights<'a>],
    pub(crate) isa: Isa,
    pub(crate) pool: &'a Pool,
}

/// Some rows of a batch with their places in all buffers.
struct Part<'a> {
    values: &'a [f32],
    objective: Objective<'a>,
    outputs: Outputs<'a>,
    /// Of the loss by each layer's sums, before the activation.
    sums: Vec<&'a mut [f32]>,
    input_gradient: Option<&'a mut [f32]>,
}

impl Passes<'_> {
    /// Runs rows forward.
    pub(crate) fn infer(&self, values: &[f32]) -> Result<Vec<f32>, KernelError> {
        let batch = self.batch(values);
        let mut output = floats(batch, self.outputs())?;
        let rows = part_rows(batch);
        let run = |(values, output): (&[f32], &mut [f32])| self.infer_part(values, output);
        let (inputs, outputs) = (rows * self.inputs(), rows * self.outputs());
        if self.is_worth_threads(batch) {
            values
                .par_chunks(inputs)
                .zip(output.par_chunks_mut(outputs))
                .try_for_each(run)?;
        } else {
            values
                .chunks(inputs)
                .zip(output.chunks_mut(outputs))
                .try_for_each(run)?;
        }
        Ok(output)
    }

    /// Runs rows forward, keeping what every layer gave.
    pub(crate) fn infer_keeping(
        &self,
        values: &[f32],
    ) -> Result<(Vec<f32>, Activations), KernelError> {
        let batch = self.batch(values);
        let mut output = floats(batch, self.outputs())?;
        let mut kept = self.pool.take(batch, self.layers)?;
        let parts = self.cut_values(values).zip(cut(&mut kept, self.layers));
        let run = |(values, mut outputs): (&[f32], Vec<&mut [f32]>)| {
            self.forward_part(values, &mut outputs);
        };
        if self.is_worth_threads(batch) {
            parts.collect::<Vec<_>>().into_par_iter().for_each(run);
        } else {
            parts.for_each(run);
        }
        output.copy_from_slice(kept.of_last());
        Ok((output, Activations::new(kept, self.pool.clone())))
    }

    /// A training pass, without its forward pass where that was `kept`.
    pub(crate) fn train(
        &self,
        values: &[f32],
        kept: Option<&Rows>,
        objective: Objective<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let run = || self.train_here(values, kept, objective, wants_input);
        if self.is_worth_threads(self.batch(values)) {
            // Into the pool once, not anew for every loop.
            rayon::scope(|_| run())
        } else {
            run()
        }
    }

    /// The pass of [`Passes::train`], in the pool or not.
    fn train_here(
        &self,
        values: &[f32],
        kept: Option<&Rows>,
        objective: Objective<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let batch = self.batch(values);
        let (what, given) = objective.given();
        check_length(what, batch * self.outputs(), given.len())?;
        let mut input_gradient = match wants_input {
            true => Some(floats(batch, self.inputs())?),
            false => None,
        };
        let mut outputs = match kept {
            Some(kept) => {
                kept.check(batch, self.layers)?;
                LayerOutputs::Kept(kept)
            }
            None => LayerOutputs::Anew(self.pool.take(batch, self.layers)?),
        };
        let mut sums = self.pool.take(batch, self.layers)?;
        let in_parallel = self.is_worth_threads(batch);

        let rows = part_rows(batch);
        let mut parts: Vec<Part<'_>> = self
            .cut_values(values)
            .zip(given.chunks(rows * self.outputs()))
            .zip(outputs.parts(self.layers))
            .zip(cut(&mut sums, self.layers))
            .map(|(((values, given), outputs), sums)| Part {
                values,
                objective: objective.with(given),
                outputs,
                sums,
                input_gradient: None,
            })
            .collect();
        if let Some(gradient) = &mut input_gradient {
            let chunks = gradient.chunks_mut(rows * self.inputs());
            for (part, gradient) in parts.iter_mut().zip(chunks) {
                part.input_gradient = Some(gradient);
            }
        }
        let scale = (given.len() as f64).recip();
        let run = |part: Part<'_>| self.train_part(part, scale as f32);
        let (losses, gradients): (Vec<f64>, _) = if in_parallel {
            // To clear the gradients' memory takes a twentieth of a step where the others wait for it.
            rayon::join(
                || parts.into_par_iter().map(run).collect(),
                || self.zero_gradients(),
            )
        } else {
            (parts.into_iter().map(run).collect(), self.zero_gradients())
        };
        let loss = losses.iter().sum::<f64>() * scale;
        let mut gradients = gradients?;
        let tasks =
            weight_gradients::tasks(self.layers, values, outputs.rows(), &sums, &mut gradients);
        if in_parallel {
            tasks.into_par_iter().for_each(|task| task.run(self.isa));
        } else {
            tasks.into_iter().for_each(|task| task.run(self.isa));
        }
        self.pool.give(sums);
        if let LayerOutputs::Anew(rows) = outputs {
            self.pool.give(rows);
        }
        Ok((
            loss,
            Gradients {
                input: input_gradient,
                weights: gradients,
            },
        ))
    }

    /// Room for the gradient of every weight and bias.
    fn zero_gradients(&self) -> Result<Vec<(Vec<f32>, Vec<f32>)>, KernelError> {
        self.layers
            .iter()
            .map(|layer| {
                Ok((
                    floats(layer.inputs, layer.outputs)?,
                    zero_floats(layer.outputs)?,
                ))
            })
            .collect()
    }

    /// The rows of each part of a batch.
    fn cut_values<'a>(&self, values: &'a [f32]) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let inputs = self.inputs();
        values.chunks(part_rows(values.len() / inputs) * inputs)
    }

    fn infer_part(&self, values: &[f32], output: &mut [f32]) -> Result<(), KernelError> {
        let rows = values.len() / self.inputs();
        let (last, hidden) = self.layers.split_last().expect("a stack has layers");
        let mut x: Option<Vec<f32>> = None;
        for (layer, weights) in hidden.iter().zip(self.weights) {
            let mut y = floats(rows, layer.outputs)?;
            layer::forward(
                self.isa,
                layer,
                *weights,
                x.as_deref().unwrap_or(values),
                &mut y,
            );
            x = Some(y);
        }
        let weights = self.weights[hidden.len()];
        layer::forward(
            self.isa,
            last,
            weights,
            x.as_deref().unwrap_or(values),
            output,
        );
        Ok(())
    }

    /// Runs a part forward; `outputs` has a place for each layer's.
    fn forward_part(&self, values: &[f32], outputs: &mut [&mut [f32]]) {
        let mut x: &[f32] = values;
        for ((layer, weights), output) in self.layers.iter().zip(self.weights).zip(outputs) {
            layer::forward(self.isa, layer, *weights, x, output);
            x = output;
        }
    }

    /// Runs a part forward, if it was not, and back to the sums of every layer; gives the sum of its loss.
    fn train_part(&self, part: Part<'_>, scale: f32) -> f64 {
        let Part {
            values,
            objective,
            outputs,
            sums,
            input_gradient,
        } = part;
        let outputs: Vec<&[f32]> = match outputs {
            Outputs::Kept(outputs) => outputs,
            Outputs::Anew(mut outputs) => {
                self.forward_part(values, &mut outputs);
                outputs.into_iter().map(|output| &*output).collect()
            }
        };
        let mut loss = 0.0;
        let rows = values.len() / self.inputs();
        let mut after: Option<(&DenseLayer, Weights<'_>, &[f32])> = None;
        for (((layer, weights), output), gradient) in self
            .layers
            .iter()
            .zip(self.weights)
            .zip(outputs)
            .zip(sums)
            .rev()
        {
            match (after, objective) {
                (Some((next, weights, sums)), _) => {
                    layer::back(next, weights, rows, sums, gradient)
                }
                (None, Objective::Given(given)) => gradient.copy_from_slice(given),
                (None, Objective::Loss(kind, target)) => {
                    loss = kind.sum(output, target, scale, gradient);
                }
            }
            layer::derive(self.isa, layer.activation, output, gradient);
            after = Some((layer, *weights, gradient));
        }
        if let (Some(input_gradient), Some((first, weights, sums))) = (input_gradient, after) {
            layer::back(first, weights, rows, sums, input_gradient);
        }
        loss
    }

    fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    fn batch(&self, values: &[f32]) -> usize {
        values.len() / self.inputs()
    }

    fn is_worth_threads(&self, batch: usize) -> bool {
        let weights: usize = self.layers.iter().map(|l| l.inputs * l.outputs).sum();
        batch.saturating_mul(weights) >= PARALLEL && rayon::current_num_threads() > 1
    }
}
