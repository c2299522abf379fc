//! One image in memory; its way from and to a file, and to another shape.

mod convert;
mod decode;
mod digest;
mod encode;
mod fitted;
mod limits;
mod names;
mod of_page;
pub(crate) mod shape;

pub(crate) use decode::Decoded;
pub use decode::ImageOptions;
pub(crate) use digest::{ImageDigest, bytes_digest, source_digest};
pub(crate) use fitted::Fitted;
pub use limits::ImageLimits;
pub use shape::{Channels, Fit, ImageShape, Size};

use crate::error::DataError;

/// An image: bytes in planes, `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    shape: ImageShape,
    pixels: Vec<u8>,
}

impl Image {
    /// An image from its pixels, plane by plane, rows from the top.
    ///
    /// # Errors
    /// [`DataError::CountMismatch`] when `pixels` is not as long as `shape` says, or empty.
    pub fn new(shape: ImageShape, pixels: Vec<u8>) -> Result<Self, DataError> {
        match shape.checked_values() {
            Some(values) if values == pixels.len() => Ok(Self { shape, pixels }),
            values => Err(DataError::CountMismatch {
                what: format!("pixel values of a {shape} image"),
                expected: values.unwrap_or(0),
                found: pixels.len(),
            }),
        }
    }

    pub(crate) fn from_parts(shape: ImageShape, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(shape.values(), pixels.len());
        Self { shape, pixels }
    }

    /// An image from values where 0 is black and 1 is white.
    ///
    /// Values are clamped to `[0, 1]` and rounded to the nearest 255th, halves away from zero; NaN becomes black.
    ///
    /// # Panics
    /// When `values` is not as long as `shape` says.
    #[must_use]
    pub fn from_unit(shape: ImageShape, values: &[f32]) -> Self {
        assert_eq!(values.len(), shape.values(), "values of a {shape} image");
        // A cast from NaN gives 0.
        let pixels = values
            .iter()
            .map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8)
            .collect();
        Self { shape, pixels }
    }

    /// The pixels as values in `[0, 1]`: each byte divided by 255.
    #[must_use]
    pub fn to_unit(&self) -> Vec<f32> {
        self.pixels
            .iter()
            .map(|&pixel| f32::from(pixel) / 255.0)
            .collect()
    }

    /// Channels, height and width.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The bytes, `[channels, height, width]`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes, taken out.
    #[must_use]
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The bytes pixel by pixel, `[height, width, channels]`, as most image libraries have them.
    #[must_use]
    pub fn interleaved(&self) -> Vec<u8> {
        let step = self.shape.pixels();
        (0..step)
            .flat_map(|pixel| self.pixels[pixel..].iter().step_by(step).copied())
            .collect()
    }
}

#[cfg(test)]
mod tests;
