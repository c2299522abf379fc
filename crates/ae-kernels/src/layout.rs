//! How images and weights lie in memory.

pub(crate) mod buffer;
pub(crate) mod weights;
