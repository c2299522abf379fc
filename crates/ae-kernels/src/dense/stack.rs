//! Fully connected layers in a row: what a caller holds.

use std::sync::Arc;

use crate::compute_path::ComputePath;
use crate::dense::layer::{self, DenseLayer};
use crate::dense::parts::{Activations, Pool};
use crate::dense::passes::Passes;
use crate::error::{KernelError, check_length};
use crate::layout::weights::{Gradients, Weights};
use crate::loss::{Loss, Objective};
use crate::simd::Isa;

/// Dense layers, each of which takes what the one before gives.
///
/// Cloning is cheap. Passes run on rayon's current pool and give the same bits for any number of threads.
#[derive(Clone, Debug)]
pub struct DenseStack {
    layers: Arc<[DenseLayer]>,
    isa: Isa,
    path: ComputePath,
    pool: Pool,
}

impl DenseStack {
    /// A stack of `layers`.
    ///
    /// # Errors
    /// When there are none, when one has no inputs or outputs or a slope that is not in `[0, 1]`, or when two do not
    /// fit.
    pub fn new(layers: Vec<DenseLayer>) -> Result<Self, KernelError> {
        layer::check(&layers)?;
        Ok(Self {
            layers: layers.into(),
            isa: Isa::detect(),
            path: ComputePath::default(),
            pool: Pool::default(),
        })
    }

    /// The same stack on another path.
    #[cfg(feature = "burn")]
    #[must_use]
    pub fn on(self, path: ComputePath) -> Self {
        Self { path, ..self }
    }

    /// By what it runs on the tensors of the CPU's backends.
    #[must_use]
    pub fn path(&self) -> ComputePath {
        self.path
    }

    pub(crate) fn isa(&self) -> Isa {
        self.isa
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
        self.passes(values, weights)?.infer(values)
    }

    /// [`DenseStack::infer`], keeping what [`DenseStack::differentiate`] would compute again.
    ///
    /// # Errors
    /// As [`DenseStack::infer`].
    pub fn infer_keeping(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
    ) -> Result<(Vec<f32>, Activations), KernelError> {
        self.passes(values, weights)?.infer_keeping(values)
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
        let passes = self.passes(values, weights)?;
        Ok(passes.train(values, None, objective, wants_input)?.1)
    }

    /// [`DenseStack::differentiate`] without its forward pass, which [`DenseStack::infer_keeping`] ran with the same
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
        let kept = Some(activations.rows());
        let objective = Objective::Given(output_gradient);
        let passes = self.passes(values, weights)?;
        Ok(passes.train(values, kept, objective, wants_input)?.1)
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
        self.passes(values, weights)?
            .train(values, None, objective, wants_input)
    }

    /// A pass whose lengths were checked.
    fn passes<'a>(
        &'a self,
        values: &[f32],
        weights: &'a [Weights<'a>],
    ) -> Result<Passes<'a>, KernelError> {
        self.check_lengths(values, weights)?;
        Ok(Passes {
            layers: &self.layers,
            weights,
            isa: self.isa,
            pool: &self.pool,
        })
    }

    /// Checks that rows and weights have the layers' lengths.
    pub(crate) fn check_lengths(
        &self,
        values: &[f32],
        weights: &[Weights<'_>],
    ) -> Result<(), KernelError> {
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
        Ok(())
    }
}
