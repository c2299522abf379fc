//! Passing whole sets of images through a model.

use ae_data::{DataError, Image, ImageSet, NoiseChain};
use ae_eval::QualityMeter;
use ae_train::Reconstruction;

use crate::codes::Codes;
use crate::error::InferError;
use crate::open_model::OpenModel;
use crate::progress::ProgressUnit;

/// An image that went through a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reconstructed {
    /// The image.
    pub clean: Image,
    /// What the model saw: the image, or a noisy copy.
    pub input: Image,
    /// What the model made of it.
    pub output: Image,
    /// The peak signal-to-noise ratio of what the model saw, in dB.
    pub input_psnr: f64,
    /// That of what the model made of it.
    pub output_psnr: f64,
}

impl OpenModel {
    /// Checks that the model takes the images of a set.
    ///
    /// # Errors
    /// They have another shape.
    pub fn check_set(&self, set: &ImageSet) -> Result<(), InferError> {
        self.check_shape(set.name(), set.shape())
    }

    /// Hands the code of every image of a set to `sink`, in the set's order.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, the model has no codes, or `sink` fails.
    pub fn encode_set(
        &self,
        set: &ImageSet,
        mut sink: impl FnMut(&[f32]) -> Result<(), DataError>,
    ) -> Result<(), InferError> {
        let mut done = 0;
        self.measurement().encode(set, |_, code| {
            done += 1;
            self.listener().tell(done, set.len(), ProgressUnit::Images);
            Ok(sink(code)?)
        })?;
        Ok(())
    }

    /// The codes of a whole set.
    ///
    /// # Errors
    /// As [`encode_set`](Self::encode_set).
    pub fn codes(&self, set: &ImageSet) -> Result<Codes, InferError> {
        let mut codes = Codes::new(self.code_values()?);
        self.encode_set(set, |code| {
            codes.extend(code.iter().copied());
            Ok(())
        })?;
        Ok(codes)
    }

    /// Hands every image of a set with its reconstruction to `sink`, in the set's order.
    ///
    /// `noise` is added to what the model sees; it depends on its seed and the image's index alone.
    ///
    /// # Errors
    /// The set cannot be read or has another shape than the model, the model cannot reconstruct, or `sink` fails.
    pub fn reconstruct_set(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
        mut sink: impl FnMut(Reconstruction<'_>) -> Result<(), DataError>,
    ) -> Result<(), InferError> {
        let mut done = 0;
        let measurement = match noise {
            Some((chain, seed)) => self.measurement().noise(chain).seed(seed),
            None => self.measurement(),
        };
        measurement.reconstruct(set, |image| {
            done += 1;
            self.listener().tell(done, set.len(), ProgressUnit::Images);
            Ok(sink(image)?)
        })?;
        Ok(())
    }

    /// Every image of a set beside what the model makes of it.
    ///
    /// # Errors
    /// As [`reconstruct_set`](Self::reconstruct_set).
    pub fn reconstructions(
        &self,
        set: &ImageSet,
        noise: Option<(&NoiseChain, u64)>,
    ) -> Result<Vec<Reconstructed>, InferError> {
        let shape = set.shape();
        let psnr = |reference: &[f32], candidate: &[f32]| {
            let mut meter = QualityMeter::new(shape);
            meter.add(reference, candidate);
            meter.finish().psnr
        };
        let mut images = Vec::with_capacity(set.len());
        self.reconstruct_set(set, noise, |image| {
            images.push(Reconstructed {
                clean: Image::from_unit(shape, image.clean),
                input: Image::from_unit(shape, image.input),
                output: Image::from_unit(shape, image.output),
                input_psnr: psnr(image.clean, image.input),
                output_psnr: psnr(image.clean, image.output),
            });
            Ok(())
        })?;
        Ok(images)
    }
}
