//! The training objective over images that were not trained on.

use ae_data::ImageSet;
use ae_models::{ReconstructionLoss, Trainable, TrainingBatch};

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::error::TrainError;
use crate::measure::measurement::Measurement;

impl<M: Trainable> Measurement<'_, M> {
    /// The mean of the training objective over the images of a set, as it is after `step` steps; `stop` is asked before
    /// every batch. `None` where it ended the measurement.
    pub(crate) fn objective_until(
        &self,
        set: &ImageSet,
        loss: ReconstructionLoss,
        step: u64,
        stop: impl Fn() -> bool,
    ) -> Result<Option<f64>, TrainError> {
        let (model, loader) = self.prepare(set, self.batch_size, self.noise)?;
        let shape = set.shape();
        let (mut sum, mut images) = (0.0, 0);
        for batch in loader {
            if stop() {
                return Ok(None);
            }
            let batch = batch?;
            let count = batch.indices.len();
            let target = images_tensor(batch.target, shape, &self.device);
            let input = match batch.input {
                Some(input) => images_tensor(input, shape, &self.device),
                None => target.clone(),
            };
            let objective = model.objective(TrainingBatch {
                input,
                target,
                loss,
                step,
                random: &LatentNoise::for_measuring(self.seed, &batch.indices),
            });
            let values = objective
                .loss
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device("computing the objective"))?;
            sum += values.into_iter().map(f64::from).sum::<f64>() * count as f64;
            images += count;
        }
        Ok(Some(sum / images as f64))
    }
}
