//! How long an image is as a PNG file: a measure of its complexity.

use std::io::Cursor;

use ae_data::{Image, ImageShape};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};

use crate::error::EvalError;

/// The bytes of an image's PNG file, compressed as far as the encoder can, its filters chosen by row.
///
/// Gray and color are what PNG knows; of any other number of channels the planes are stored one below the other.
///
/// # Errors
/// [`EvalError::PngEncode`] where a side is longer than PNG knows, or memory ends.
pub fn png_bytes(image: &Image) -> Result<usize, EvalError> {
    let shape = image.shape();
    let ImageShape {
        channels,
        height,
        width,
    } = shape;
    let (pixels, height, color) = match channels {
        3 => (image.interleaved(), height, ExtendedColorType::Rgb8),
        _ => (
            image.pixels().to_vec(),
            channels.saturating_mul(height),
            ExtendedColorType::L8,
        ),
    };
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let mut file = Cursor::new(Vec::new());
    PngEncoder::new_with_quality(&mut file, CompressionType::Best, FilterType::Adaptive)
        .write_image(&pixels, side(width), side(height), color)
        .map_err(|source| EvalError::PngEncode { shape, source })?;
    Ok(file.into_inner().len())
}

#[cfg(test)]
mod tests {
    use ae_random::{Draw, Purpose};

    use super::*;

    #[test]
    fn what_is_simple_is_short() {
        let shape = ImageShape::new(1, 28, 28);
        let flat = Image::new(shape, vec![7; 784]).unwrap();
        let draw = Draw {
            seed: 1,
            purpose: Purpose::Display,
            epoch: 0,
            index: 0,
        };
        let mut numbers = draw.stream();
        let noise = (0..784).map(|_| numbers.uniform_below(256) as u8);
        let noisy = Image::new(shape, noise.collect()).unwrap();
        let (flat, noisy) = (png_bytes(&flat).unwrap(), png_bytes(&noisy).unwrap());
        assert!((57..110).contains(&flat), "{flat}");
        assert!((784..950).contains(&noisy), "{noisy}");
    }

    #[test]
    fn the_file_is_a_png_of_the_image() {
        for channels in [1, 2, 3, 5] {
            let shape = ImageShape::new(channels, 6, 9);
            let pixels = (0..shape.values()).map(|value| (value * 31 % 256) as u8);
            let image = Image::new(shape, pixels.collect()).unwrap();
            assert!(png_bytes(&image).unwrap() > 60, "{channels} channels");
        }
    }
}
