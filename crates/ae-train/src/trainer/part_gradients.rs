//! The gradients of a batch that is computed in parts: by this process, or by several that share it out.

use ae_models::{Objective, Trainable};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};

use crate::batches::plan::Batch;
use crate::distributed::batch_parts::BatchParts;
use crate::distributed::flat_gradients::{FlatLayout, MOST_TERMS};
use crate::distributed::ordered_sum::{PartialSums, all_reduce};
use crate::error::TrainError;
use crate::run::progress::Progress;
use crate::trainer::batch_objective::batch_objective;
use crate::trainer::run_plan::RunPlan;

/// What the parts of a batch come to, the same bits on every rank.
pub(crate) struct PartGradients {
    pub(crate) gradients: GradientsParams,
    /// `[1]`, without autodiff.
    pub(crate) loss: Tensor<1>,
    /// The loss's terms; none on a rank that has no part of the batch.
    pub(crate) terms: Vec<(&'static str, Tensor<1>)>,
    /// Whether any rank was asked to stop.
    pub(crate) stop: bool,
}

/// Computes this rank's parts of a batch, of which `own` has the images, and adds up those of all ranks.
///
/// Each part's gradient is that of its own objective, a mean over its images, times the part's share of the batch.
pub(crate) fn part_gradients<M: Trainable>(
    model: &M,
    parts: BatchParts,
    own: &Batch,
    plan: &RunPlan<'_>,
    progress: &Progress,
    stop: bool,
) -> Result<PartGradients, TrainError> {
    let communicator = plan.communicator;
    let layout = FlatLayout::of(model);
    let mut sums = PartialSums::default();
    let mut names = Vec::new();
    let own_parts = parts.of_rank(communicator.rank(), communicator.size());
    for (part, batch) in own_parts.zip(own.in_parts(parts.part_images)) {
        let Objective { loss, terms, .. } = batch_objective(model, batch, plan, progress);
        let gradients = GradientsParams::from_grads(loss.backward(), model);
        names = terms.iter().map(|(name, _)| *name).collect();
        assert!(
            names.len() <= MOST_TERMS,
            "a loss has at most {MOST_TERMS} terms"
        );
        let terms = terms.into_iter().map(|(_, term)| term);
        let losses = std::iter::once(loss).chain(terms).map(Tensor::inner);
        let losses = Tensor::cat(losses.collect(), 0)
            .try_into_vec_as::<f32>()
            .map_err(TrainError::device("computing a loss"))?;
        let row = layout.flatten(model, gradients, &losses, parts.share(part))?;
        sums.push(part, row);
    }
    let of_rank = |rank| parts.of_rank(rank, communicator.size());
    let (row, stop) = all_reduce(
        communicator,
        parts.count(),
        of_rank,
        &sums,
        layout.length(),
        stop,
    );
    let (gradients, mut loss, terms) = layout.unflatten(model, &row);
    if names.is_empty() && !terms.iter().all(|term| term.is_finite()) {
        // The ranks that know the term by its name end here.
        loss = f32::NAN;
    }
    let device = plan.device.clone().without_autodiff();
    let tensor = |value: f32| Tensor::from_data(TensorData::new(vec![value], [1]), &device);
    Ok(PartGradients {
        gradients,
        loss: tensor(loss),
        terms: names
            .into_iter()
            .zip(terms)
            .map(|(name, term)| (name, tensor(term)))
            .collect(),
        stop,
    })
}
