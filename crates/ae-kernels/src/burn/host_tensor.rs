//! Tensors whose values can be read where they lie.

use std::borrow::Cow;

use burn::backend::{DType, DispatchTensorKind, TensorMetadata};
use burn::tensor::{Device, Tensor};

use crate::burn::backends;

/// A tensor of single precision that lies in this process's memory.
#[derive(Clone, Debug)]
pub struct HostTensor {
    kind: DispatchTensorKind,
}

impl HostTensor {
    /// Takes a tensor, which is not copied. `None` where the backend keeps it elsewhere, where it is not of single
    /// precision, and where autodiff still tracks it.
    pub fn new<const D: usize>(tensor: Tensor<D>) -> Option<Self> {
        let kind = tensor.into_dispatch().kind;
        let is_here = kind.dtype() == DType::F32 && backends::has_values(&kind);
        is_here.then_some(Self { kind })
    }

    /// Its values, the last axis fastest; copied only where they do not lie so.
    pub fn values(&self) -> Cow<'_, [f32]> {
        backends::values(&self.kind).expect("only tensors that have values here were taken")
    }
}

/// Whether the tensors of a device lie in this process's memory, for [`HostTensor`] to take.
#[must_use]
pub fn is_on_host(device: &Device) -> bool {
    backends::is_on_host(device.clone().without_autodiff().as_dispatch())
}
