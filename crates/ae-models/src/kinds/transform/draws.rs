//! What a training step draws for each image: its quality, how far it is moved, and the noise on its code.

use burn::tensor::{Device, Tensor, TensorData};

use crate::api::objective::TrainingBatch;

/// Numbers drawn before those of the noise, or of whatever is drawn for each value of a code.
pub(crate) const BEFORE_NOISE: usize = 3;

/// A batch's draws, from the random numbers of its images alone.
pub(crate) struct Draws {
    /// Each image's quality, counted from 0.
    pub(crate) qualities: Vec<usize>,
    /// Rows and columns that each image is moved by.
    pub(crate) shifts: Vec<(isize, isize)>,
    /// Uniform from -0.5 to 0.5: `[batch, values]`.
    pub(crate) noise: Tensor<2>,
}

impl Draws {
    /// Draws among `qualities`, shifts of up to `most_shift` pixels, and noise for codes of `values`.
    pub(crate) fn new(
        batch: &TrainingBatch<'_>,
        qualities: usize,
        most_shift: usize,
        values: usize,
    ) -> Self {
        let numbers = batch.uniform(BEFORE_NOISE + values);
        let images = numbers.chunks_exact(BEFORE_NOISE + values);
        let noise: Vec<f32> = images
            .clone()
            .flat_map(|numbers| numbers[BEFORE_NOISE..].iter().map(|number| number - 0.5))
            .collect();
        let count = images.len();
        Self {
            qualities: images
                .clone()
                .map(|numbers| below(numbers[0], qualities))
                .collect(),
            shifts: images.map(|numbers| shift(numbers, most_shift)).collect(),
            noise: Tensor::from_data(
                TensorData::new(noise, [count, values]),
                &batch.input.device(),
            ),
        }
    }
}

/// The rows and columns that each image of a batch is moved by, as [`Draws`] has them.
pub(crate) fn shifts(batch: &TrainingBatch<'_>, most_shift: usize) -> Vec<(isize, isize)> {
    let numbers = batch.uniform(BEFORE_NOISE);
    let images = numbers.chunks_exact(BEFORE_NOISE);
    images.map(|numbers| shift(numbers, most_shift)).collect()
}

/// What the second and the third of an image's numbers say.
fn shift(numbers: &[f32], most_shift: usize) -> (isize, isize) {
    let places = 2 * most_shift + 1;
    let shift = |number: f32| below(number, places) as isize - most_shift as isize;
    (shift(numbers[1]), shift(numbers[2]))
}

/// A number of `0..count` from one that is uniform from 0 to 1.
fn below(uniform: f32, count: usize) -> usize {
    ((uniform * count as f32) as usize).min(count - 1)
}

/// The choice of a quality for each image: 1 there and 0 elsewhere.
///
/// # Shapes
/// - output: `[batch, qualities]`
pub(crate) fn chosen(of_images: &[usize], qualities: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0.0_f32; of_images.len() * qualities];
    for (row, &quality) in values.chunks_exact_mut(qualities).zip(of_images) {
        row[quality] = 1.0;
    }
    Tensor::from_data(
        TensorData::new(values, [of_images.len(), qualities]),
        device,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_below_the_count() {
        assert_eq!(below(0.0, 5), 0);
        assert_eq!(below(0.5, 5), 2);
        assert_eq!(below(0.999_999_9, 5), 4);
        assert_eq!(below(1.0, 5), 4);
        assert_eq!(below(0.7, 1), 0);
    }
}
