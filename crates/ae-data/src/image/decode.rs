//! From a file to an image: in any format, within limits.

use std::path::Path;

use crate::error::DataError;
use crate::image::Image;
use crate::image::digest::{ImageDigest, source_digest};
use crate::image::fitted::Fitted;
use crate::image::limits::ImageLimits;
use crate::image::shape::{Channels, Fit, ImageShape, Size};
use crate::picture::{DeepRanges, Depths, Page, PictureReader, Samples, ValueRange};

/// What an image should become when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImageOptions {
    /// The size to bring it to; its own when `None`.
    pub size: Option<Size>,
    /// What happens when its proportions are other ones than those of `size`.
    pub fit: Fit,
    /// Gray or color; its own when `None`.
    pub channels: Option<Channels>,
    /// The values of black and white in pictures of 16 bits or floating point; found out from their values when `None`,
    /// over all of a set. Pictures of 8 bits are taken as they are.
    pub range: Option<ValueRange>,
    /// How large it may be.
    pub limits: ImageLimits,
}

/// An image and what its picture was.
pub(crate) struct Decoded {
    pub(crate) image: Image,
    /// What the picture is known by, before it was brought to a range, a size or channels.
    pub(crate) digest: ImageDigest,
    /// The values that the picture has.
    pub(crate) depths: Depths,
    /// What it lost on the way.
    pub(crate) fitted: Fitted,
}

impl ImageOptions {
    /// What an image loses by them.
    pub(crate) fn loses(&self, image: &Image) -> Fitted {
        Fitted::of(image, self.size, self.fit, self.channels)
    }
}

impl Image {
    /// Reads an image in any format that [`PictureReader`] reads, found out from its content.
    ///
    /// It is turned upright where its metadata says how, transparent parts show white, and deep pictures become bytes by
    /// `options.range`. A page of a file of several is named as `scans.tif[3]`, counted from 0.
    ///
    /// # Errors
    /// When there is no such file, it is no image or several, or it is larger than `options.limits`.
    pub fn read(path: &Path, options: &ImageOptions) -> Result<Self, DataError> {
        Self::of_single(
            PictureReader::open_raw(path, &options.limits)?,
            path,
            options,
        )
    }

    /// The same where it is known what the values of deep pictures are taken for.
    pub(crate) fn read_in(
        path: &Path,
        options: &ImageOptions,
        ranges: &DeepRanges,
    ) -> Result<Self, DataError> {
        let mut reader = PictureReader::open_raw(path, &options.limits)?;
        Ok(Decoded::of_page(&reader.raw_page(0)?, ranges, options).image)
    }

    /// Decodes an image from the bytes of a file; `path` gives errors their name, and its extension tells the format
    /// that has no signature, Targa.
    ///
    /// # Errors
    /// When the bytes are no image or several, or it is larger than `options.limits`.
    pub fn decode(bytes: &[u8], path: &Path, options: &ImageOptions) -> Result<Self, DataError> {
        let reader = PictureReader::from_bytes_raw(bytes.to_vec(), path, &options.limits)?;
        Self::of_single(reader, path, options)
    }

    fn of_single(
        mut reader: PictureReader,
        path: &Path,
        options: &ImageOptions,
    ) -> Result<Self, DataError> {
        let pages = reader.page_count();
        if pages > 1 {
            let reason = format!(
                "the file has {pages} pages: name one, the first as {}[0]",
                path.display()
            );
            return Err(DataError::decode(path, reason));
        }
        let page = reader.raw_page(0)?;
        let ranges = Depths::of(&page)
            .ranges(options.range)
            .map_err(|reason| DataError::decode(path, reason))?;
        Ok(Decoded::of_page(&page, &ranges, options).image)
    }

    /// The image in the channels and the size that are asked for.
    pub(crate) fn brought_to(self, options: &ImageOptions) -> Self {
        let image = match options.channels {
            Some(channels) => self.with_channels(channels),
            None => self,
        };
        match options.size {
            Some(size) => image.resized(size, options.fit),
            None => image,
        }
    }
}

impl Decoded {
    /// Makes an image of a page.
    pub(crate) fn of_page(page: &Page, ranges: &DeepRanges, options: &ImageOptions) -> Self {
        let image = Image::of_page(page, ranges);
        Self {
            digest: digest_of(page, &image),
            fitted: options.loses(&image),
            image: image.brought_to(options),
            depths: Depths::of(page),
        }
    }
}

/// The digest of a page: of the image made from it where that holds all of it, else of its samples.
fn digest_of(page: &Page, image: &Image) -> ImageDigest {
    let bytes: Vec<u8> = match &page.samples {
        Samples::U8(_) if !page.has_alpha() => return source_digest(image.shape(), image.pixels()),
        Samples::U8(values) => values.clone(),
        Samples::U16(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        Samples::F32(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    };
    // More bytes than an image of 8 bits has, so that the two are never taken for each other.
    let pixel_bytes = page.channels * usize::from(page.samples.bits() / 8);
    let shape = ImageShape {
        channels: pixel_bytes << 8 | image.shape().channels,
        ..image.shape()
    };
    source_digest(shape, &bytes)
}
