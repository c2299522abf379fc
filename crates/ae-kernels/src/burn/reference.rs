//! The reference path: stacks and losses by Burn's own operations, which every backend has.

use burn::backend::ops::{ConvOptions, InterpolateMode, InterpolateOptions};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, get_or_init_device_settings};

use crate::activation::Activation;
use crate::burn::weight_list::WeightList;
use crate::conv::stage::{Resize, Skip, Stage};
use crate::dense::layer::{DenseLayer, WeightOrder};
use crate::loss::{EPSILON_SQUARE, Loss};

/// The stages of convolutions.
pub(crate) fn convolutions<B: Backend>(
    stages: &[Stage],
    x: FloatTensor<B>,
    weights: WeightList<B>,
) -> FloatTensor<B> {
    let is_taken = |index: usize| {
        let mut skips = stages.iter().filter_map(|stage| stage.skip);
        skips.any(|skip| skip.source() == index)
    };
    // What skip connections take, before it is pooled.
    let mut kept: Vec<Option<FloatTensor<B>>> = Vec::new();
    stages
        .iter()
        .zip(weights.into_pairs())
        .fold(x, |mut x, (stage, (weight, bias))| {
            if stage.resize == Resize::Upsample {
                let shape = x.shape();
                let nearest = InterpolateOptions::new(InterpolateMode::Nearest);
                x = B::interpolate(x, [2 * shape[2], 2 * shape[3]], nearest);
            }
            if let Some(skip) = stage.skip
                && let Some(earlier) = kept[skip.source()].clone()
            {
                x = match skip {
                    Skip::Concatenate(_) => B::float_cat(vec![x, earlier], 1),
                    Skip::Add(_) => B::float_add(x, earlier),
                };
            }
            let padding = stage.window().map(|side| side / 2);
            x = B::conv2d(
                x,
                weight,
                bias,
                ConvOptions::new([1, 1], padding, [1, 1], 1),
            );
            x = activate::<B>(stage.activation, x);
            kept.push(is_taken(kept.len()).then(|| x.clone()));
            if stage.resize == Resize::MaxPool {
                x = B::max_pool2d(x, [2, 2], [2, 2], [0, 0], [1, 1], false);
            }
            x
        })
}

/// Dense layers.
pub(crate) fn dense<B: Backend>(
    layers: &[DenseLayer],
    x: FloatTensor<B>,
    weights: WeightList<B>,
) -> FloatTensor<B> {
    layers
        .iter()
        .zip(weights.into_pairs())
        .fold(x, |x, (layer, (weight, bias))| {
            let weight = match layer.order {
                WeightOrder::InputsFirst => weight,
                WeightOrder::OutputsFirst => B::float_swap_dims(weight, 0, 1),
            };
            activate::<B>(layer.activation, B::linear(x, weight, bias))
        })
}

/// An activation.
fn activate<B: Backend>(activation: Activation, x: FloatTensor<B>) -> FloatTensor<B> {
    match activation {
        Activation::None => x,
        Activation::Relu => B::relu(x),
        Activation::LeakyRelu(slope) => B::leaky_relu(x, slope.into()),
        Activation::Sigmoid => B::sigmoid(x),
        Activation::Tanh => B::float_tanh(x),
    }
}

/// The mean loss of outputs against `target`.
pub(crate) fn loss<B: Backend>(
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
        Loss::Charbonnier => {
            let difference = B::float_sub(output, target);
            let square = B::float_mul(difference.clone(), difference);
            let raised = B::float_add_scalar(square, EPSILON_SQUARE.into());
            B::float_mean(B::float_sqrt(raised))
        }
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
