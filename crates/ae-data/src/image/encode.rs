//! From an image to a file.

use std::io::Cursor;
use std::path::Path;

use ::image::{DynamicImage, GrayImage, ImageError, ImageFormat, RgbImage};
use ae_files::write_atomically;

use crate::error::DataError;
use crate::image::Image;
use crate::image::shape::ImageShape;

impl Image {
    /// Writes the image in the format of the path's extension, whole or not at all.
    ///
    /// # Errors
    /// [`DataError::InvalidValue`] when the extension names no format that can be written, [`DataError::Encode`] when
    /// the format or the image's number of channels does not allow it, [`DataError::Write`] when the disk refuses.
    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let format = ImageFormat::from_path(path)
            .ok()
            .filter(ImageFormat::writing_enabled)
            .ok_or_else(|| DataError::InvalidValue {
                what: "image file name",
                value: path.display().to_string(),
                expected: "an extension such as .png or .jpg".to_owned(),
            })?;
        let encode_error = |reason: String| DataError::Encode {
            path: path.to_owned(),
            reason,
        };
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok());
        let (width, height) =
            sides.ok_or_else(|| encode_error(format!("{} is too large", self.shape)))?;
        let image: Option<DynamicImage> = match channels {
            1 => GrayImage::from_raw(width, height, self.pixels.clone()).map(Into::into),
            3 => RgbImage::from_raw(width, height, self.interleaved()).map(Into::into),
            _ => {
                return Err(encode_error(format!(
                    "{channels} channels are neither gray nor color"
                )));
            }
        };
        let image = image.expect("an image has as many pixels as its shape says");
        let mut encoded = Cursor::new(Vec::new());
        let result = match image.write_to(&mut encoded, format) {
            // QOI, for one, knows color alone.
            Err(ImageError::Unsupported(_)) if channels == 1 => {
                encoded = Cursor::new(Vec::new());
                DynamicImage::from(image.to_rgb8()).write_to(&mut encoded, format)
            }
            result => result,
        };
        result.map_err(|error| encode_error(error.to_string()))?;
        write_atomically(path, |file| file.write_all(encoded.get_ref()))
            .map_err(DataError::write(path))
    }
}
