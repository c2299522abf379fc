//! The random numbers that models sample with, from the run's seed.

use ae_models::RandomNumbers;
use ae_random::{Draw, Purpose, RandomStream};
use burn::tensor::{Device, Tensor, TensorData};

/// A batch's random numbers: each image has a stream of its own, named by the seed, what it is for, the epoch and the
/// image's index in its set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LatentNoise<'a> {
    pub(crate) seed: u64,
    /// [`Purpose::Latent`] for training, [`Purpose::LatentValidation`] for images that are only measured.
    pub(crate) purpose: Purpose,
    /// The epoch, counted from 0; 0 for what is only measured.
    pub(crate) epoch: u64,
    pub(crate) indices: &'a [u64],
}

impl<'a> LatentNoise<'a> {
    /// The numbers of images that are only measured: by seed and index alone.
    pub(crate) fn for_measuring(seed: u64, indices: &'a [u64]) -> Self {
        Self {
            seed,
            purpose: Purpose::LatentValidation,
            epoch: 0,
            indices,
        }
    }

    /// `numbers` standard normal numbers for each image.
    ///
    /// # Shapes
    /// - output: `[images, numbers]`
    pub(crate) fn standard_normal(&self, numbers: usize, device: &Device) -> Tensor<2> {
        let images = self.indices.len();
        let mut values = vec![0.0; images * numbers];
        for (position, values) in values.chunks_exact_mut(numbers.max(1)).enumerate() {
            self.fill_standard_normal(position, values);
        }
        Tensor::from_data(TensorData::new(values, [images, numbers]), device)
    }
}

impl LatentNoise<'_> {
    /// An image's stream.
    pub(crate) fn stream(&self, position: usize) -> RandomStream {
        let draw = Draw {
            seed: self.seed,
            purpose: self.purpose,
            epoch: self.epoch,
            index: self.indices[position],
        };
        draw.stream()
    }
}

impl RandomNumbers for LatentNoise<'_> {
    fn fill_standard_normal(&self, position: usize, numbers: &mut [f32]) {
        self.stream(position).fill_standard_normal(numbers);
    }

    fn fill_uniform(&self, position: usize, numbers: &mut [f32]) {
        let mut stream = self.stream(position);
        numbers.fill_with(|| stream.uniform());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(indices: &[u64], position: usize, epoch: u64, count: usize) -> Vec<f32> {
        let mut numbers = vec![0.0; count];
        let draws = LatentNoise {
            seed: 3,
            purpose: Purpose::Latent,
            epoch,
            indices,
        };
        draws.fill_standard_normal(position, &mut numbers);
        numbers
    }

    #[test]
    fn an_image_s_numbers_do_not_depend_on_its_batch() {
        assert_eq!(numbers(&[4, 9, 2], 1, 0, 4), numbers(&[9], 0, 0, 4));
        assert_ne!(numbers(&[4, 9, 2], 0, 0, 4), numbers(&[9], 0, 0, 4));
        assert_ne!(numbers(&[9], 0, 1, 4), numbers(&[9], 0, 0, 4));
    }

    #[test]
    fn asking_for_more_numbers_keeps_the_first() {
        assert_eq!(numbers(&[9], 0, 0, 8)[..4], numbers(&[9], 0, 0, 4));
    }
}
