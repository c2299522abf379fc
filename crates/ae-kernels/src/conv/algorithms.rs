//! The algorithms of a stage's convolution.

pub(crate) mod direct;
pub(crate) mod planar;
pub(crate) mod tap_gather;
pub(crate) mod upsampled;
pub(crate) mod winograd_f43;
