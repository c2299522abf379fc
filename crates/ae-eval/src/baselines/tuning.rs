//! How a filter's strength is chosen: by its error on training images.

use std::fmt;

use ae_data::{ImageSet, ImageShape};
use rayon::prelude::*;

use crate::corruption::{Corruption, Part};
use crate::error::EvalError;
use crate::quality::meter::squared_error;
use crate::spread::evenly_spread;

/// Pixels, all images together, on which the strengths are compared: 102 images of 28x28.
const MOST_PIXELS: usize = 80_000;
/// Fewest images, where there are as many, however large.
const FEWEST_IMAGES: usize = 8;
/// Larger images are compared by their middle, after the noise is on them.
const LARGEST_SIDE: usize = 96;

/// A denoising filter with its strength; `Display` is the strength alone.
pub trait Filter: fmt::Display + Sync {
    /// Filters one image.
    ///
    /// # Shapes
    /// - `values`, output: `[channels, height, width]`
    fn apply(&self, shape: ImageShape, values: &[f32]) -> Vec<f32>;
}

/// A training image and its noisy input, cut to their middle where they are large.
struct Pair {
    clean: Vec<f32>,
    noisy: Vec<f32>,
}

/// The training images on which strengths are compared.
pub(super) struct TrainingPairs {
    shape: ImageShape,
    pairs: Vec<Pair>,
}

impl TrainingPairs {
    pub(super) fn read(train: &ImageSet, corruption: &dyn Corruption) -> Result<Self, EvalError> {
        let full = train.shape();
        let shape = ImageShape::new(
            full.channels,
            full.height.min(LARGEST_SIDE),
            full.width.min(LARGEST_SIDE),
        );
        let most_images = (MOST_PIXELS / shape.values().max(1)).max(FEWEST_IMAGES);
        let pairs: Result<Vec<Pair>, EvalError> = evenly_spread(train.len(), most_images)
            .into_par_iter()
            .map(|index| {
                let mut clean = vec![0.0; full.values()];
                train.read_unit_into(index, &mut clean)?;
                let mut noisy = clean.clone();
                corruption.corrupt(Part::Train, index as u64, full, &mut noisy);
                Ok(Pair {
                    clean: middle(full, shape, &clean),
                    noisy: middle(full, shape, &noisy),
                })
            })
            .collect();
        Ok(Self {
            shape,
            pairs: pairs?,
        })
    }

    /// The noise's root mean square, in pixel units.
    pub(super) fn noise_sigma(&self) -> f32 {
        let noise: f64 = self
            .pairs
            .iter()
            .map(|pair| squared_error(&pair.clean, &pair.noisy))
            .sum();
        (noise / (self.pairs.len() * self.shape.values()) as f64).sqrt() as f32
    }

    /// The filter with the least squared error, the first of equals.
    pub(super) fn best<F: Filter>(&self, candidates: Vec<F>) -> Option<F> {
        let error = |filter: &F| -> f64 {
            let errors: Vec<f64> = self
                .pairs
                .par_iter()
                .map(|pair| squared_error(&pair.clean, &filter.apply(self.shape, &pair.noisy)))
                .collect();
            errors.iter().sum()
        };
        let judged = candidates
            .into_iter()
            .map(|filter| (error(&filter), filter));
        judged
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, filter)| filter)
    }
}

/// The middle part of shape `part` of an image.
fn middle(full: ImageShape, part: ImageShape, values: &[f32]) -> Vec<f32> {
    let top = (full.height - part.height) / 2;
    let left = (full.width - part.width) / 2;
    let mut cut = Vec::with_capacity(part.values());
    for plane in values.chunks_exact(full.pixels()) {
        for row in plane.chunks_exact(full.width).skip(top).take(part.height) {
            cut.extend_from_slice(&row[left..left + part.width]);
        }
    }
    cut
}
