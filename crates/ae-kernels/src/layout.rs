//! How images and weights lie in memory.

pub(crate) mod bands;
pub(crate) mod buffer;
pub(crate) mod prepared;
pub(crate) mod weight_blocks;
pub(crate) mod weights;
