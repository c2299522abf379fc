//! Noisy inputs, the same for a model and for its baselines.

use ae_data::{ImageShape, NoiseChain};
use ae_random::{Draw, Purpose};

/// Which images a noisy input is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Training images, on which a filter's strength is chosen.
    Train,
    /// Test images, on which everything is measured.
    Test,
}

/// Makes the noisy input of a clean image, the same one for a model and for its baselines.
///
/// Closures are corruptions: `|part, index, shape, values| …`.
pub trait Corruption: Sync {
    /// Turns the clean image number `index` of `part` into its noisy input, in place.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]`, pixels in `[0, 1]`
    fn corrupt(&self, part: Part, index: u64, shape: ImageShape, values: &mut [f32]);
}

impl<F: Fn(Part, u64, ImageShape, &mut [f32]) + Sync> Corruption for F {
    fn corrupt(&self, part: Part, index: u64, shape: ImageShape, values: &mut [f32]) {
        self(part, index, shape, values);
    }
}

/// Noise that depends on seed, part and index alone.
///
/// Test images get the draw of [`Purpose::Validation`] in epoch 0, the one that a model is
/// validated with; training images that of [`Purpose::Noise`] in epoch 0.
#[derive(Debug, Clone)]
pub struct SeededNoise {
    /// What is done to each image.
    pub chain: NoiseChain,
    /// The run's seed.
    pub seed: u64,
}

impl Corruption for SeededNoise {
    fn corrupt(&self, part: Part, index: u64, shape: ImageShape, values: &mut [f32]) {
        let purpose = match part {
            Part::Train => Purpose::Noise,
            Part::Test => Purpose::Validation,
        };
        let draw = Draw {
            seed: self.seed,
            purpose,
            epoch: 0,
            index,
        };
        self.chain.apply(shape, values, &mut draw.stream());
    }
}
