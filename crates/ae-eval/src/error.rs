//! What can go wrong while images and codes are measured.

use ae_data::{DataError, ImageShape};

/// What can go wrong while images are measured.
///
/// `Display` tells what failed and [`source`](std::error::Error::source) why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// An image could not be read from its set.
    #[error(transparent)]
    Data(#[from] DataError),

    /// A set without images has no mean, no components and no quality.
    #[error("the set {name} has no images")]
    EmptySet {
        /// The set's name.
        name: String,
    },

    /// Training and test images differ in shape.
    #[error("the test images are {test}, the training images {train}")]
    ShapeMismatch {
        /// Shape of the training images.
        train: ImageShape,
        /// Shape of the test images.
        test: ImageShape,
    },

    /// A table of rows whose length is no multiple of the row's.
    #[error("{found} values are no whole number of rows of {row_values}")]
    RaggedRows {
        /// Values in a row.
        row_values: usize,
        /// Values given.
        found: usize,
    },

    /// Principal components of values that are infinite or NaN.
    #[error("row {row} holds a value that is not finite")]
    NotFinite {
        /// The first such row.
        row: usize,
    },

    /// More rows and columns than a principal component analysis can hold.
    #[error(
        "{rows} rows of {values} values are too large for principal components: one of the two must be at most {limit}"
    )]
    TooManyComponents {
        /// Rows given.
        rows: usize,
        /// Values in a row.
        values: usize,
        /// The longest side that the eigendecomposition takes.
        limit: usize,
    },

    /// More rows than every pair can be looked at of.
    #[error("{rows} rows are too few for t-SNE, which keeps neighborhoods: at least {least}")]
    TooFewRows {
        /// Rows given.
        rows: usize,
        /// The fewest that are taken.
        least: usize,
    },

    /// More rows than a method with a cost in their square takes.
    #[error("{rows} rows are too many for t-SNE, which looks at every pair: at most {limit}")]
    TooManyRows {
        /// Rows given.
        rows: usize,
        /// The most that are taken.
        limit: usize,
    },

    /// Codes that a mixture of Gaussians cannot be fitted to.
    #[error(
        "cannot fit {components} Gaussians to {rows} codes of {values} values: at least one Gaussian, no more than codes, and at most {most_values} values"
    )]
    Mixture {
        /// Gaussians asked for.
        components: usize,
        /// Codes given.
        rows: usize,
        /// Values in a code.
        values: usize,
        /// The longest code that a full covariance is kept of.
        most_values: usize,
    },

    /// The eigendecomposition did not converge.
    #[error("the eigendecomposition of a {side}x{side} matrix did not converge")]
    NoConvergence {
        /// Side of the matrix.
        side: usize,
    },

    /// A JPEG quality outside 1 to 100.
    #[error("JPEG quality {quality} is not between 1 and 100")]
    JpegQuality {
        /// The quality asked for.
        quality: u8,
    },

    /// JPEG has neither this many channels nor this many pixels a side.
    #[error("a {shape} image cannot be a JPEG file: 1 or 3 channels, sides of 1 to 65535 pixels")]
    JpegShape {
        /// The image's shape.
        shape: ImageShape,
    },

    /// The JPEG encoder failed.
    #[error("cannot encode a {shape} image as JPEG")]
    JpegEncode {
        /// The image's shape.
        shape: ImageShape,
        /// The encoder's reason.
        source: jpeg_encoder::EncodingError,
    },

    /// The PNG encoder failed.
    #[error("cannot encode a {shape} image as PNG")]
    PngEncode {
        /// The image's shape.
        shape: ImageShape,
        /// The encoder's reason.
        source: image::ImageError,
    },

    /// More pixels than places of defects can be measured in.
    #[error("more than {limit} pixels, too many to measure places of defects in")]
    TooManyPixels {
        /// The most that are taken.
        limit: usize,
    },

    /// The JPEG decoder did not take the encoder's file.
    #[error("cannot decode the JPEG of a {shape} image")]
    JpegDecode {
        /// The image's shape.
        shape: ImageShape,
        /// The decoder's reason.
        source: image::ImageError,
    },

    /// WebP does not take the image: another number of channels, or a side of more than 16,383 pixels.
    #[error("a {shape} image cannot be a WebP file: 1 or 3 channels, sides of 1 to 16383 pixels")]
    WebP {
        /// The image's shape.
        shape: ImageShape,
    },

    /// The encoder's output is not the sequence of segments that JPEG prescribes.
    #[error("the JPEG file breaks off at byte {position}")]
    JpegStream {
        /// Offset of the segment that could not be read.
        position: usize,
    },
}
