//! The images of one file: one, or several where it has pages or frames.

use std::cmp::Ordering;
use std::path::Path;

use crate::error::DataError;
use crate::image::{Decoded, ImageOptions};
use crate::picture::{DeepRanges, PictureReader, split_page};

/// What a file turned out to hold.
pub(crate) enum FileImages {
    /// One image, or the reason why it cannot be read.
    One(Result<Decoded, DataError>),
    /// So many, which are read one by one.
    Several(usize),
}

impl FileImages {
    /// Looks into a file, and decodes its image where it has one.
    pub(crate) fn of(
        opened: Result<PictureReader, DataError>,
        options: &ImageOptions,
        ranges: &DeepRanges,
    ) -> Self {
        match opened {
            Ok(reader) if reader.page_count() > 1 => Self::Several(reader.page_count()),
            opened => Self::One(opened.and_then(|mut reader| {
                Ok(Decoded::of_page(&reader.raw_page(0)?, ranges, options))
            })),
        }
    }
}

/// The order of files, those that are pages of one file by their numbers.
pub(crate) fn in_order(one: &Path, other: &Path) -> Ordering {
    match (split_page(one), split_page(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.cmp(other),
    }
}
