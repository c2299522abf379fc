//! The operations on Burn's backends: by the kernels on the CPU's, by the reference path on the others.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};

use crate::burn::network::Network;
use crate::burn::reference;
use crate::burn::weight_list::WeightList;
use crate::loss::Loss;

/// A stack, of convolutions or of dense layers, as an operation of Burn's backends.
///
/// The default bodies are Burn's own operations, which every backend without kernels of ours runs, and which
/// its autodiff differentiates.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait StackOperations: Backend {
    /// Runs `x` through the stack.
    fn stack_forward(
        x: FloatTensor<Self>,
        #[extension_type] weights: WeightList<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        network.reference::<Self>(x, weights)
    }

    /// The mean loss of what comes out of the stack against `target`, of shape `[1]`.
    fn stack_loss(
        x: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: WeightList<Self>,
        network: Network,
        loss: Loss,
    ) -> FloatTensor<Self> {
        reference::loss::<Self>(loss, Self::stack_forward(x, weights, network), target)
    }
}
