//! How a model for pictures is trained.

use crate::error::CodecError;

/// Sizes of the network and the course of the training.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureTrainingSettings {
    /// What all that is random follows from.
    pub seed: u64,
    /// Pixels whose gradients make one step.
    pub batch: usize,
    /// Steps of the optimizer.
    pub steps: usize,
    /// The learning rate at the beginning; it falls to nothing by half a cosine.
    pub learning_rate: f32,
    /// Units of the first and the second hidden layer, each from 1 to 1,024.
    pub units: [usize; 2],
}

impl Default for PictureTrainingSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            batch: 512,
            steps: 30_000,
            learning_rate: 3e-3,
            units: [128, 96],
        }
    }
}

impl PictureTrainingSettings {
    /// Says what makes no sense.
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        let sizes = [
            (self.batch, 1 << 20, "the batch is not from 1 to 1,048,576"),
            (self.units[0], 1024, "the units are not from 1 to 1,024"),
            (self.units[1], 1024, "the units are not from 1 to 1,024"),
        ];
        for (size, most, reason) in sizes {
            if !(1..=most).contains(&size) {
                return Err(CodecError::Training { reason });
            }
        }
        if !(self.learning_rate > 0.0 && self.learning_rate < 1.0) {
            let reason = "the learning rate is not between 0 and 1";
            return Err(CodecError::Training { reason });
        }
        Ok(())
    }
}
