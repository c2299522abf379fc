//! Going about in a model's codes: from one image to another, and along single latent dimensions.

use ae_data::{Image, ImageSet};
use ae_eval::Interpolation;
use ae_train::CodeReport;

use crate::codes::Codes;
use crate::error::InferError;
use crate::open_model::OpenModel;

/// A latent dimension, and what a set of images says of it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LatentDimension {
    /// Its place in the code, counted from 0.
    pub index: usize,
    /// The middle of its values.
    pub mean: f64,
    /// How far they are spread about it.
    pub deviation: f64,
    /// Nats of divergence from the prior, of a model that has one.
    pub divergence: Option<f64>,
}

impl LatentDimension {
    /// How much the dimension says of the images: its divergence from the prior where there is one, else its spread.
    #[must_use]
    pub fn merit(&self) -> f64 {
        self.divergence.unwrap_or(self.deviation)
    }

    /// The value `deviations` away from the middle.
    fn value(&self, deviations: f64) -> f32 {
        (self.mean + deviations * self.deviation) as f32
    }
}

/// Fades one picture into another: the pixels, not the codes. One picture for each of `shares`, 0 being `from`.
///
/// # Panics
/// When the pictures have different shapes.
#[must_use]
pub fn fade(from: &Image, to: &Image, shares: &[f64]) -> Vec<Image> {
    let (first, last) = (from.to_unit(), to.to_unit());
    let faded = shares
        .iter()
        .map(|&share| Interpolation::Linear.between(&first, &last, share));
    faded
        .map(|values| Image::from_unit(from.shape(), &values))
        .collect()
}

impl OpenModel {
    /// Images of the codes between two images' codes, one for each of `shares`, 0 being `from`.
    ///
    /// # Errors
    /// The images have another shape than the model, it has no codes, or the device fails.
    pub fn interpolate(
        &self,
        from: &Image,
        to: &Image,
        way: Interpolation,
        shares: &[f64],
    ) -> Result<Vec<Image>, InferError> {
        let ends = self.encode(&[from.clone(), to.clone()])?;
        let (first, last) = ends.as_slice().split_at(ends.values_per_code());
        let mut between = Codes::new(ends.values_per_code());
        for &share in shares {
            between.extend(way.between(first, last, share));
        }
        self.decode(&between)
    }

    /// What the images of a set say of every latent dimension, in their order.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, or it has no codes.
    pub fn latent_dimensions(
        &self,
        set: &ImageSet,
        seed: u64,
    ) -> Result<Vec<LatentDimension>, InferError> {
        if let Some(CodeReport::Variational(report)) = self.code_report(set, seed)? {
            // The prior says where codes are: around 0, with a deviation of 1.
            let divergences = report.kl_per_dimension.into_iter().enumerate();
            return Ok(divergences
                .map(|(index, divergence)| LatentDimension {
                    index,
                    mean: 0.0,
                    deviation: 1.0,
                    divergence: Some(divergence),
                })
                .collect());
        }
        let codes = self.codes(set)?;
        let values = codes.values_per_code();
        let (mut sums, mut squares) = (vec![0.0; values], vec![0.0; values]);
        for code in codes.iter() {
            for ((sum, square), &value) in sums.iter_mut().zip(&mut squares).zip(code) {
                *sum += f64::from(value);
                *square += f64::from(value).powi(2);
            }
        }
        let count = set.len() as f64;
        let moments = sums.into_iter().zip(squares).enumerate();
        Ok(moments
            .map(|(index, (sum, square))| {
                let mean = sum / count;
                LatentDimension {
                    index,
                    mean,
                    deviation: (square / count - mean * mean).max(0.0).sqrt(),
                    divergence: None,
                }
            })
            .collect())
    }

    /// Images of `start` with one dimension moved, one for each of `offsets`, which count in deviations from the
    /// dimension's middle.
    ///
    /// # Errors
    /// `start` has another length than the model's codes, it has no codes, or the device fails.
    ///
    /// # Panics
    /// When the dimension is not one of the code's.
    pub fn traverse(
        &self,
        start: &[f32],
        dimension: &LatentDimension,
        offsets: &[f64],
    ) -> Result<Vec<Image>, InferError> {
        let mut codes = Codes::new(start.len());
        for &offset in offsets {
            let mut code = start.to_vec();
            code[dimension.index] = dimension.value(offset);
            codes.extend(code);
        }
        self.decode(&codes)
    }
}
