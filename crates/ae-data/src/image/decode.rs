//! From a file to an image: in any format, within limits.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use ::image::metadata::Orientation;
use ::image::{ColorType, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::DataError;
use crate::image::Image;
use crate::image::digest::{ImageDigest, source_digest};
use crate::image::shape::{Channels, Fit, ImageShape, Size};

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
    /// Gray or color; its own when `None`.
    pub channels: Option<Channels>,
    /// How large it may be.
    pub limits: ImageLimits,
}

impl Image {
    /// Reads an image in any format that the `image` crate reads, found out from its content.
    ///
    /// It is turned upright where its metadata says how, transparent parts show white, and 16 bits become 8.
    ///
    /// # Errors
    /// When there is no such file, it is no image, or it is larger than `options.limits`.
    pub fn read(path: &Path, options: &ImageOptions) -> Result<Self, DataError> {
        Self::read_digested(path, options).map(|(image, _)| image)
    }

    /// The same with the digest of the picture before it was brought to `options`: what it is known by.
    pub(crate) fn read_digested(
        path: &Path,
        options: &ImageOptions,
    ) -> Result<(Self, ImageDigest), DataError> {
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
        Self::decode_digested(bytes, path, options).map(|(image, _)| image)
    }

    /// As [`read_digested`](Self::read_digested), from the bytes of a file.
    pub(crate) fn decode_digested(
        bytes: &[u8],
        path: &Path,
        options: &ImageOptions,
    ) -> Result<(Self, ImageDigest), DataError> {
        check_file_bytes(path, bytes.len() as u64, &options.limits)?;
        Self::decode_from(Cursor::new(bytes), path, options)
    }

    fn decode_from(
        reader: impl BufRead + Seek,
        path: &Path,
        options: &ImageOptions,
    ) -> Result<(Self, ImageDigest), DataError> {
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
        let digest = image.digest_of(&decoded);
        drop(decoded);
        if let Some(channels) = options.channels {
            image = image.with_channels(channels);
        }
        let image = match options.size {
            Some(size) => image.resized(size, options.fit),
            None => image,
        };
        Ok((image, digest))
    }

    /// The digest of the picture that this image was made from: of the image where that holds all of it, else of the
    /// samples as they were decoded.
    fn digest_of(&self, decoded: &DynamicImage) -> ImageDigest {
        let color = decoded.color();
        if matches!(color, ColorType::L8 | ColorType::Rgb8) {
            return source_digest(self.shape(), self.pixels());
        }
        // More bytes than an image of 8 bits has, so that the two are never taken for each other.
        let shape = ImageShape {
            channels: usize::from(color.bytes_per_pixel()) << 8 | self.shape().channels,
            ..self.shape()
        };
        source_digest(shape, decoded.as_bytes())
    }

    /// Gray for a gray source, color for any other; transparent parts show a white ground, as on paper.
    pub(super) fn from_dynamic(decoded: &DynamicImage) -> Self {
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
