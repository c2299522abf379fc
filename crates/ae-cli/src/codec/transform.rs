//! What commands need of the codec `transform`: its models, which are an autoencoder and the tables of its symbols.

pub(crate) mod compressing;
pub(crate) mod ending;
pub(crate) mod model;
pub(crate) mod points;
pub(crate) mod tables;

/// What the codec is called, as a kind of model.
pub(crate) const TRANSFORM: &str = "transform";
