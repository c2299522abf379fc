//! How near images come to their reference.

pub(crate) mod cross_entropy;
pub(crate) mod meter;
pub(crate) mod ssim;
