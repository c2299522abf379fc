//! The operations on Burn's backends: by the kernels on the CPU's, by Burn's own operations on the others.

use burn::backend::ops::{ConvOptions, InterpolateMode, InterpolateOptions};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, BackendTensor, Dispatch, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind,
    ExtensionType, TensorMetadata, backend_extension, get_or_init_device_settings,
};

use crate::burn::network::Network;
use crate::conv::stage::{Activation, Resize, Stage};
use crate::loss::Loss;

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
        network.by_operations::<Self>(x, weights)
    }

    /// The mean loss of what comes out of the stack against `target`, of shape `[1]`.
    fn stack_loss(
        x: FloatTensor<Self>,
        target: FloatTensor<Self>,
        #[extension_type] weights: WeightList<Self>,
        network: Network,
        loss: Loss,
    ) -> FloatTensor<Self> {
        loss_by_operations::<Self>(loss, Self::stack_forward(x, weights, network), target)
    }
}

/// The stages of convolutions by Burn's operations.
pub(crate) fn convolutions_by_operations<B: Backend>(
    stages: &[Stage],
    x: FloatTensor<B>,
    weights: WeightList<B>,
) -> FloatTensor<B> {
    let mut tensors = weights.tensors.into_iter();
    stages.iter().fold(x, |mut x, stage| {
        let (Some(weight), bias) = (tensors.next(), tensors.next()) else {
            return x;
        };
        if stage.resize == Resize::Upsample {
            let shape = x.shape();
            let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
            x = B::interpolate(x, [2 * shape[2], 2 * shape[3]], nearest);
        }
        x = B::conv2d(x, weight, bias, ConvOptions::new([1, 1], [1, 1], [1, 1], 1));
        x = activate::<B>(stage.activation, x);
        if stage.resize == Resize::MaxPool {
            x = B::max_pool2d(x, [2, 2], [2, 2], [0, 0], [1, 1], false);
        }
        x
    })
}

/// An activation by Burn's operation.
pub(crate) fn activate<B: Backend>(activation: Activation, x: FloatTensor<B>) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
        Activation::LeakyRelu(slope) => B::leaky_relu(x, slope.into()),
        Activation::Sigmoid => B::sigmoid(x),
    }
}

/// The loss by Burn's operations.
pub(crate) fn loss_by_operations<B: Backend>(
    loss: Loss,
    output: FloatTensor<B>,
    target: FloatTensor<B>,
) -> FloatTensor<B> {
    match loss {
        Loss::Mse => {
            let difference = B::float_sub(output, target);
            B::float_mean(B::float_mul(difference.clone(), difference))
        }
        Loss::L1 => B::float_mean(B::float_abs(B::float_sub(output, target))),
        Loss::Bce => {
            let one_minus = |x| B::float_add_scalar(B::float_neg(x), 1.0.into());
            let certain = B::float_mul(target.clone(), floored_log::<B>(output.clone()));
            let complement = B::float_mul(one_minus(target), floored_log::<B>(one_minus(output)));
            B::float_neg(B::float_mean(B::float_add(certain, complement)))
        }
    }
}

/// The logarithm, at least -100, with gradient 0 where it is cut off.
fn floored_log<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let bools = get_or_init_device_settings::<B>(&x.device()).bool_dtype;
    let vanishing = B::float_lower_elem(x.clone(), f32::MIN_POSITIVE.into(), bools);
    let log = B::float_log(B::float_clamp_min(x, f32::MIN_POSITIVE.into()));
    B::float_mask_fill(log, vanishing, (-100.0_f32).into())
}
