//! Limits, checked before memory is taken.

use std::path::Path;

use crate::error::DataError;
use crate::image::ImageLimits;

/// Checks the length of an encoded file.
///
/// # Errors
/// It is empty or too large.
pub(crate) fn check_file_bytes(
    path: &Path,
    bytes: u64,
    limits: &ImageLimits,
) -> Result<(), DataError> {
    if bytes > limits.max_file_bytes {
        return Err(DataError::TooLarge {
            path: path.to_owned(),
            found: format!("{bytes} bytes"),
            limit: format!("{} bytes", limits.max_file_bytes),
        });
    }
    if bytes == 0 {
        return Err(DataError::decode(path, "the file is empty"));
    }
    Ok(())
}

/// Checks a picture's size, where a pixel takes so many bytes.
///
/// # Errors
/// There is no pixel, or there are too many.
pub(crate) fn check_size(
    path: &Path,
    (width, height): (u64, u64),
    pixel_bytes: u64,
    limits: &ImageLimits,
) -> Result<(), DataError> {
    let too_large = |limit: String| {
        Err(DataError::TooLarge {
            path: path.to_owned(),
            found: format!("{width}x{height} pixels"),
            limit,
        })
    };
    if width == 0 || height == 0 {
        return Err(DataError::decode(
            path,
            format!("{width}x{height} pixels are no image"),
        ));
    }
    if width.max(height) > limits.max_side_pixels as u64 {
        return too_large(format!("{} pixels a side", limits.max_side_pixels));
    }
    let pixels = width.saturating_mul(height);
    if pixels > limits.max_pixels {
        return too_large(format!("{} pixels", limits.max_pixels));
    }
    if pixels.saturating_mul(pixel_bytes) > limits.max_decoded_bytes {
        return too_large(format!("{} bytes decoded", limits.max_decoded_bytes));
    }
    Ok(())
}
