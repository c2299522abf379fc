//! One image in memory, and its way from and to a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use ::image::metadata::Orientation;
use ::image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
};
use ae_files::write_atomically;

use crate::error::DataError;
use crate::shape::{Channels, Fit, ImageShape, Size};

/// An image: bytes in planes, `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    shape: ImageShape,
    pixels: Vec<u8>,
}

/// How large an image may be before it is refused.
///
/// All of it is checked before memory is taken, so that a few bytes that claim to be a gigantic image cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// The longest side, in pixels.
    pub max_side_pixels: usize,
    /// The most pixels: height times width.
    pub max_pixels: u64,
    /// The most memory one image may take while it is decoded.
    pub max_decoded_bytes: u64,
    /// The largest encoded file.
    pub max_file_bytes: u64,
}

impl Default for ImageLimits {
    /// 32,768 pixels a side, 64 Mi pixels in all, 512 MiB decoded, 256 MiB encoded.
    fn default() -> Self {
        Self {
            max_side_pixels: 32_768,
            max_pixels: 1 << 26,
            max_decoded_bytes: 512 << 20,
            max_file_bytes: 256 << 20,
        }
    }
}

/// What an image should become when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageOptions {
    /// The size to bring it to; its own when `None`.
    pub size: Option<Size>,
    /// What happens when its proportions are other ones than those of `size`.
    pub fit: Fit,
    /// Gray or colour; its own when `None`.
    pub channels: Option<Channels>,
    /// How large it may be.
    pub limits: ImageLimits,
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

    /// Reads an image in any format that the `image` crate reads, found out from its content.
    ///
    /// It is turned upright where its metadata says how, transparent parts show white, and 16 bits become 8.
    ///
    /// # Errors
    /// When there is no such file, it is no image, or it is larger than `options.limits`.
    pub fn read(path: &Path, options: &ImageOptions) -> Result<Self, DataError> {
        let metadata = fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => DataError::NotFound {
                path: path.to_owned(),
            },
            _ => DataError::read(path, source),
        })?;
        // Opening a pipe would wait for a writer, so look first.
        if !metadata.is_file() {
            let what = if metadata.is_dir() {
                "a folder, not a file"
            } else {
                "not a regular file"
            };
            return Err(DataError::decode(path, what));
        }
        check_file_bytes(path, metadata.len(), &options.limits)?;
        let file = File::open(path).map_err(|source| DataError::read(path, source))?;
        Self::decode_from(BufReader::new(file), path, options)
    }

    /// Decodes an image from the bytes of a file; `path` gives errors their name, and its extension tells the formats
    /// apart that have no signature.
    ///
    /// # Errors
    /// When the bytes are no image, or it is larger than `options.limits`.
    pub fn decode(bytes: &[u8], path: &Path, options: &ImageOptions) -> Result<Self, DataError> {
        check_file_bytes(path, bytes.len() as u64, &options.limits)?;
        Self::decode_from(Cursor::new(bytes), path, options)
    }

    fn decode_from(
        reader: impl BufRead + Seek,
        path: &Path,
        options: &ImageOptions,
    ) -> Result<Self, DataError> {
        let mut reader = ImageReader::new(reader);
        if let Ok(format) = ImageFormat::from_path(path) {
            reader.set_format(format);
        }
        let mut reader = reader
            .with_guessed_format()
            .map_err(|source| DataError::read(path, source))?;
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(options.limits.max_decoded_bytes);
        reader.limits(limits);
        let mut decoder = reader
            .into_decoder()
            .map_err(|error| DataError::decode(path, error))?;
        check_dimensions(path, &decoder, &options.limits)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut decoded =
            DynamicImage::from_decoder(decoder).map_err(|error| DataError::decode(path, error))?;
        decoded.apply_orientation(orientation);
        let mut image = Self::from_dynamic(&decoded);
        drop(decoded);
        if let Some(channels) = options.channels {
            image = image.with_channels(channels);
        }
        Ok(match options.size {
            Some(size) => image.resized(size, options.fit),
            None => image,
        })
    }

    /// Gray for a gray source, colour for any other; transparent parts show a white ground, as on paper.
    fn from_dynamic(decoded: &DynamicImage) -> Self {
        let color = decoded.color();
        let size = Size {
            height: decoded.height() as usize,
            width: decoded.width() as usize,
        };
        let over_white = |value: u8, alpha: u8| {
            let (value, alpha) = (u32::from(value), u32::from(alpha));
            ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let (channels, pixels) = match (color.has_color(), color.has_alpha()) {
            (false, false) => (1, decoded.to_luma8().into_raw()),
            (false, true) => {
                let pixels = decoded.to_luma_alpha8();
                (
                    1,
                    pixels
                        .pixels()
                        .map(|pixel| over_white(pixel.0[0], pixel.0[1]))
                        .collect(),
                )
            }
            (true, false) => {
                let pixels = decoded.to_rgb8();
                let plane = |channel: usize| pixels.pixels().map(move |pixel| pixel.0[channel]);
                (3, (0..3).flat_map(plane).collect())
            }
            (true, true) => {
                let pixels = decoded.to_rgba8();
                let plane = |channel: usize| {
                    pixels
                        .pixels()
                        .map(move |pixel| over_white(pixel.0[channel], pixel.0[3]))
                };
                (3, (0..3).flat_map(plane).collect())
            }
        };
        Self::from_parts(ImageShape::new(channels, size.height, size.width), pixels)
    }

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
                    "{channels} channels are neither gray nor colour"
                )));
            }
        };
        let image = image.expect("an image has as many pixels as its shape says");
        let mut encoded = Cursor::new(Vec::new());
        let result = match image.write_to(&mut encoded, format) {
            // QOI, for one, knows colour alone.
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

    /// The bytes pixel by pixel, `[height, width, channels]`, as most image libraries have them.
    #[must_use]
    pub fn interleaved(&self) -> Vec<u8> {
        let step = self.shape.pixels();
        (0..step)
            .flat_map(|pixel| self.pixels[pixel..].iter().step_by(step).copied())
            .collect()
    }
}

fn check_file_bytes(path: &Path, bytes: u64, limits: &ImageLimits) -> Result<(), DataError> {
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

fn check_dimensions(
    path: &Path,
    decoder: &impl ImageDecoder,
    limits: &ImageLimits,
) -> Result<(), DataError> {
    let (width, height) = decoder.dimensions();
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
    if width.max(height) as usize > limits.max_side_pixels {
        return too_large(format!("{} pixels a side", limits.max_side_pixels));
    }
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return too_large(format!("{} pixels", limits.max_pixels));
    }
    if decoder.total_bytes() > limits.max_decoded_bytes {
        return too_large(format!("{} bytes decoded", limits.max_decoded_bytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
