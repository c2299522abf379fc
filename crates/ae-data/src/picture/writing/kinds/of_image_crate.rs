//! Pages as the `image` crate has them, for the formats that it writes.

use std::io::Cursor;

use ::image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, ImageError, ImageFormat, Rgb32FImage,
    RgbImage, Rgba32FImage, RgbaImage,
};

use crate::picture::page::{Page, Samples};
use crate::picture::writing::kind::EncodeError;

/// The page for the crate's encoders.
pub(super) fn dynamic(page: &Page) -> Result<DynamicImage, EncodeError> {
    let too_large = || EncodeError::Format(format!("{} pixels are too many", page.size));
    let width = u32::try_from(page.size.width).map_err(|_| too_large())?;
    let height = u32::try_from(page.size.height).map_err(|_| too_large())?;
    let picture: Option<DynamicImage> = match (&page.samples, page.channels) {
        (Samples::U8(values), 1) => {
            GrayImage::from_raw(width, height, values.clone()).map(Into::into)
        }
        (Samples::U8(values), 2) => {
            GrayAlphaImage::from_raw(width, height, values.clone()).map(Into::into)
        }
        (Samples::U8(values), 3) => {
            RgbImage::from_raw(width, height, values.clone()).map(Into::into)
        }
        (Samples::U8(values), _) => {
            RgbaImage::from_raw(width, height, values.clone()).map(Into::into)
        }
        (Samples::U16(values), 1) => {
            ImageBuffer::from_raw(width, height, values.clone()).map(DynamicImage::ImageLuma16)
        }
        (Samples::U16(values), 2) => {
            ImageBuffer::from_raw(width, height, values.clone()).map(DynamicImage::ImageLumaA16)
        }
        (Samples::U16(values), 3) => {
            ImageBuffer::from_raw(width, height, values.clone()).map(DynamicImage::ImageRgb16)
        }
        (Samples::U16(values), _) => {
            ImageBuffer::from_raw(width, height, values.clone()).map(DynamicImage::ImageRgba16)
        }
        (Samples::F32(values), 4) => {
            Rgba32FImage::from_raw(width, height, values.clone()).map(Into::into)
        }
        (Samples::F32(values), _) => {
            Rgb32FImage::from_raw(width, height, values.clone()).map(Into::into)
        }
    };
    picture.ok_or_else(|| {
        EncodeError::Format(format!("not as many values as {} pixels have", page.size))
    })
}

/// The crate's errors as ours.
pub(super) fn error(error: ImageError) -> EncodeError {
    match error {
        ImageError::IoError(error) => EncodeError::Io(error),
        error => EncodeError::Format(error.to_string()),
    }
}

/// The file of a page in a format of the crate's that has no settings.
pub(super) fn write(page: &Page, format: ImageFormat) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Cursor::new(Vec::new());
    dynamic(page)?.write_to(&mut bytes, format).map_err(error)?;
    Ok(bytes.into_inner())
}
