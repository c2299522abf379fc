//! Tensors whose values can be read where they lie.

use std::borrow::Cow;

use burn::backend::{BackendTensor, DType, DispatchDevice, DispatchTensorKind, TensorMetadata};
use burn::tensor::{Device, Tensor};

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::burn::host::Host;

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
        let is_single = kind.dtype() == DType::F32;
        let is_here = match &kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(BackendTensor::Float(_)) => true,
            #[cfg(feature = "ndarray")]
            DispatchTensorKind::NdArray(BackendTensor::Float(_)) => true,
            _ => false,
        };
        (is_single && is_here).then_some(Self { kind })
    }

    /// Its values, the last axis fastest; copied only where they do not lie so.
    pub fn values(&self) -> Cow<'_, [f32]> {
        match &self.kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => {
                burn::backend::Flex::values(tensor)
            }
            #[cfg(feature = "ndarray")]
            DispatchTensorKind::NdArray(BackendTensor::Float(tensor)) => {
                burn::backend::NdArray::values(tensor)
            }
            _ => unreachable!("only the tensors above were taken"),
        }
    }
}

/// Whether the tensors of a device lie in this process's memory, for [`HostTensor`] to take.
#[must_use]
pub fn is_on_host(device: &Device) -> bool {
    match device.clone().without_autodiff().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        _ => false,
    }
}
