//! The kernels as a caller sees them.

mod reference;
mod stages;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod tensors;
mod updates;
