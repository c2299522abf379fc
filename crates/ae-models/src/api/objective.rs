//! One batch of training, and what is minimized on it.

use burn::tensor::{Tensor, TensorData};

use crate::api::loss::ReconstructionLoss;
use crate::api::random::RandomNumbers;

/// One batch as the training loop hands it to [`Trainable::objective`](crate::Trainable::objective).
#[derive(Clone, Debug)]
pub struct TrainingBatch<'a> {
    /// What the model sees: `[batch, channels, height, width]`, noisy for a denoiser.
    pub input: Tensor<4>,
    /// What it should give, of the same shape: the clean images.
    pub target: Tensor<4>,
    /// How the two are compared.
    pub loss: ReconstructionLoss,
    /// Optimizer steps taken before this batch, over all epochs: what the warm-up of a term goes by.
    pub step: u64,
    /// The batch's random numbers, for models that sample; `&()` for none, which is every distribution's mean.
    pub random: &'a dyn RandomNumbers,
}

impl TrainingBatch<'_> {
    /// `numbers` numbers uniform from 0 to 1 for each image, on the host: image by image.
    #[must_use]
    pub fn uniform(&self, numbers: usize) -> Vec<f32> {
        let [batch, ..] = self.input.dims();
        let mut values = vec![0.0; batch * numbers];
        for (position, numbers) in values.chunks_exact_mut(numbers.max(1)).enumerate() {
            self.random.fill_uniform(position, numbers);
        }
        values
    }

    /// `numbers` standard normal numbers for each image, on the device of the images.
    ///
    /// # Shapes
    /// - output: `[batch, numbers]`
    #[must_use]
    pub fn standard_normal(&self, numbers: usize) -> Tensor<2> {
        let [batch, ..] = self.input.dims();
        let mut values = vec![0.0; batch * numbers];
        for (position, numbers) in values.chunks_exact_mut(numbers.max(1)).enumerate() {
            self.random.fill_standard_normal(position, numbers);
        }
        Tensor::from_data(
            TensorData::new(values, [batch, numbers]),
            &self.input.device(),
        )
    }
}

/// What training minimizes, and what it is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Objective {
    /// The number to minimize; differentiable.
    pub loss: Tensor<1>,
    /// Its terms by name, for the log, as they enter the loss: coefficients applied, so that they add up to it.
    pub terms: Vec<(&'static str, Tensor<1>)>,
    /// What the model saw of the batch and [`after_step`](crate::Trainable::after_step) goes by, without gradients; of shapes
    /// of its own.
    pub observed: Vec<Tensor<2>>,
}

impl Objective {
    /// An objective that is the reconstruction loss alone.
    #[must_use]
    pub fn reconstruction(loss: Tensor<1>) -> Self {
        Self {
            terms: vec![("reconstruction", loss.clone())],
            loss,
            observed: Vec::new(),
        }
    }

    /// The same with what was observed of the batch, in place of anything before.
    #[must_use]
    pub fn observing(self, observed: Vec<Tensor<2>>) -> Self {
        Self { observed, ..self }
    }

    /// An objective that is the sum of `terms`, their coefficients already applied.
    ///
    /// # Panics
    /// Without a term there is nothing to minimize.
    #[must_use]
    pub fn sum(terms: Vec<(&'static str, Tensor<1>)>) -> Self {
        let loss = terms
            .iter()
            .map(|(_, term)| term.clone())
            .reduce(|sum, term| sum + term)
            .expect("an objective has a term");
        Self {
            loss,
            terms,
            observed: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_terms_of_an_objective_add_up() {
        let device = Device::flex();
        let term = |value: f32| Tensor::<1>::from_data([value], &device);
        let objective = Objective::sum(vec![
            ("reconstruction", term(0.5)),
            ("kl", term(0.25)),
            ("l1", term(2.0)),
        ]);
        assert_eq!(objective.loss.into_scalar::<f32>(), 2.75);
        assert_eq!(objective.terms.len(), 3);
    }
}
