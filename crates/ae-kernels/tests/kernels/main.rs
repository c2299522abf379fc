//! The kernels as a caller sees them.

mod dense;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod dense_tensors;
mod reference;
mod stages;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod tensors;
mod updates;
