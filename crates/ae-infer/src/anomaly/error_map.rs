//! Where images and what a model makes of them differ.

use ae_data::{Image, ImageSet, ImageShape, MaskFiles};
use ae_eval::{Localization, LocalizationMeter};

use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::sets::SetRequest;

/// Where an image and what the model makes of it differ.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ErrorMap {
    /// The image.
    pub image: Image,
    /// What the model makes of it.
    pub output: Image,
    /// The absolute error of each pixel, averaged over its channels: `[height, width]`.
    pub errors: Vec<f32>,
}

impl OpenModel {
    /// Where the images of a set and what the model makes of them differ; of a set of [patches](ImageSet::is_of_patches), where the
    /// pictures do, in tiles.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn error_maps(&self, set: &ImageSet) -> Result<Vec<ErrorMap>, InferError> {
        if set.is_of_patches() {
            return self.picture_maps(set);
        }
        let shape = set.shape();
        let mut maps = Vec::with_capacity(set.len());
        self.reconstruct_set(set, None, |image| {
            maps.push(ErrorMap {
                image: Image::from_unit(shape, image.clean),
                output: Image::from_unit(shape, image.output),
                errors: pixel_errors(shape, image.clean, image.output),
            });
            Ok(())
        })?;
        Ok(maps)
    }

    fn picture_maps(&self, set: &ImageSet) -> Result<Vec<ErrorMap>, InferError> {
        let tiling = self.tiling(None)?;
        let map = |number: usize| {
            let image = set.picture(number)?;
            let (shape, clean) = (image.shape(), image.to_unit());
            let output = self.denoise_values(shape, &clean, &tiling)?;
            Ok(ErrorMap {
                image,
                output: Image::from_unit(shape, &output),
                errors: pixel_errors(shape, &clean, &output),
            })
        };
        (0..set.picture_count()).map(map).collect()
    }

    /// How well the errors of pixels find what `masks` say is wrong with the images of a set, which are prepared as
    /// `request` has it. An image without a mask counts where `is_normal`, and is left out else: what is wrong with it isn't
    /// known. `None` where no pixel at all is wrong, or all are.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set); a mask cannot be read; the set has too many pixels to keep.
    ///
    /// # Panics
    /// When `is_normal` is shorter than the set.
    pub fn localization(
        &self,
        set: &ImageSet,
        masks: &MaskFiles,
        is_normal: &[bool],
        request: &SetRequest,
    ) -> Result<Option<Localization>, InferError> {
        let shape = set.shape();
        if !LocalizationMeter::has_room_for(set.len(), shape.size()) {
            return Err(InferError::TooMany {
                name: set.name().to_owned(),
                images: set.len(),
                values: shape.pixels(),
            });
        }
        let options = self.preparation().image_options(request);
        let mut meter = LocalizationMeter::default();
        let mut failed = None;
        self.reconstruct_set(set, None, |image| {
            let mask = match set.file(image.index) {
                Some(file) => masks.read(file, &options)?,
                None => None,
            };
            if mask.is_none() && !is_normal[image.index] {
                return Ok(());
            }
            let errors = pixel_errors(shape, image.clean, image.output);
            let mask: Option<Vec<bool>> =
                mask.map(|mask| mask.pixels().iter().map(|&pixel| pixel > 0).collect());
            if let Err(error) = meter.add(&errors, mask.as_deref(), shape.size()) {
                failed.get_or_insert(error);
            }
            Ok(())
        })?;
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(meter.finish()),
        }
    }
}

/// The absolute error of each pixel, averaged over its channels.
fn pixel_errors(shape: ImageShape, clean: &[f32], output: &[f32]) -> Vec<f32> {
    let of_pixel = |pixel: usize| {
        let channels = (0..shape.channels).map(|channel| channel * shape.pixels() + pixel);
        let errors = channels.map(|at| (clean[at] - output[at]).abs());
        errors.sum::<f32>() / shape.channels as f32
    };
    (0..shape.pixels()).map(of_pixel).collect()
}
