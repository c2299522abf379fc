//! A plan with its buffers, run over a batch on rayon's pool.
//!
//! The batch is cut into *parts* by its size alone, and each part into groups; a part sums its gradients in the
//! order of its groups, and the parts' sums are added in their order. Threads that are left over help with the
//! matrix products of others' groups, each product by one of them. Which thread does what changes no sum, so the bits
//! are the same for any number of threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::conv::plan::Plan;
use crate::conv::seed::Seed;
use crate::conv::workspace::Workspace;
use crate::error::{KernelError, check_length};
use crate::layout::buffer::{zero_floats, zero_rows};
use crate::layout::prepared::Prepared;
use crate::layout::weights::{Gradients, Weights};
use crate::simd::{Isa, Row};

/// Images that go through the stages together, at most, and bytes that their buffers may take before they get fewer. Forward
/// images are best off in a second cache. Going back, every group passes over the weights and their gradients, and several
/// threads' groups share a third cache.
const FORWARD_IMAGES: usize = 16;
const FORWARD_BYTES: usize = 4 << 20;
const TRAINING_IMAGES: usize = 8;
const TRAINING_BYTES: usize = 16 << 20;
/// Bytes of an image's buffers from which on all threads work on one image at a time: none has as much memory to itself.
const SHARED_BYTES: usize = 32 << 20;
/// Parts of a batch, at most. Each costs a pass over gradients and their transforms, whatever its images.
const PARTS: usize = 4;
/// Fewer images than these are not worth a part of their own, unless their buffers take as many bytes as this.
const PART_IMAGES: usize = 4;
const PART_BYTES: usize = 4 << 20;

/// A stack compiled for one shape of image, with the buffers of earlier passes.
#[derive(Debug)]
pub(crate) struct Engine {
    plan: Plan,
    isa: Isa,
    forward_images: usize,
    training_images: usize,
    /// The fewest images of a part of a batch.
    part_images: usize,
    workspaces: Mutex<Vec<Workspace>>,
    prepared: Mutex<Vec<Vec<Prepared>>>,
    partials: Mutex<Vec<Vec<Row>>>,
}

/// What a part of the batch gives.
struct Partial {
    rows: Vec<Row>,
    loss: f64,
}

impl Engine {
    pub(crate) fn new(plan: Plan, isa: Isa) -> Self {
        let images = |bytes: usize, most| (bytes / plan.bytes_per_image().max(1)).clamp(1, most);
        Self {
            forward_images: images(FORWARD_BYTES, FORWARD_IMAGES),
            training_images: images(TRAINING_BYTES, TRAINING_IMAGES),
            part_images: images(PART_BYTES, PART_IMAGES),
            plan,
            isa,
            workspaces: Mutex::default(),
            prepared: Mutex::default(),
            partials: Mutex::default(),
        }
    }

    /// Runs `values` forward.
    pub(crate) fn forward(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
    ) -> Result<Vec<f32>, KernelError> {
        // Into the pool once, not anew for every loop.
        rayon::scope(|_| self.forward_in_pool(values, weights))
    }

    fn forward_in_pool(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
    ) -> Result<Vec<f32>, KernelError> {
        let batch = self.batch(values)?;
        let prepared = self.prepare(weights, None)?;
        let output_values = self.plan.output_values();
        let mut output = zero_floats(
            batch
                .checked_mul(output_values)
                .ok_or(KernelError::Overflow)?,
        )?;
        let threads = rayon::current_num_threads();
        let group = self.forward_images.min(batch.div_ceil(threads)).max(1);
        let run = |(output, values): (&mut [f32], &[f32]), threads| {
            let mut workspace = self.workspace(group, false, threads)?;
            workspace.forward(&self.plan, &prepared, values, output)?;
            self.give_back(workspace);
            Ok::<_, KernelError>(())
        };
        let (output_values, input_values) =
            (group * output_values, group * self.plan.input_values());
        if self.plan.bytes_per_image() >= SHARED_BYTES {
            output
                .chunks_mut(output_values)
                .zip(values.chunks(input_values))
                .try_for_each(|group| run(group, threads))?;
        } else {
            let of_group = threads / batch.div_ceil(group).min(threads);
            output
                .par_chunks_mut(output_values)
                .zip(values.par_chunks(input_values))
                .try_for_each(|group| run(group, of_group))?;
        }
        lock(&self.prepared).push(prepared);
        Ok(output)
    }

