//! Fully connected layers in a row: forward, backward and training passes on slices.
//!
//! The matrix products are the crate faer's; what is between them is done here while the rows are in cache. The batch is
//! cut into parts by its size alone, and each part goes through all layers and back; then the weights' gradients, which
//! sum over the whole batch, are computed block by block of their rows. No sum depends on the threads.

use std::sync::{Arc, Mutex, PoisonError};

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::conv::engine::Gradients;
use crate::conv::epilogue;
use crate::conv::stage::Activation;
use crate::error::{KernelError, check_length};
use crate::layout::buffer::zero_floats;
use crate::layout::weights::Weights;
use crate::loss::Loss;
use crate::simd::lanes::{Isa, with_lanes};

/// Parts of a batch: as many threads can work on it.
const PARTS: usize = 8;
/// Fewer rows than these are not worth a part of their own.
const PART_ROWS: usize = 32;
/// Values of a weight's gradient that one task computes, about.
const BLOCK_VALUES: usize = 1 << 15;
/// Most buffers that wait for another pass: those of one pass, and of a graph that was not differentiated.
const POOLED: usize = 4;
/// Passes of fewer multiplications than these stay on the caller's thread: waking another takes as long.
const PARALLEL: usize = 1 << 22;

/// A fully connected layer and its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenseLayer {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out.
    pub outputs: usize,
    /// What is done to the sums.
    pub activation: Activation,
    /// How the weight lies.
    pub order: WeightOrder,
}

/// Which axis of a dense layer's weight comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightOrder {
    /// `[inputs, outputs]`, as Burn has it.
    #[default]
    InputsFirst,
    /// `[outputs, inputs]`, as PyTorch has it, and as the weight of a layer the other way round lies.
    OutputsFirst,
}

impl DenseLayer {
    /// A layer whose weight lies as Burn's.
    pub fn new(inputs: usize, outputs: usize, activation: Activation) -> Self {
        Self {
            inputs,
            outputs,
            activation,
            order: WeightOrder::InputsFirst,
        }
    }

    /// The weight's axes as it lies.
    pub fn weight_shape(&self) -> [usize; 2] {
        match self.order {
            WeightOrder::InputsFirst => [self.inputs, self.outputs],
            WeightOrder::OutputsFirst => [self.outputs, self.inputs],
        }
    }

    /// The weight as a matrix of inputs by outputs.
    fn matrix<'a>(&self, weight: &'a [f32]) -> MatRef<'a, f32> {
        match self.order {
            WeightOrder::InputsFirst => {
                MatRef::from_row_major_slice(weight, self.inputs, self.outputs)
            }
            WeightOrder::OutputsFirst => {
                MatRef::from_column_major_slice(weight, self.inputs, self.outputs)
            }
        }
    }
}

/// Dense layers, each of which takes what the one before gives.
///
/// Cloning is cheap. Passes run on rayon's current pool and give the same bits for any number of threads.
#[derive(Clone, Debug)]
pub struct DenseStack {
    layers: Arc<[DenseLayer]>,
    isa: Isa,
    #[cfg_attr(
        not(any(feature = "flex", feature = "ndarray")),
        expect(dead_code, reason = "only the CPU's backends have a choice")
    )]
    /// Whether tensors take Burn's operations in place of these passes.
    by_operations: bool,
    pool: Pool,
}

