//! The kinds of models that are made of a network.

pub(crate) mod contractive;
pub(crate) mod sparse;
pub(crate) mod vae;
