//! From a file to its pictures, page by page.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ::image::metadata::Orientation;
use ::image::{DynamicImage, ImageDecoder as _, ImageReader, Limits};

use crate::error::DataError;
use crate::image::{ImageLimits, Size};
use crate::picture::format::PictureFormat;
use crate::picture::metadata::PictureMetadata;
use crate::picture::page::{Page, Samples};

/// Reads the pictures of a file, one page at a time.
///
/// It keeps the file open, so that writing another file under its name changes nothing that is read.
#[derive(Debug)]
pub struct PictureReader {
    path: PathBuf,
    bytes: Vec<u8>,
    limits: ImageLimits,
    metadata: PictureMetadata,
    page_count: usize,
}

impl PictureReader {
    /// Opens a file and reads what it says of its pictures. The content decides which format it is.
    ///
    /// # Errors
    /// There is no such file, it holds no pictures, or it is larger than `limits`.
    pub fn open(path: &Path, limits: &ImageLimits) -> Result<Self, DataError> {
        let bytes = fs::read(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => DataError::NotFound {
                path: path.to_owned(),
            },
            _ => DataError::read(path, source),
        })?;
        Self::from_bytes(bytes, path, limits)
    }

    /// As [`open`](Self::open), from the bytes of a file; `path` gives errors their name.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn from_bytes(
        bytes: Vec<u8>,
        path: &Path,
        limits: &ImageLimits,
    ) -> Result<Self, DataError> {
        let reader = ImageReader::new(Cursor::new(&bytes))
            .with_guessed_format()
            .map_err(|source| DataError::read(path, source))?;
        let format = reader
            .format()
            .and_then(PictureFormat::from_image_crate)
            .ok_or_else(|| DataError::decode(path, "no format that can be read"))?;
        let mut decoder = reader
            .into_decoder()
            .map_err(|error| DataError::decode(path, error))?;
        let mut metadata = PictureMetadata::new(format, 8);
        metadata.icc_profile = decoder.icc_profile().unwrap_or(None);
        metadata.exif = decoder.exif_metadata().unwrap_or(None);
        drop(decoder);
        Ok(Self {
            path: path.to_owned(),
            bytes,
            limits: *limits,
            metadata,
            page_count: 1,
        })
    }

    /// What the file says of its pictures.
    #[must_use]
    pub fn metadata(&self) -> &PictureMetadata {
        &self.metadata
    }

    /// How many pages or frames there are; at least one.
    #[must_use]
    pub fn page_count(&self) -> usize {
        self.page_count
    }

    /// Decodes a page.
    ///
    /// # Errors
    /// It cannot be decoded, or is larger than the limits.
    ///
    /// # Panics
    /// When there is no page of that number.
    pub fn page(&mut self, index: usize) -> Result<Page, DataError> {
        assert!(index < self.page_count, "page {index}");
        let mut reader = ImageReader::new(Cursor::new(&self.bytes));
        reader.set_format(self.metadata.format.of_image_crate());
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(self.limits.max_decoded_bytes);
        reader.limits(limits);
        let broken = |error| DataError::decode(&self.path, error);
        let mut decoder = reader.into_decoder().map_err(broken)?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut decoded = DynamicImage::from_decoder(decoder).map_err(broken)?;
        decoded.apply_orientation(orientation);
        Ok(Page::from_dynamic(decoded))
    }
}

impl Page {
    /// The samples as the `image` crate decoded them.
    pub(crate) fn from_dynamic(decoded: DynamicImage) -> Self {
        let size = Size {
            height: decoded.height() as usize,
            width: decoded.width() as usize,
        };
        let samples = match decoded {
            DynamicImage::ImageLuma8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageLumaA8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageRgb8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageRgba8(image) => Samples::U8(image.into_raw()),
            DynamicImage::ImageLuma16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageLumaA16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgb16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgba16(image) => Samples::U16(image.into_raw()),
            DynamicImage::ImageRgb32F(image) => Samples::F32(image.into_raw()),
            DynamicImage::ImageRgba32F(image) => Samples::F32(image.into_raw()),
            // The enum is open; what it may gain has a 16-bit form.
            other => match other.color().has_alpha() {
                true => Samples::U16(other.into_rgba16().into_raw()),
                false => Samples::U16(other.into_rgb16().into_raw()),
            },
        };
        Self {
            size,
            channels: samples.len() / (size.height * size.width).max(1),
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }
}