/// Where a pass back begins.
#[derive(Clone, Copy)]
enum Objective<'a> {
    /// A given gradient of the output.
    Given(&'a [f32]),
    /// The gradient of a loss against these targets.
    Loss(Loss, &'a [f32]),
}

impl DenseStack {
    /// A stack of `layers`.
    ///
    /// # Errors
    /// When there are none, when one has no inputs or outputs or a slope that is not in `[0, 1]`, or when two do not
    /// fit.
    pub fn new(layers: Vec<DenseLayer>) -> Result<Self, KernelError> {
        check(&layers)?;
        Ok(Self {
            layers: layers.into(),
            isa: Isa::detect(),
            by_operations: false,
            pool: Pool::default(),
        })
    }

    /// The same stack, which on tensors takes Burn's own operations on every backend, to compare its passes with.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn by_operations(&self) -> Self {
        Self {
            by_operations: true,
            ..self.clone()
        }
    }

    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub(crate) fn is_by_operations(&self) -> bool {
        self.by_operations
    }

    /// The first `layers` layers and the rest, if there is a rest.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    pub(crate) fn cut(&self, layers: usize) -> Option<(Self, Self)> {
        if self.layers.len() <= layers {
            return None;
        }
        let (head, tail) = self.layers.split_at(layers);
        let part = |layers: &[DenseLayer]| Self {
            layers: layers.into(),
            pool: Pool::default(),
            ..self.clone()
        };
        Some((part(head), part(tail)))
    }

    /// Its layers.
    pub fn layers(&self) -> &[DenseLayer] {
        &self.layers
    }

    /// Numbers that one row goes in with.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Numbers that come out of one row.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Runs rows forward.
    ///
    /// # Shapes
    /// - `values`: `[batch, inputs]`, the last axis fastest
    /// - output: `[batch, outputs]`
    ///
    /// # Errors
    /// When a length does not fit, the batch is empty, or there is no memory for the buffers.
    pub fn infer(&self, values: &[f32], weights: &[Weights<'_>]) -> Result<Vec<f32>, KernelError> {
        let batch = self.batch(values, weights)?;
        let mut output = floats(batch, self.outputs())?;
        let rows = part_rows(batch);
        let run = |(values, output): (&[f32], &mut [f32])| self.infer_part(values, weights, output);
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

    /// [`DenseStack::infer`], keeping what [`DenseStack::differentiate`] would compute once more.
    ///
    /// # Errors
    /// As [`DenseStack::infer`].
    pub fn infer_keeping(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
    ) -> Result<(Vec<f32>, Activations), KernelError> {
        let batch = self.batch(values, weights)?;
        let mut output = floats(batch, self.outputs())?;
        let mut kept = self.pool.take(batch, &self.layers)?;
        let parts = self.cut_values(values).zip(cut(&mut kept, &self.layers));
        let run = |(values, mut outputs): (&[f32], Vec<&mut [f32]>)| {
            self.forward_part(values, weights, &mut outputs);
        };
        if self.is_worth_threads(batch) {
            parts.collect::<Vec<_>>().into_par_iter().for_each(run);
        } else {
            parts.for_each(run);
        }
        output.copy_from_slice(kept.of_last());
        let pool = self.pool.clone();
        Ok((output, Activations { kept, pool }))
    }

    /// Runs rows forward, and the gradient of the output back to the weights and, if it is wanted, the input.
    ///
    /// # Errors
    /// As [`DenseStack::infer`].
    pub fn differentiate(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        output_gradient: &[f32],
        wants_input: bool,
    ) -> Result<Gradients, KernelError> {
        let objective = Objective::Given(output_gradient);
        Ok(self.run(values, weights, None, objective, wants_input)?.1)
    }

    /// [`DenseStack::differentiate`] without its way forward, which [`DenseStack::infer_keeping`] went with the same
    /// values and weights; the same bits.
    ///
    /// # Errors
    /// As [`DenseStack::infer`], and when the activations are those of other widths or of another number of rows. That they
    /// are of these values, weights and activation functions is not checked.
    pub fn differentiate_kept(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        activations: &Activations,
        output_gradient: &[f32],
        wants_input: bool,
    ) -> Result<Gradients, KernelError> {
        let kept = Some(&activations.kept);
        let objective = Objective::Given(output_gradient);
        Ok(self.run(values, weights, kept, objective, wants_input)?.1)
    }

    /// The mean loss of the outputs against `target` and its gradients, in one pass.
    ///
    /// # Errors
    /// As [`DenseStack::infer`].
    pub fn train(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        target: &[f32],
        loss: Loss,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let objective = Objective::Loss(loss, target);
        self.run(values, weights, None, objective, wants_input)
    }

    fn is_worth_threads(&self, batch: usize) -> bool {
        let weights: usize = self.layers.iter().map(|l| l.inputs * l.outputs).sum();
        batch.saturating_mul(weights) >= PARALLEL && rayon::current_num_threads() > 1
    }

    /// Checks all lengths and gives the number of rows.
    fn batch(&self, values: &[f32], weights: &[Weights<'_>]) -> Result<usize, KernelError> {
        if values.is_empty() {
            return Err(KernelError::EmptyBatch);
        }
        let batch = values.len() / self.inputs();
        check_length("the batch", batch * self.inputs(), values.len())?;
        let (expected, found) = (self.layers.len(), weights.len());
        if expected != found {
            return Err(KernelError::WeightCount { expected, found });
        }
        for (index, (layer, weights)) in self.layers.iter().zip(weights).enumerate() {
            let count = layer.inputs * layer.outputs;
            check_length(
                &format!("the weight of layer {index}"),
                count,
                weights.weight.len(),
            )?;
            check_length(
                &format!("the bias of layer {index}"),
                layer.outputs,
                weights.bias.len(),
            )?;
        }
        Ok(batch)
    }

    fn infer_part(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        output: &mut [f32],
    ) -> Result<(), KernelError> {
        let rows = values.len() / self.inputs();
        let (last, hidden) = self.layers.split_last().expect("a stack has layers");
        let mut x: Option<Vec<f32>> = None;
        for (layer, weights) in hidden.iter().zip(weights) {
            let mut y = floats(rows, layer.outputs)?;
            forward(
                self.isa,
                layer,
                *weights,
                x.as_deref().unwrap_or(values),
                &mut y,
            );
            x = Some(y);
        }
        let weights = weights[hidden.len()];
        forward(
            self.isa,
            last,
            weights,
            x.as_deref().unwrap_or(values),
            output,
        );
        Ok(())
    }

    /// A training pass, without its way forward where that was `kept`.
    fn run(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
        kept: Option<&Rows>,
        objective: Objective<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let batch = self.batch(values, weights)?;
        let run = || self.run_here(batch, values, weights, kept, objective, wants_input);
        if self.is_worth_threads(batch) {
            // Into the pool once, not anew for every loop.
            rayon::scope(|_| run())
        } else {
            run()
        }
    }

    /// The pass of [`DenseStack::run`] over `batch` rows, in the pool or not.
    fn run_here(
        &self,
        batch: usize,
        values: &[f32],
        weights: &[Weights<'_>],
        kept: Option<&Rows>,
        objective: Objective<'_>,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        let (what, given) = match objective {
            Objective::Given(gradient) => ("the output's gradient", gradient),
            Objective::Loss(_, target) => ("the target", target),
        };
        check_length(what, batch * self.outputs(), given.len())?;
        let mut input_gradient = match wants_input {
            true => Some(floats(batch, self.inputs())?),
            false => None,
        };
        let mut outputs = match kept {
            Some(kept) => {
                kept.check(batch, &self.layers)?;
                LayerOutputs::Kept(kept)
            }
            None => LayerOutputs::Anew(self.pool.take(batch, &self.layers)?),
        };
        let mut sums = self.pool.take(batch, &self.layers)?;
        let in_parallel = self.is_worth_threads(batch);

        let rows = part_rows(batch);
        let mut parts: Vec<Part<'_>> = self
            .cut_values(values)
            .zip(given.chunks(rows * self.outputs()))
            .zip(outputs.parts(&self.layers))
            .zip(cut(&mut sums, &self.layers))
            .map(|(((values, given), outputs), sums)| Part {
                values,
                objective: match objective {
                    Objective::Given(_) => Objective::Given(given),
                    Objective::Loss(loss, _) => Objective::Loss(loss, given),
                },
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
        let run = |part: Part<'_>| self.train_part(part, weights, scale as f32);
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
        let tasks = self.weight_tasks(values, outputs.rows(), &sums, &mut gradients);
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

    /// Runs a part forward; `outputs` has a place for each layer's.
    fn forward_part(&self, values: &[f32], weights: &[Weights<'_>], outputs: &mut [&mut [f32]]) {
        let mut x: &[f32] = values;
        for ((layer, weights), output) in self.layers.iter().zip(weights).zip(outputs) {
            forward(self.isa, layer, *weights, x, output);
            x = output;
        }
    }

    /// Runs a part forward, if it was not, and back to the sums of every layer; gives the sum of its loss.
    fn train_part(&self, part: Part<'_>, weights: &[Weights<'_>], scale: f32) -> f64 {
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
                self.forward_part(values, weights, &mut outputs);
                outputs.into_iter().map(|output| &*output).collect()
            }
        };
        let mut loss = 0.0;
        let rows = values.len() / self.inputs();
        let mut after: Option<(&DenseLayer, Weights<'_>, &[f32])> = None;
        for (((layer, weights), output), gradient) in
            self.layers.iter().zip(weights).zip(outputs).zip(sums).rev()
        {
            match (after, objective) {
                (Some((next, weights, sums)), _) => back(next, weights, rows, sums, gradient),
                (None, Objective::Given(given)) => gradient.copy_from_slice(given),
                (None, Objective::Loss(kind, target)) => {
                    loss = kind.sum(output, target, scale, gradient);
                }
            }
            derive(self.isa, layer.activation, output, gradient);
            after = Some((layer, *weights, gradient));
        }
        if let (Some(input_gradient), Some((first, weights, sums))) = (input_gradient, after) {
            back(first, weights, rows, sums, input_gradient);
        }
        loss
    }

    /// The gradients of all weights and biases, cut into tasks.
    fn weight_tasks<'a>(
        &self,
        values: &'a [f32],
        outputs: &'a Rows,
        sums: &'a Rows,
        gradients: &'a mut [(Vec<f32>, Vec<f32>)],
    ) -> Vec<WeightTask<'a>> {
        let batch = sums.batch;
        let mut tasks = Vec::new();
        let mut x = values;
        let rows = outputs.layers.iter().zip(&sums.layers);
        for ((layer, (output, sums)), (weight, bias)) in self.layers.iter().zip(rows).zip(gradients)
        {
            let input = MatRef::from_row_major_slice(x, batch, layer.inputs);
            let gradient = MatRef::from_row_major_slice(sums, batch, layer.outputs);
            let (rows, columns) = match layer.order {
                WeightOrder::InputsFirst => (input, gradient),
                WeightOrder::OutputsFirst => (gradient, input),
            };
            let block = (BLOCK_VALUES / columns.ncols()).clamp(1, rows.ncols());
            // The bias goes with the first block.
            let mut bias = Some((sums.as_slice(), bias.as_mut_slice()));
            for (index, gradient) in weight.chunks_mut(block * columns.ncols()).enumerate() {
                let count = gradient.len() / columns.ncols();
                tasks.push(WeightTask {
                    rows: rows.subcols(index * block, count),
                    columns,
                    gradient,
                    bias: bias.take(),
                });
            }
            x = output;
        }
        tasks
    }
}

/// What a pass forward left in every layer, for the pass back.
#[derive(Debug)]
pub struct Activations {
    kept: Rows,
    pool: Pool,
}

impl Drop for Activations {
    fn drop(&mut self) {
        self.pool.give(std::mem::take(&mut self.kept));
    }
}

/// Numbers of every layer: `[batch, outputs]` each.
#[derive(Debug, Default)]
struct Rows {
    batch: usize,
    layers: Vec<Vec<f32>>,
}

impl Rows {
    fn of_last(&self) -> &[f32] {
        self.layers.last().map_or(&[], Vec::as_slice)
    }

    fn check(&self, batch: usize, layers: &[DenseLayer]) -> Result<(), KernelError> {
        check_length("the activations' layers", layers.len(), self.layers.len())?;
        for (layer, values) in layers.iter().zip(&self.layers) {
            check_length("the activations", batch * layer.outputs, values.len())?;
        }
        Ok(())
    }
}

/// What comes out of each layer, computed before or to be computed.
enum LayerOutputs<'a> {
    Kept(&'a Rows),
    Anew(Rows),
}

impl LayerOutputs<'_> {
    fn parts(&mut self, layers: &[DenseLayer]) -> Vec<Outputs<'_>> {
        match self {
            Self::Anew(rows) => cut(rows, layers).into_iter().map(Outputs::Anew).collect(),
            Self::Kept(kept) => {
                let rows = part_rows(kept.batch);
                let layers = kept.layers.iter().zip(layers);
                let chunks = layers.map(|(values, layer)| values.chunks(rows * layer.outputs));
                let parts = by_part(chunks);
                parts.into_iter().map(Outputs::Kept).collect()
            }
        }
    }

    fn rows(&self) -> &Rows {
        match self {
            Self::Kept(rows) => rows,
            Self::Anew(rows) => rows,
        }
    }
}

