//! Running a model over a set of images: the settings that all measures share.

use ae_data::{ImageSet, NoiseChain};
use ae_models::Trainable;
use burn::tensor::Device;

use crate::batches::images::check_images;
use crate::batches::loader::BatchLoader;
use crate::batches::neighbors::NeighborDraw;
use crate::batches::plan::{BatchNoise, BatchPlan};
use crate::error::TrainError;
use crate::setting_checks::at_least_one;

/// Runs a model over sets of images in batches, and measures what comes out.
///
/// An image's noise, and the code that is sampled for it, depend on the [seed](Self::seed) and the image's index in its
/// set alone, so the size of batches changes nothing but the speed. Memory is bounded by a few batches.
///
/// ```
/// # use ae_data::{ImageSet, ImageShape};
/// # use ae_models::{DenseAutoencoderConfig, ModelConfig};
/// # use burn::tensor::Device;
/// use ae_train::Measurement;
///
/// # let pixels = (0..4 * 6).map(|value| value * 10).collect();
/// # let set = ImageSet::from_images("example", ImageShape::new(1, 2, 3), pixels, None, Vec::new())?;
/// let device = Device::flex();
/// let model = ModelConfig::from(DenseAutoencoderConfig::default()).init([1, 2, 3], 1, &device)?;
/// let noise = "gaussian:0.5".parse::<ae_data::NoiseChain>()?;
/// let quality = Measurement::new(&model, &device).noise(&noise).seed(7).evaluate(&set)?;
/// assert!(quality.psnr > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Measurement<'a, M> {
    pub(crate) model: &'a M,
    /// Without autodiff.
    pub(crate) device: Device,
    pub(crate) batch_size: usize,
    pub(crate) noise: Option<&'a NoiseChain>,
    pub(crate) seed: u64,
}

impl<'a, M: Trainable> Measurement<'a, M> {
    /// Measures `model` on `device`, 128 images at a time, without noise and with seed 1.
    #[must_use]
    pub fn new(model: &'a M, device: &Device) -> Self {
        Self {
            model,
            device: device.clone().without_autodiff(),
            batch_size: 128,
            noise: None,
            seed: 1,
        }
    }

    /// How many images go through the model at once.
    #[must_use]
    pub fn batch_size(mut self, images: usize) -> Self {
        self.batch_size = images;
        self
    }

    /// The noise on what the model is shown; reconstructions are compared with the clean images. `None`, or an empty
    /// chain, for none. Codes, and what is measured by a likelihood, are those of the clean images in any case.
    #[must_use]
    pub fn noise(mut self, noise: impl Into<Option<&'a NoiseChain>>) -> Self {
        self.noise = noise.into();
        self
    }

    /// The seed of everything random: the noise, and the codes that are sampled.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A copy of the model for measuring, and the batches of `set` under `noise`.
    pub(crate) fn prepare(
        &self,
        set: &ImageSet,
        batch_size: usize,
        noise: Option<&NoiseChain>,
    ) -> Result<(M, BatchLoader), TrainError> {
        self.prepare_with(set, batch_size, noise, None)
    }

    /// The same, where neighbors of the images are drawn.
    pub(crate) fn prepare_with(
        &self,
        set: &ImageSet,
        batch_size: usize,
        noise: Option<&NoiseChain>,
        neighbors: Option<NeighborDraw>,
    ) -> Result<(M, BatchLoader), TrainError> {
        let loader = self.batches(set, batch_size, noise, neighbors)?;
        Ok((self.copied_model(), loader))
    }

    /// A copy of the model for measuring.
    pub(crate) fn copied_model(&self) -> M {
        self.model.valid().fork(&self.device)
    }

    /// The batches of `set` under `noise`.
    pub(crate) fn batches(
        &self,
        set: &ImageSet,
        batch_size: usize,
        noise: Option<&NoiseChain>,
        neighbors: Option<NeighborDraw>,
    ) -> Result<BatchLoader, TrainError> {
        at_least_one("batch_size", batch_size)?;
        check_images(self.model, set)?;
        BatchLoader::start(BatchPlan {
            set: set.clone(),
            order: None,
            batch_size,
            share: None,
            first_batch: 0,
            end_batch: None,
            noise: BatchNoise::for_measuring(noise, self.seed),
            neighbors,
            threads: 1,
        })
    }
}
