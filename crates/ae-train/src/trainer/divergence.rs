//! Numbers that are no longer finite: where they are looked for, and what is kept of the run.

use ae_models::{ModelError, Trainable, named_tensors};

use crate::error::{Divergence, TrainError};
use crate::run::store::RunStore;

/// The error of a run whose `quantity` is not finite at step `step` of epoch `epoch`, both counted from 1.
///
/// The weights of `good`, a model whose loss and gradient were finite, are kept in the run's directory, if there is one.
/// Where they cannot be written, that is the error.
pub(crate) fn diverged<M: Trainable>(
    good: &M,
    store: Option<&RunStore<'_>>,
    step: usize,
    epoch: usize,
    quantity: String,
) -> TrainError {
    let kept = match store.map(|store| store.save_last(&good.valid())) {
        None => None,
        Some(Ok(path)) => Some(path),
        // A finite loss does not vouch for every weight.
        Some(Err(TrainError::Model(ModelError::Tensor { .. }))) => None,
        Some(Err(error)) => return error,
    };
    TrainError::Diverged(Divergence {
        step,
        epoch,
        quantity,
        kept,
    })
}

/// The first of a model's tensors that is not finite throughout: a network can hide a NaN from its loss, behind a ReLU
/// for one.
pub(crate) fn damaged_weight<M: Trainable>(model: &M) -> Option<String> {
    named_tensors(model)
        .into_iter()
        .find(|tensor| !tensor.values.iter().all(|value| value.is_finite()))
        .map(|tensor| tensor.name)
}