/// Buffers of passes gone by.
#[derive(Clone, Debug, Default)]
struct Pool(Arc<Mutex<Vec<Rows>>>);

impl Pool {
    /// Buffers for a batch, of an earlier pass if there are some of this size.
    fn take(&self, batch: usize, layers: &[DenseLayer]) -> Result<Rows, KernelError> {
        let mut pooled = self.lock();
        if let Some(at) = pooled.iter().position(|rows| rows.batch == batch) {
            return Ok(pooled.swap_remove(at));
        }
        // None of those in it will do; they would only take up memory.
        pooled.clear();
        drop(pooled);
        let layers = layers.iter().map(|layer| floats(batch, layer.outputs));
        Ok(Rows {
            batch,
            layers: layers.collect::<Result<_, _>>()?,
        })
    }

    fn give(&self, rows: Rows) {
        let mut pooled = self.lock();
        if pooled.len() < POOLED {
            pooled.push(rows);
        }
    }

    /// A poisoned lock guards buffers only; whoever panicked took theirs along.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// [`LayerOutputs`] of a part.
enum Outputs<'a> {
    Kept(Vec<&'a [f32]>),
    /// Room for it.
    Anew(Vec<&'a mut [f32]>),
}

/// Some rows of a weight's gradient, and perhaps the bias's.
struct WeightTask<'a> {
    /// `[batch, rows of the gradient]`.
    rows: MatRef<'a, f32>,
    /// `[batch, columns of the gradient]`.
    columns: MatRef<'a, f32>,
    gradient: &'a mut [f32],
    bias: Option<(&'a [f32], &'a mut [f32])>,
}

impl WeightTask<'_> {
    fn run(self, isa: Isa) {
        let (rows, columns) = (self.rows.ncols(), self.columns.ncols());
        let gradient = MatMut::from_row_major_slice_mut(self.gradient, rows, columns);
        matmul(
            gradient,
            Accum::Replace,
            self.rows.transpose(),
            self.columns,
            1.0,
            Par::Seq,
        );
        if let Some((sums, bias)) = self.bias {
            with_lanes!(isa, _lanes => {
                for row in sums.chunks_exact(bias.len()) {
                    for i in 0..bias.len() {
                        bias[i] += row[i];
                    }
                }
            });
        }
    }
}

