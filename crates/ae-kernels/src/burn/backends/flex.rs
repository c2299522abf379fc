//! The operations on Burn's backend flex.

use std::borrow::Cow;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Flex, Shape, flex::FlexTensor};
use burn::tensor::TensorData;

use crate::burn::host::{self, Host};
use crate::burn::network::Network;
use crate::burn::ops::{StackOperations, WeightList};
use crate::loss::Loss;

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

impl StackOperations for Flex {
    fn stack_forward(
        x: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        host::forward::<Self>(x, weights, &network)
    }

    fn stack_loss(
        x: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: WeightList<Self>,
        network: Network,
        loss: Loss,
    ) -> FloatTensor<Self> {
        host::loss::<Self>(x, target, weights, &network, loss)
    }
}
