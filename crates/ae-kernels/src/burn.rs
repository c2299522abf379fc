//! The stacks on Burn's tensors.

mod backends;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(crate) mod host;
#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "it reads ndarray's tensors, too")
)]
pub(crate) mod host_tensor;
pub(crate) mod network;
#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the list of backends names ndarray")
)]
pub(crate) mod ops;
mod stacks;
pub(crate) mod transposed;
