//! What commands need of the codec `transform`: its models, which are an autoencoder and the tables of its symbols.

pub(crate) mod coder;
pub(crate) mod compressing;
pub(crate) mod ending;
pub(crate) mod indices;
pub(crate) mod model;
pub(crate) mod points;
pub(crate) mod symbols;
pub(crate) mod tables;

/// What the codec is called, as a kind of model.
pub(crate) const TRANSFORM: &str = "transform";
/// The kind of its models of pictures of any sizes.
pub(crate) const PICTURE_TRANSFORM: &str = "picture-transform";
/// The kinds whose symbols are digits of indices of codewords.
const WITH_CODEWORDS: [&str; 2] = ["vq", "fsq"];

/// Whether models of a kind are the codec's.
pub(crate) fn is_of_codec(kind: &str) -> bool {
    [TRANSFORM, PICTURE_TRANSFORM].contains(&kind) || WITH_CODEWORDS.contains(&kind)
}
