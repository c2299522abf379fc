#![doc = include_str!("../README.md")]
#![expect(
    clippy::needless_range_loop,
    clippy::too_many_arguments,
    clippy::type_complexity,
    clippy::excessive_precision,
    reason = "kernels count over several arrays at once, and their constants are as published"
)]

mod activation;
#[cfg(feature = "burn")]
mod burn;
mod compute_path;
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
pub use crate::burn::transposed_convolution::TransposedConvolution;
pub use activation::Activation;
pub use compute_path::ComputePath;
pub use conv::flops::StageArithmetic;
pub use conv::stack::{Images, Stack};
pub use conv::stage::{Precision, Resize, Skip, Stage};
pub use dense::layer::{DenseLayer, WeightOrder};
pub use dense::parts::Activations;
pub use dense::row_losses::RowBuffers;
pub use dense::stack::DenseStack;
pub use error::{KernelError, OUT_OF_MEMORY};
pub use layout::weights::{Gradients, Weights};
pub use loss::Loss;
pub use optim::rule::UpdateRule;
pub use optim::update::{Parameter, gradient_norm, update};