    /// Runs `values` forward and back; gives the mean loss, 0 where there is none, and the gradients.
    pub(crate) fn train(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        seed: Seed<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        rayon::scope(|_| self.train_in_pool(values, weights, seed, wants_input))
    }

    fn train_in_pool(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        seed: Seed<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let batch = self.batch(values)?;
        let plan = &self.plan;
        let output_values = batch
            .checked_mul(plan.output_values())
            .ok_or(KernelError::Overflow)?;
        seed.check(output_values)?;
        let part = batch.div_ceil(PARTS).max(self.part_images);
        let prepared = self.prepare(weights, Some(part.min(batch)))?;
        let mut input_gradient = if wants_input {
            Some(zero_floats(values.len())?)
        } else {
            None
        };
        let mut partials = {
            let inputs = values.par_chunks(part * plan.input_values()).enumerate();
            let scale = (output_values as f64).recip() as f32;
            let run = |(index, values): (usize, &[f32]), gradient: Option<&mut [f32]>| {
                self.train_part(&prepared, values, index * part, (seed, scale), gradient)
            };
            match &mut input_gradient {
                Some(gradient) => inputs
                    .zip(gradient.par_chunks_mut(part * plan.input_values()))
                    .map(|(input, gradient)| run(input, Some(gradient)))
                    .collect::<Result<Vec<_>, KernelError>>()?,
                None => inputs
                    .map(|input| run(input, None))
                    .collect::<Result<Vec<_>, _>>()?,
            }
        };
        lock(&self.prepared).push(prepared);
        let loss = partials.iter().map(|partial| partial.loss).sum::<f64>() / output_values as f64;
        let (first, rest) = partials.split_first_mut().ok_or(KernelError::EmptyBatch)?;
        add_in_order(&mut first.rows, rest);
        let weights = self.read_gradients(&first.rows)?;
        lock(&self.partials).extend(partials.into_iter().map(|partial| partial.rows));
        Ok((
            loss,
            Gradients {
                input: input_gradient,
                weights,
            },
        ))
    }

