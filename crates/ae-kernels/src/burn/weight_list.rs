//! The weights of a stack as Burn's operations take them.

use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    ExtensionType,
};
use burn::tensor::Tensor;

/// Weight and bias of every stage in turn: as many tensors as it takes.
#[derive(Clone, Debug)]
pub(crate) struct WeightList<B: Backend> {
    pub(crate) tensors: Vec<FloatTensor<B>>,
}

/// What `#[derive(ExtensionType)]` writes for tensors, for a list of them.
impl<B: Backend> ExtensionType<B> for WeightList<B> {
    type Target = WeightList<Dispatch>;

    fn map_to_dispatch<F>(self, map_kind: F, autodiff: DispatchAutodiffContext) -> Self::Target
    where
        F: Fn(BackendTensor<B>) -> DispatchTensorKind,
    {
        let wrap = |tensor| DispatchTensor {
            kind: map_kind(BackendTensor::Float(tensor)),
            autodiff,
        };
        WeightList {
            tensors: self.tensors.into_iter().map(wrap).collect(),
        }
    }

    fn map_from_dispatch<F>(target: Self::Target, unwrap_kind: F) -> Self
    where
        F: Fn(DispatchTensor) -> BackendTensor<B>,
    {
        Self {
            tensors: target
                .tensors
                .into_iter()
                .map(|tensor| unwrap_kind(tensor).float())
                .collect(),
        }
    }

    fn routing_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.tensors.first()
    }

    fn routing_float_tensor(target: &Self::Target) -> Option<&DispatchTensor> {
        target.tensors.first()
    }

    fn autodiff_context(target: &Self::Target) -> DispatchAutodiffContext {
        let contexts = target.tensors.iter().map(|tensor| tensor.autodiff);
        contexts.fold(
            DispatchAutodiffContext::Disabled,
            DispatchAutodiffContext::merge,
        )
    }
}

impl WeightList<Dispatch> {
    /// Those of tensors that may lie anywhere.
    pub(crate) fn new<const D: usize>(weights: &[(Tensor<D>, Tensor<1>)]) -> Self {
        let tensors = weights.iter().flat_map(|(weight, bias)| {
            [weight.clone().into_dispatch(), bias.clone().into_dispatch()]
        });
        Self {
            tensors: tensors.collect(),
        }
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl<B: Backend> WeightList<B> {
    /// The weights of the first `stages` stages, and the rest.
    pub(crate) fn cut(mut self, stages: usize) -> (Self, Self) {
        let rest = self.tensors.split_off(2 * stages);
        (self, Self { tensors: rest })
    }
}
