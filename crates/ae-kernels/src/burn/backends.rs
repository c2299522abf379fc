//! The backends whose tensors are reached from here.
//!
//! A backend on the CPU is a file that says where its values lie, its lines here, its name among the operations'
//! backends in `ops.rs`, and its feature.

#[cfg(feature = "wgpu")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "ndarray")]
mod ndarray;

use std::borrow::Cow;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use burn::backend::BackendTensor;
use burn::backend::{DispatchDevice, DispatchTensorKind};

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::burn::host::Host;

/// The values of a tensor of single precision that lies in this process's memory, the last axis fastest; `None` where the
/// backend keeps it elsewhere and where autodiff still tracks it.
pub(crate) fn values(kind: &DispatchTensorKind) -> Option<Cow<'_, [f32]>> {
    match kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => {
            Some(burn::backend::Flex::values(tensor))
        }
        #[cfg(feature = "ndarray")]
        DispatchTensorKind::NdArray(BackendTensor::Float(tensor)) => {
            Some(burn::backend::NdArray::values(tensor))
        }
        _ => None,
    }
}

/// Whether [`values`] gives a tensor's, where it is of single precision.
pub(crate) fn has_values(kind: &DispatchTensorKind) -> bool {
    match kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(BackendTensor::Float(_)) => true,
        #[cfg(feature = "ndarray")]
        DispatchTensorKind::NdArray(BackendTensor::Float(_)) => true,
        _ => false,
    }
}

/// Whether the tensors of a device without autodiff lie in this process's memory.
pub(crate) fn is_on_host(device: &DispatchDevice) -> bool {
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        _ => false,
    }
}
