#![doc = include_str!("../README.md")]
#![expect(
    clippy::needless_range_loop,
    clippy::too_many_arguments,
    clippy::type_complexity,
    clippy::excessive_precision,
    reason = "kernels count over several arrays at once, and their constants are as published"
)]

#[cfg(feature = "burn")]
mod burn;
mod conv;
mod dense;
mod error;
mod layout;
mod loss;
mod optim;
mod simd;

#[cfg(feature = "burn")]
pub use crate::burn::host_tensor::{HostTensor, is_on_host};
#[cfg(feature = "burn")]
pub use crate::burn::transposed::TransposedConvolution;
pub use conv::engine::Gradients;
pub use conv::flops::StageArithmetic;
pub use conv::stack::{Images, Stack};
pub use conv::stage::{Activation, Precision, Resize, Stage};
pub use dense::stack::{Activations, DenseLayer, DenseStack, WeightOrder};
pub use error::KernelError;
pub use layout::weights::Weights;
pub use loss::Loss;
pub use optim::update::{Parameter, UpdateRule, gradient_norm, update};
