//! The operations of backends whose tensors lie in this process's memory, by the kernels.

use std::borrow::Cow;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, DType, Shape, TensorMetadata};

use crate::burn::network::Network;
use crate::burn::ops::StackOperations;
use crate::burn::reference;
use crate::burn::weight_list::WeightList;
use crate::compute_path::ComputePath;
use crate::error::KernelError;
use crate::layout::weights::Weights;
use crate::loss::Loss;

/// A backend whose tensors lie in this process's memory.
pub(crate) trait Host: Backend {
    /// The values of a tensor of single precision, the last axis fastest.
    fn values(tensor: &FloatTensor<Self>) -> Cow<'_, [f32]>;

    /// A tensor of `values`, which it takes over.
    fn tensor(values: Vec<f32>, shape: Shape) -> FloatTensor<Self>;
}

/// A backend whose tensors lie in this process's memory has the operations by the kernels.
impl<B: Host> StackOperations for B {
    fn stack_forward(
        x: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        forward::<Self>(x, weights, &network)
    }

    fn stack_loss(
        x: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
        loss: Loss,
    ) -> FloatTensor<Self> {
        mean_loss::<Self>(x, target, weights, &network, loss)
    }
}

/// Whether the kernels take these tensors: they compute in single precision only, and not on the reference path.
pub(crate) fn by_kernels<B: Host>(
    network: &Network,
    x: &FloatTensor<B>,
    weights: &WeightList<B>,
) -> bool {
    let single = |tensor: &FloatTensor<B>| tensor.dtype() == DType::F32;
    network.path() == ComputePath::Kernels && single(x) && weights.tensors.iter().all(single)
}

/// [`StackOperations::stack_forward`] without gradients.
pub(crate) fn forward<B: Host>(
    x: FloatTensor<B>,
    weights: WeightList<B>,
    network: &Network,
) -> FloatTensor<B> {
    if !by_kernels::<B>(network, &x, &weights) {
        return network.reference::<B>(x, weights);
    }
    let output = with_slices::<B, _>(&x, &weights, |values, shape, weights| {
        network.infer(values, shape, weights)
    });
    let (values, shape) = expect_run(output);
    B::tensor(values, shape)
}

/// [`StackOperations::stack_loss`] without gradients.
pub(crate) fn mean_loss<B: Host>(
    x: FloatTensor<B>,
    target: FloatTensor<B>,
    weights: WeightList<B>,
    network: &Network,
    loss: Loss,
) -> FloatTensor<B> {
    let by_kernels = by_kernels::<B>(network, &x, &weights) && target.dtype() == DType::F32;
    let output = forward::<B>(x, weights, network);
    if !by_kernels {
        return reference::loss::<B>(loss, output, target);
    }
    let (output, target) = (B::values(&output), B::values(&target));
    let mut unused = vec![0.0; output.len()];
    let mean = loss.sum(&output, &target, 1.0, &mut unused) / output.len() as f64;
    B::tensor(vec![mean as f32], Shape::from(vec![1]))
}

/// Lends the tensors' values to `run`.
pub(crate) fn with_slices<B: Host, T>(
    x: &FloatTensor<B>,
    weights: &WeightList<B>,
    run: impl FnOnce(&[f32], &Shape, &[Weights<'_>]) -> Result<T, KernelError>,
) -> Result<T, KernelError> {
    let shape = x.shape();
    let values = B::values(x);
    let tensors: Vec<_> = weights.tensors.iter().map(B::values).collect();
    let mut tensors = tensors.iter().map(|values| &**values);
    let mut next = || tensors.next().unwrap_or(&[]);
    let pair = |has_bias: &bool| Weights {
        weight: next(),
        bias: if *has_bias { next() } else { &[] },
    };
    let weights: Vec<_> = weights.biases.iter().map(pair).collect();
    run(&values, &shape, &weights)
}

/// An operation has no way to give an error; what the caller can get wrong was checked before it.
pub(crate) fn expect_run<T>(result: Result<T, KernelError>) -> T {
    result.unwrap_or_else(|error| panic!("cannot run the stack: {error}"))
}
