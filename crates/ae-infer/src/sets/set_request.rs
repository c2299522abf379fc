//! Which images somebody wants a model to see (`SetRequest`).

use ae_data::{Binarization, Channels, Fit, Part, Size, ValueRange};

/// Which images a model is to see. What is left out is as the model was trained.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SetRequest {
    /// A known name or a path; the set that the model was trained on where there is none.
    pub named: Option<String>,
    /// Which images of it: the test images of the model's own set, and all of any other, where it isn't said.
    pub part: Option<Part>,
    /// The size that images are brought to; it must be the model's.
    pub size: Option<Size>,
    /// How images of another proportion are brought to the size.
    pub fit: Option<Fit>,
    /// The channels that images are brought to; they must be the model's.
    pub channels: Option<Channels>,
    /// Rows and columns of the patches that are cut from pictures of any sizes; they must be the model's.
    pub patch: Option<usize>,
    /// The values of black and white in pictures of 16 bits or floating point.
    pub range: Option<ValueRange>,
    /// The most pixels of a picture.
    pub max_pixels: Option<u64>,
    /// Whether images are made black and white.
    pub binarize: Option<Binarization>,
    /// At most so many images of each part, spread over the classes.
    pub limit: Option<usize>,
    /// The share of test images of a set that the model was not trained on and that has none of its own: for what has to
    /// learn from a part of it.
    pub test_share: Option<f64>,
    /// The share of validation images of such a set.
    pub validation_share: Option<f64>,
    /// Whether training images of such a set that also occur among the others are dropped.
    pub dedup: bool,
    /// Whether an unreadable image is an error.
    pub strict: bool,
}

impl SetRequest {
    /// The set of this name or at this path.
    #[must_use]
    pub fn named(set: impl Into<String>) -> Self {
        Self {
            named: Some(set.into()),
            ..Self::default()
        }
    }
}