/// Each part's places in all layers of `rows`.
fn cut<'a>(rows: &'a mut Rows, layers: &[DenseLayer]) -> Vec<Vec<&'a mut [f32]>> {
    let count = part_rows(rows.batch);
    by_part(
        rows.layers
            .iter_mut()
            .zip(layers)
            .map(|(values, layer)| values.chunks_mut(count * layer.outputs)),
    )
}

/// Layers of parts as parts of layers.
fn by_part<T>(layers: impl Iterator<Item = impl Iterator<Item = T>>) -> Vec<Vec<T>> {
    let mut parts = Vec::new();
    for layer in layers {
        for (index, part) in layer.enumerate() {
            if parts.len() == index {
                parts.push(Vec::new());
            }
            parts[index].push(part);
        }
    }
    parts
}

/// Rows of a part, by the batch alone.
fn part_rows(batch: usize) -> usize {
    batch.div_ceil(PARTS).max(PART_ROWS)
}

/// `rows` times `columns` zeros.
fn floats(rows: usize, columns: usize) -> Result<Vec<f32>, KernelError> {
    zero_floats(rows.checked_mul(columns).ok_or(KernelError::Overflow)?)
}

/// `y = activation(x W + b)`.
fn forward(isa: Isa, layer: &DenseLayer, weights: Weights<'_>, x: &[f32], y: &mut [f32]) {
    for row in y.chunks_exact_mut(layer.outputs) {
        row.copy_from_slice(weights.bias);
    }
    let rows = y.len() / layer.outputs;
    matmul(
        MatMut::from_row_major_slice_mut(&mut *y, rows, layer.outputs),
        Accum::Add,
        MatRef::from_row_major_slice(x, rows, layer.inputs),
        layer.matrix(weights.weight),
        1.0,
        Par::Seq,
    );
    match layer.activation.slope() {
        // Nothing to do.
        Some(1.0) => {}
        Some(slope) => with_lanes!(isa, _lanes => {
            for value in y {
                *value = if *value <= 0.0 { *value * slope } else { *value };
            }
        }),
        None => epilogue::sigmoid(isa, y),
    }
}

