//! Where the values of Burn's backend flex lie.

use std::borrow::Cow;

use burn::backend::{Flex, Shape, flex::FlexTensor};
use burn::tensor::TensorData;

use crate::burn::host::Host;

impl Host for Flex {
    fn values(tensor: &FlexTensor) -> Cow<'_, [f32]> {
        match tensor.as_slice::<f32>() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(tensor.to_contiguous().storage::<f32>().to_vec()),
        }
    }

    fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
        FlexTensor::from_data(TensorData::new(values, shape))
    }
}
