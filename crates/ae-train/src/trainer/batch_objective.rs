//! What is minimized on a batch, or on a part of one.

use ae_models::{Objective, Trainable, TrainingBatch};
use ae_random::Purpose;

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::batches::plan::Batch;
use crate::neighbors::NeighborBatch;
use crate::run::progress::Progress;
use crate::trainer::run_plan::RunPlan;

/// The objective of `model` on a batch of the step that `progress` is at.
pub(crate) fn batch_objective<M: Trainable>(
    model: &M,
    batch: Batch,
    plan: &RunPlan<'_>,
    progress: &Progress,
) -> Objective {
    let shape = plan.split.train.shape();
    let step = progress.step as u64;
    let random = LatentNoise {
        seed: plan.config.seed,
        purpose: Purpose::Latent,
        epoch: progress.epoch as u64,
        indices: &batch.indices,
    };
    match batch.neighbors {
        Some(neighbors) => NeighborBatch {
            shape,
            noisy: batch.target,
            neighbors,
            weight: plan.regularization(progress.step),
            step,
            random: &random,
        }
        .objective(model, &plan.device),
        None => {
            let target = images_tensor(batch.target, shape, &plan.device);
            let input = match batch.input {
                Some(input) => images_tensor(input, shape, &plan.device),
                None => target.clone(),
            };
            model.objective(TrainingBatch {
                input,
                target,
                loss: plan.config.loss,
                step,
                random: &random,
            })
        }
    }
}