/// The gradient of a layer's input from that of its sums.
fn back(layer: &DenseLayer, weights: Weights<'_>, rows: usize, sums: &[f32], gradient: &mut [f32]) {
    matmul(
        MatMut::from_row_major_slice_mut(gradient, rows, layer.inputs),
        Accum::Replace,
        MatRef::from_row_major_slice(sums, rows, layer.outputs),
        layer.matrix(weights.weight).transpose(),
        1.0,
        Par::Seq,
    );
}

/// Takes the gradient of a layer's output back through its activation, in place.
fn derive(isa: Isa, activation: Activation, output: &[f32], gradient: &mut [f32]) {
    let output = &output[..gradient.len()];
    match activation.slope() {
        Some(1.0) => {}
        Some(slope) => with_lanes!(isa, _lanes => {
            for i in 0..output.len() {
                gradient[i] = if output[i] > 0.0 { gradient[i] } else { gradient[i] * slope };
            }
        }),
        None => with_lanes!(isa, _lanes => {
            for i in 0..output.len() {
                gradient[i] *= output[i] * (1.0 - output[i]);
            }
        }),
    }
}

fn check(layers: &[DenseLayer]) -> Result<(), KernelError> {
    if layers.is_empty() {
        return Err(KernelError::NoStages);
    }
    for (stage, layer) in layers.iter().enumerate() {
        for (which, count) in [("input", layer.inputs), ("output", layer.outputs)] {
            if count == 0 {
                let channels = format!("0 {which}");
                return Err(KernelError::NoChannels { stage, channels });
            }
        }
        if let Activation::LeakyRelu(slope) = layer.activation
            && !(0.0..=1.0).contains(&slope)
        {
            return Err(KernelError::Slope { stage });
        }
        layer
            .inputs
            .checked_mul(layer.outputs)
            .ok_or(KernelError::Overflow)?;
    }
    for (index, pair) in layers.windows(2).enumerate() {
        if pair[0].outputs != pair[1].inputs {
            return Err(KernelError::ChannelsDiffer {
                stage: index + 1,
                expected: pair[0].outputs,
                found: pair[1].inputs,
            });
        }
    }
    Ok(())
}
