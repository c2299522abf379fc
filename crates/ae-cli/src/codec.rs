//! What commands need of the codecs `pixel` and `transform`: their runs and models, sets of images as it takes them, where decoded images go.

pub(crate) mod container;
pub(crate) mod decoding_model;
pub(crate) mod destination;
pub(crate) mod images;
pub(crate) mod model;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod transform;

/// What the codec is called, as a kind of model.
pub(crate) const PIXEL: &str = "pixel";
