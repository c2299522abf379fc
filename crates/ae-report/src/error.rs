//! What can go wrong while a picture is drawn or written.

use std::io;
use std::path::PathBuf;

use ae_data::ImageShape;

/// A picture that cannot be drawn or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// There is nothing to draw.
    #[error("no images to draw in {what}")]
    NoImages {
        /// The picture or the row without images.
        what: String,
    },
    /// There are more images than fit on a picture of a screen's size.
    #[error("{found} images do not fit on one picture (at most {most} would)")]
    TooManyImages {
        /// Images given.
        found: usize,
        /// Images that would fit in as many rows and columns, at the smallest size that can be seen.
        most: usize,
    },
    /// Images of one row differ in shape.
    #[error("image {index} of {what} is {found}, the first one is {expected}")]
    ShapeMismatch {
        /// The row.
        what: String,
        /// The image that differs, counted from 0.
        index: usize,
        /// The first image's shape.
        expected: ImageShape,
        /// The other image's shape.
        found: ImageShape,
    },
    /// Two lists that belong together differ in length.
    #[error("{what}: expected {expected}, found {found}")]
    CountMismatch {
        /// What was counted.
        what: String,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An image is neither gray nor red, green and blue.
    #[error("cannot draw an image of {channels} channels (1 and 3 are possible)")]
    UnsupportedChannels {
        /// The image's channels.
        channels: usize,
    },
    /// A code's shape cannot be drawn, or does not go with the values given.
    #[error("cannot draw codes of shape {shape:?} from {values} values: {reason}")]
    CodeShape {
        /// The shape given: `[values]`, `[height, width]` or `[maps, height, width]`.
        shape: Vec<usize>,
        /// How many values were given.
        values: usize,
        /// Why not.
        reason: &'static str,
    },
    /// A chart has no series, no points, or none that is a finite number.
    #[error("nothing to draw in the chart {title:?}: {reason}")]
    EmptyChart {
        /// The chart's title.
        title: String,
        /// What is missing.
        reason: &'static str,
    },
    /// A picture's sides are zero or beyond what fits in memory.
    #[error("cannot draw a picture of {width} x {height} pixels")]
    PictureSize {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// The PNG encoder failed.
    #[error("cannot encode a picture as PNG")]
    Encode {
        /// The encoder's error.
        source: image::ImageError,
    },
    /// A picture cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The picture's file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Checks that two lists that belong together are equally long.
pub(crate) fn check_count(what: &str, expected: usize, found: usize) -> Result<(), ReportError> {
    if expected == found {
        return Ok(());
    }
    Err(ReportError::CountMismatch {
        what: what.to_owned(),
        expected,
        found,
    })
}
