//! Stacks on Burn's tensors: as operations of its backends, with their gradients.

#[cfg(any(feature = "flex", feature = "ndarray"))]
mod autodiff;
#[cfg_attr(
    feature = "ndarray",
    expect(
        deprecated,
        reason = "Burn still ships ndarray, and users still choose it"
    )
)]
mod backends;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod host;
pub(crate) mod host_tensor;
mod network;
#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the list of backends names ndarray")
)]
mod ops;
mod reference;
mod stacks;
pub(crate) mod transposed_convolution;
mod weight_list;
