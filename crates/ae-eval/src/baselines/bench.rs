//! The test images with their inputs, and how a method is measured on them.

use std::sync::OnceLock;

use ae_data::ImageShape;
use rayon::prelude::*;

use crate::baselines::request::{Baseline, BaselineRequest};
use crate::baselines::tuning::{Filter, TrainingPairs};
use crate::corruption::Part;
use crate::error::EvalError;
use crate::quality::meter::{ImageQuality, Quality, QualityMeter};

/// Images measured between two additions to the sums; only their qualities are held.
const BATCH_IMAGES: usize = 1024;

/// Bytes stored for one image or, added up, for all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredBytes {
    /// All of them.
    pub file: usize,
    /// The entropy-coded data's among them.
    pub scan: usize,
}

/// The test images with their inputs, and how to measure a method on them.
pub struct Bench<'a> {
    request: &'a BaselineRequest<'a>,
    shape: ImageShape,
    pairs: OnceLock<TrainingPairs>,
}

impl<'a> Bench<'a> {
    /// Checks that both sets have images, of one shape.
    ///
    /// # Errors
    /// [`EvalError::EmptySet`] or [`EvalError::ShapeMismatch`].
    pub fn new(request: &'a BaselineRequest<'a>) -> Result<Self, EvalError> {
        for set in [request.train, request.test] {
            if set.is_empty() {
                return Err(EvalError::EmptySet {
                    name: set.name().to_owned(),
                });
            }
        }
        let (train, test) = (request.train.shape(), request.test.shape());
        if train != test {
            return Err(EvalError::ShapeMismatch { train, test });
        }
        Ok(Self {
            request,
            shape: test,
            pairs: OnceLock::new(),
        })
    }

    /// What is asked for.
    pub fn request(&self) -> &BaselineRequest<'a> {
        self.request
    }

    /// The shape of every image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The clean image at an index of the test set and the input made from it.
    ///
    /// # Errors
    /// An image that cannot be read.
    pub fn test_image(&self, index: usize) -> Result<(Vec<f32>, Vec<f32>), EvalError> {
        let mut clean = vec![0.0; self.shape.values()];
        self.request.test.read_unit_into(index, &mut clean)?;
        let mut input = clean.clone();
        if let Some(corruption) = self.request.corruption {
            corruption.corrupt(Part::Test, index as u64, self.shape, &mut input);
        }
        Ok((clean, input))
    }

    /// Compares the inputs themselves to the clean images, values beyond black and white included: noise that is not clipped is as
    /// strong as it is.
    ///
    /// # Errors
    /// An image that cannot be read.
    pub fn measure_inputs(&self) -> Result<Quality, EvalError> {
        let (quality, _) = self.measure_each(|input| Ok((input, StoredBytes::default())))?;
        Ok(quality)
    }

    /// Runs a method on every input of the test set and compares its results, clipped to `[0, 1]`,
    /// to the clean images.
    ///
    /// # Errors
    /// An image that cannot be read.
    pub fn measure(
        &self,
        method: impl Fn(Vec<f32>) -> Vec<f32> + Sync,
    ) -> Result<Quality, EvalError> {
        let stores_nothing = |input| Ok((method(input), StoredBytes::default()));
        Ok(self.measure_stored(stores_nothing)?.0)
    }

    /// The same for a method that also tells how many bytes it stores for each image; gives their
    /// sums.
    ///
    /// # Errors
    /// An image that cannot be read, or whatever the method reports.
    pub fn measure_stored(
        &self,
        method: impl Fn(Vec<f32>) -> Result<(Vec<f32>, StoredBytes), EvalError> + Sync,
    ) -> Result<(Quality, StoredBytes), EvalError> {
        self.measure_each(|input| {
            let (mut result, stored) = method(input)?;
            for value in &mut result {
                *value = value.clamp(0.0, 1.0);
            }
            Ok((result, stored))
        })
    }

    /// The same, clipping nothing.
    fn measure_each(
        &self,
        method: impl Fn(Vec<f32>) -> Result<(Vec<f32>, StoredBytes), EvalError> + Sync,
    ) -> Result<(Quality, StoredBytes), EvalError> {
        let measure_one = |index: usize| {
            let (clean, input) = self.test_image(index)?;
            let (result, stored) = method(input)?;
            Ok((ImageQuality::measure(self.shape, &clean, &result), stored))
        };
        let mut meter = QualityMeter::new(self.shape);
        let mut total = StoredBytes::default();
        let count = self.request.test.len();
        for start in (0..count).step_by(BATCH_IMAGES) {
            let batch = start..count.min(start + BATCH_IMAGES);
            let measured: Result<Vec<_>, EvalError> =
                batch.into_par_iter().map(measure_one).collect();
            for (quality, stored) in measured? {
                meter.add_measured(quality);
                total.file += stored.file;
                total.scan += stored.scan;
            }
        }
        Ok((meter.finish(), total))
    }

    /// Measures a filter at the one of `strengths` with the least squared error on training images
    /// (evenly spread ones, large images by their middle), the first of equals; `strengths` is told
    /// the noise's root mean square in pixel units. Without noise there is nothing to choose by and
    /// no result.
    ///
    /// # Errors
    /// An image that cannot be read.
    pub fn measure_filter<F: Filter>(
        &self,
        name: &str,
        strengths: impl FnOnce(f32) -> Vec<F>,
    ) -> Result<Vec<Baseline>, EvalError> {
        let Some(pairs) = self.training_pairs()? else {
            return Ok(Vec::new());
        };
        let Some(best) = pairs.best(strengths(pairs.noise_sigma())) else {
            return Ok(Vec::new());
        };
        let quality = self.measure(|input| best.apply(self.shape, &input))?;
        Ok(vec![self.result(name, best.to_string(), quality, None)])
    }

    /// Puts a result together; the bits per pixel follow from the bytes.
    pub fn result(
        &self,
        name: &str,
        setting: String,
        quality: Quality,
        bytes_per_image: Option<f64>,
    ) -> Baseline {
        Baseline {
            name: name.to_owned(),
            setting,
            quality,
            bits_per_pixel: bytes_per_image.map(|bytes| bytes * 8.0 / self.shape.pixels() as f64),
            bytes_per_image,
            scan_bytes_per_image: None,
        }
    }

    /// Training images with their noisy inputs, read when the first filter asks for them; none
    /// without noise.
    fn training_pairs(&self) -> Result<Option<&TrainingPairs>, EvalError> {
        let Some(corruption) = self.request.corruption else {
            return Ok(None);
        };
        if let Some(pairs) = self.pairs.get() {
            return Ok(Some(pairs));
        }
        let pairs = TrainingPairs::read(self.request.train, corruption)?;
        Ok(Some(self.pairs.get_or_init(|| pairs)))
    }
}
