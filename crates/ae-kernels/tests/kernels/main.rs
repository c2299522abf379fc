//! The kernels as a caller sees them.

mod conv;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod conv_tensors;
mod dense;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod dense_tensors;
mod large_images;
mod optim;
mod pointwise;
mod reference;
mod skips;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod skips_tensors;
