//! How a model is trained.

use crate::error::CodecError;

/// Sizes of the network and the course of the training. The default takes a few minutes on two cores.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSettings {
    /// What all that is random follows from.
    pub seed: u64,
    /// Pixels whose gradients make one step.
    pub batch: usize,
    /// Steps of the optimizer.
    pub steps: usize,
    /// The learning rate at the beginning; it falls to nothing by half a cosine.
    pub learning_rate: f32,
    /// Neighbors that the network sees, from 1 to 544.
    pub neighbors: usize,
    /// Of those, the nearest ones, of which it also sees whether they are black or white.
    pub marked: usize,
    /// Of those, the nearest ones, of which it also sees what grade of gray they are.
    pub graded: usize,
    /// Units of the first and the second hidden layer, each from 1 to 1,024.
    pub units: [usize; 2],
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            batch: 512,
            steps: 30_000,
            learning_rate: 4e-3,
            neighbors: 168,
            marked: 24,
            graded: 4,
            units: [128, 96],
        }
    }
}

impl TrainingSettings {
    /// Says what makes no sense.
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        let sizes = [
            (
                self.batch,
                1..=1 << 20,
                "the batch is not from 1 to 1,048,576",
            ),
            (
                self.neighbors,
                1..=544,
                "the neighbors are not from 1 to 544",
            ),
            (self.units[0], 1..=1024, "the units are not from 1 to 1,024"),
            (self.units[1], 1..=1024, "the units are not from 1 to 1,024"),
        ];
        for (size, range, reason) in sizes {
            if !range.contains(&size) {
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

/// How far a training has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingProgress {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// What the step's pixels cost, in bits each, before the step.
    pub bits_per_pixel: f64,
}
