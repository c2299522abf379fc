#![doc = include_str!("../README.md")]
#![expect(
    clippy::needless_range_loop,
    clippy::too_many_arguments,
    clippy::type_complexity,
    clippy::excessive_precision,
    reason = "kernels count over several arrays at once, and their constants are as published"
)]

mod arithmetic;
mod blank;
mod brief;
mod buffer;
mod dense;
mod direct;
mod ends;
mod engine;
mod error;
mod loss;
mod matmul;
mod overlap;
mod pass;
mod plan;
mod planar;
mod repeats;
mod simd;
mod stack;
mod stage;
mod taps;
mod tiles;
mod transforms;
mod update;
mod upsample;
mod weights;
mod winograd;

#[cfg(feature = "wgpu")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod host;
#[cfg(feature = "burn")]
#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "it reads ndarray's tensors, too")
)]
mod host_tensor;
#[cfg(feature = "ndarray")]
#[expect(
    deprecated,
    reason = "Burn still ships the backend, and users still choose it"
)]
mod ndarray;
#[cfg(feature = "burn")]
mod network;
#[cfg(feature = "burn")]
#[cfg_attr(
    feature = "ndarray",
    expect(deprecated, reason = "the list of backends names ndarray")
)]
mod operation;
#[cfg(feature = "burn")]
mod tensor;
#[cfg(feature = "burn")]
mod transposed;

pub use arithmetic::StageArithmetic;
pub use dense::{Activations, DenseLayer, DenseStack, WeightOrder};
pub use engine::Gradients;
pub use error::KernelError;
#[cfg(feature = "burn")]
pub use host_tensor::{HostTensor, is_on_host};
pub use loss::Loss;
pub use stack::{Images, Stack};
pub use stage::{Activation, Precision, Resize, Stage};
#[cfg(feature = "burn")]
pub use transposed::TransposedConvolution;
pub use update::{Parameter, UpdateRule, gradient_norm, update};
pub use weights::Weights;
