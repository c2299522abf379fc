//! Where the values of Burn's backend ndarray lie.
//!
//! The backend is deprecated since 0.22 and gone from 0.23: to part with it, delete this file, its feature, its lines in `backends.rs` and its name among the operations' backends.

use std::borrow::Cow;

use burn::backend::{NdArray, Shape, ndarray::NdArrayTensor};
use burn::tensor::TensorData;

use crate::burn::host::Host;

impl Host for NdArray {
    fn values(tensor: &NdArrayTensor) -> Cow<'_, [f32]> {
        let NdArrayTensor::F32(storage) = tensor else {
            unreachable!("the operations look at the type first")
        };
        let view = storage.view();
        match view.to_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(view.iter().copied().collect()),
        }
    }

    fn tensor(values: Vec<f32>, shape: Shape) -> NdArrayTensor {
        NdArrayTensor::from_data(TensorData::new(values, shape))
    }
}
