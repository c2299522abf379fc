//! How near a model comes to whole pictures, each of its own size.

use ae_data::{ImageSet, NoiseChain};
use ae_eval::{Quality, QualityMeter};
use ae_random::{Draw, Purpose};

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::tiling::Tiling;

/// How near a model comes to whole pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PictureQuality {
    /// How many pictures there were.
    pub pictures: usize,
    /// What the model saw against the clean pictures.
    pub before: Quality,
    /// What it made of them, clipped to black and white.
    pub after: Quality,
}

impl OpenModel {
    /// Measures the model on the whole pictures that `set` has [patches](ImageSet::is_of_patches) of, in tiles; `noise` is
    /// added to what the model sees, by its seed and a picture's place among them.
    ///
    /// Each figure is the mean of the pictures' own, whatever their sizes, as denoisers are compared in the literature: the PSNR,
    /// too, is the mean of PSNRs.
    ///
    /// # Errors
    /// As [`denoise`](Self::denoise).
    ///
    /// # Panics
    /// When the set's images are no patches, or there are none.
    pub fn picture_quality(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
        tiling: &Tiling,
    ) -> Result<PictureQuality, InferError> {
        let pictures = set.picture_count();
        assert!(pictures > 0, "there are no pictures of {}", set.name());
        let mut qualities = Vec::with_capacity(pictures);
        for number in 0..pictures {
            let picture = set.picture(number)?;
            let (shape, clean) = (picture.shape(), picture.to_unit());
            let mut input = clean.clone();
            if let Some((chain, seed)) = noise {
                let draw = Draw {
                    seed,
                    purpose: Purpose::Validation,
                    epoch: 0,
                    index: number as u64,
                };
                chain.apply(shape, &mut input, &mut draw.stream());
            }
            let mut output = self.denoise_values(shape, &input, tiling)?;
            for value in &mut output {
                *value = value.clamp(0.0, 1.0);
            }
            let quality = |candidate: &[f32]| {
                let mut meter = QualityMeter::new(shape);
                meter.add(&clean, candidate);
                meter.finish()
            };
            qualities.push([quality(&input), quality(&output)]);
        }
        Ok(PictureQuality {
            pictures,
            before: mean(qualities.iter().map(|[before, _]| before)),
            after: mean(qualities.iter().map(|[_, after]| after)),
        })
    }
}

/// The mean of each figure but the root, which is that of the mean error.
fn mean<'a>(qualities: impl ExactSizeIterator<Item = &'a Quality> + Clone) -> Quality {
    let count = qualities.len() as f64;
    let of = |figure: fn(&Quality) -> f64| qualities.clone().map(figure).sum::<f64>() / count;
    let mse = of(|quality| quality.mse);
    Quality {
        mse,
        rmse: mse.sqrt(),
        psnr: of(|quality| quality.psnr),
        ssim: of(|quality| quality.ssim),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_means_over_pictures() {
        let of = |mse: f64, ssim: f64| Quality {
            mse,
            rmse: mse.sqrt(),
            psnr: -10.0 * mse.log10(),
            ssim,
        };
        let found = mean([of(0.01, 0.5), of(0.001, 0.9)].iter());
        assert!((found.psnr - 25.0).abs() < 1e-9);
        assert!((found.mse - 0.0055).abs() < 1e-12);
        assert!((found.rmse * found.rmse - 0.0055).abs() < 1e-12);
        assert!((found.ssim - 0.7).abs() < 1e-12);
    }
}
