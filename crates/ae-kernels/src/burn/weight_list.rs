//! The weights of a stack as Burn's operations take them.

use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    ExtensionType,
};
use burn::tensor::Tensor;

/// Weight and bias of every stage in turn, the latter where there is one: as many tensors as it takes.
#[derive(Clone, Debug)]
pub(crate) struct WeightList<B: Backend> {
    pub(crate) tensors: Vec<FloatTensor<B>>,
    /// Which stages have a bias.
    pub(crate) biases: Vec<bool>,
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
            biases: self.biases,
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
            biases: target.biases,
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
    pub(crate) fn new<'a, const D: usize>(
        weights: impl IntoIterator<Item = (&'a Tensor<D>, Option<&'a Tensor<1>>)>,
    ) -> Self {
        let mut list = Self {
            tensors: Vec::new(),
            biases: Vec::new(),
        };
        for (weight, bias) in weights {
            list.tensors.push(weight.clone().into_dispatch());
            list.biases.push(bias.is_some());
            list.tensors
                .extend(bias.map(|bias| bias.clone().into_dispatch()));
        }
        list
    }
}

impl<B: Backend> WeightList<B> {
    /// Weight and bias of every stage.
    pub(crate) fn into_pairs(
        self,
    ) -> impl Iterator<Item = (FloatTensor<B>, Option<FloatTensor<B>>)> {
        let mut tensors = self.tensors.into_iter();
        self.biases.into_iter().map_while(move |has_bias| {
            let weight = tensors.next()?;
            let bias = if has_bias { tensors.next() } else { None };
            Some((weight, bias))
        })
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl<B: Backend> WeightList<B> {
    /// The weights of the first `stages` stages, and the rest.
    pub(crate) fn cut(mut self, stages: usize) -> (Self, Self) {
        let rest = self.biases.split_off(stages);
        let biases = self.biases.iter().filter(|has_bias| **has_bias).count();
        let tensors = self.tensors.split_off(stages + biases);
        let rest = Self {
            tensors,
            biases: rest,
        };
        (self, rest)
    }
}
