//! The training objective over images that were not trained on.

use ae_data::ImageSet;
use ae_models::{Objective, ReconstructionLoss, Trainable, TrainingBatch};

use crate::batches::images::images_tensor;
use crate::batches::latent_noise::LatentNoise;
use crate::batches::neighbors::NeighborDraw;
use crate::config::self_supervision::SelfSupervision;
use crate::error::TrainError;
use crate::measure::measurement::Measurement;
use crate::neighbors::{NeighborBatch, check_self_supervision};

impl<M: Trainable> Measurement<'_, M> {
    /// The mean squared difference between what the model makes of one pixel of two neighbors of noisy images and the other
    /// pixel: how far it is from the clean images, of half the size, plus the noise's variance. Which neighbors, the seed
    /// decides. Nothing clean is needed.
    ///
    /// # Errors
    /// Where the model does not take images of half the set's size, and where the set is empty or cannot be read.
    pub fn neighbor_loss(&self, set: &ImageSet) -> Result<f64, TrainError> {
        let method = SelfSupervision::Neighbor2Neighbor {
            regularization: 0.0,
        };
        check_self_supervision(self.model, method, set)?;
        let loss = self.neighbor_loss_until(set, || false)?;
        Ok(loss.expect("only a stop ends without a loss"))
    }

    /// The same; `stop` is asked before every batch. `None` where it ended the measurement.
    pub(crate) fn neighbor_loss_until(
        &self,
        set: &ImageSet,
        stop: impl Fn() -> bool,
    ) -> Result<Option<f64>, TrainError> {
        let draw = NeighborDraw::for_measuring(self.seed);
        let (model, loader) = self.prepare_with(set, self.batch_size, None, Some(draw))?;
        let mut mean = Mean::default();
        for batch in loader {
            if stop() {
                return Ok(None);
            }
            let batch = batch?;
            let objective = NeighborBatch {
                shape: set.shape(),
                noisy: batch.target,
                neighbors: batch.neighbors.unwrap_or_default(),
                weight: 0.0,
                step: 0,
                random: &(),
            }
            .objective(&model, &self.device);
            mean.add(objective, batch.indices.len())?;
        }
        Ok(Some(mean.value()))
    }

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
        let mut mean = Mean::default();
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
            mean.add(objective, count)?;
        }
        Ok(Some(mean.value()))
    }
}

/// The mean of an objective over images.
#[derive(Default)]
struct Mean {
    sum: f64,
    images: usize,
}

impl Mean {
    fn add(&mut self, objective: Objective, images: usize) -> Result<(), TrainError> {
        let values = objective
            .loss
            .try_into_vec_as::<f32>()
            .map_err(TrainError::device("computing the objective"))?;
        self.sum += values.into_iter().map(f64::from).sum::<f64>() * images as f64;
        self.images += images;
        Ok(())
    }

    fn value(&self) -> f64 {
        self.sum / self.images as f64
    }
}