    /// Trains on the part of the batch that begins with image `first`; the loss is multiplied by what comes with the seed.
    fn train_part(
        &self,
        prepared: &[Prepared],
        values: &[f32],
        first: usize,
        (seed, scale): (Seed<'_>, f32),
        mut input_gradient: Option<&mut [f32]>,
    ) -> Result<Partial, KernelError> {
        let plan = &self.plan;
        let mut rows = match lock(&self.partials).pop() {
            Some(mut rows) => {
                for step in &plan.steps {
                    step.clear_gradients(&mut rows);
                }
                rows
            }
            None => zero_rows(plan.gradient_rows)?,
        };
        let mut loss = 0.0;
        let images = values.len() / plan.input_values();
        // As many groups as there have to be, and nearly equal ones.
        let group_images = images.div_ceil(images.div_ceil(self.training_images));
        let group_inputs = group_images * plan.input_values();
        let mut output = zero_floats(group_images * plan.output_values())?;
        let mut workspace = self.workspace(self.training_images, true, 1)?;
        workspace.begin_part();
        for (group, values) in values.chunks(group_inputs).enumerate() {
            let output = &mut output[..values.len() / plan.input_values() * plan.output_values()];
            workspace.forward(plan, prepared, values, output)?;
            let gradient = workspace.output_gradient(output.len());
            let first = first + group * group_images;
            loss += seed.begin(first, plan.output_values(), output, scale, gradient);
            let input_gradient = input_gradient
                .as_deref_mut()
                .map(|gradient| &mut gradient[group * group_inputs..][..values.len()]);
            workspace.backward(plan, prepared, output, &mut rows, input_gradient);
        }
        workspace.finish_part(plan, &mut rows);
        self.give_back(workspace);
        Ok(Partial { rows, loss })
    }

    /// Checks the length of `values` and gives the number of images.
    fn batch(&self, values: &[f32]) -> Result<usize, KernelError> {
        let one = self.plan.input_values();
        if values.is_empty() {
            return Err(KernelError::EmptyBatch);
        }
        let batch = values.len() / one;
        check_length("the batch", batch.max(1) * one, values.len())?;
        Ok(batch)
    }

    /// Lays out the weights of every stage, for passes forward or for training on parts of some images.
    fn prepare(
        &self,
        weights: &[Weights<'_>],
        training_images: Option<usize>,
    ) -> Result<Vec<Prepared>, KernelError> {
        let steps = &self.plan.steps;
        if weights.len() != steps.len() {
            return Err(KernelError::WeightCount {
                expected: steps.len(),
                found: weights.len(),
            });
        }
        for (index, (step, weights)) in steps.iter().zip(weights).enumerate() {
            check_length(
                &format!("the weight of stage {index}"),
                step.stage.weight_values()?,
                weights.weight.len(),
            )?;
            check_length(
                &format!("the bias of stage {index}"),
                step.stage.bias_values(),
                weights.bias.len(),
            )?;
        }
        let mut prepared = lock(&self.prepared).pop().unwrap_or_default();
        prepared.resize_with(steps.len(), Prepared::default);
        prepared
            .par_iter_mut()
            .zip(steps)
            .zip(weights)
            .try_for_each(|((prepared, step), weights)| {
                let backward = training_images.is_some();
                let on_the_fly = training_images.is_some_and(|images| {
                    images <= self.training_images
                        && step.algorithm.transforms_on_the_fly(&step.geometry, images)
                });
                step.prepare(self.isa, *weights, backward, on_the_fly, prepared)
            })?;
        Ok(prepared)
    }

    fn read_gradients(&self, rows: &[Row]) -> Result<Vec<(Vec<f32>, Vec<f32>)>, KernelError> {
        self.plan
            .steps
            .par_iter()
            .map(|step| {
                let mut weight = zero_floats(step.stage.weight_values()?)?;
                let mut bias = zero_floats(step.stage.bias_values())?;
                step.read_gradients(rows, &mut weight, &mut bias)?;
                Ok((weight, bias))
            })
            .collect()
    }

    /// Buffers for groups of `images` images, used ones if there are any; a forward pass is shared out to `threads` threads.
    fn workspace(
        &self,
        images: usize,
        training: bool,
        threads: usize,
    ) -> Result<Workspace, KernelError> {
        let mut kept = lock(&self.workspaces);
        let fits = |w: &Workspace| {
            w.images >= images && w.is_for_training() >= training && w.threads() >= threads
        };
        if let Some(index) = kept.iter().position(fits) {
            return Ok(kept.swap_remove(index));
        }
        // None of those kept will do; they would only take up memory.
        kept.clear();
        drop(kept);
        Workspace::new(&self.plan, self.isa, images, training, threads)
    }

    fn give_back(&self, workspace: Workspace) {
        let mut kept = lock(&self.workspaces);
        if kept.len() < rayon::current_num_threads() {
            kept.push(workspace);
        }
    }
}

/// A poisoned lock guards buffers only; whoever panicked took theirs along.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the rows of `rest`, first to last, to `sum`.
fn add_in_order(sum: &mut [Row], rest: &[Partial]) {
    const RUN: usize = 512;
    if rest.is_empty() {
        return;
    }
    sum.par_chunks_mut(RUN).enumerate().for_each(|(run, sum)| {
        for partial in rest {
            let rows = &partial.rows[run * RUN..][..sum.len()];
            for (sum, row) in sum.iter_mut().zip(rows) {
                for (sum, value) in sum.0.iter_mut().zip(&row.0) {
                    *sum += value;
                }
            }
        }
    });
}
