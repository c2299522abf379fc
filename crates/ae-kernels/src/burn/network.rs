//! What the operations run: a stack of convolutions or one of dense layers.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use crate::burn::reference;
use crate::burn::weight_list::WeightList;
use crate::conv::stack::Stack;
use crate::dense::stack::DenseStack;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::{
    compute_path::ComputePath, conv::stack::Images, dense::parts::Activations, error::KernelError,
    layout::weights::Gradients, layout::weights::Weights, loss::Loss,
};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use burn::backend::Shape;

/// A stack of either kind, whose operations and gradients are the same but for the shapes.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    /// Takes `[batch, channels, height, width]`.
    Convolutions(Stack),
    /// Takes `[batch, inputs]`.
    Dense(DenseStack),
}

impl Network {
    /// The stages or layers by the reference path.
    pub(crate) fn reference<B: Backend>(
        &self,
        x: FloatTensor<B>,
        weights: WeightList<B>,
    ) -> FloatTensor<B> {
        match self {
            Self::Convolutions(stack) => reference::convolutions::<B>(stack.stages(), x, weights),
            Self::Dense(stack) => reference::dense::<B>(stack.layers(), x, weights),
        }
    }
}

/// What the CPU's backends ask.
#[cfg(any(feature = "flex", feature = "ndarray"))]
impl Network {
    /// The path that was chosen where the stack was made.
    pub(crate) fn path(&self) -> ComputePath {
        match self {
            Self::Convolutions(stack) => stack.path(),
            Self::Dense(stack) => stack.path(),
        }
    }

    /// The first `stages` stages and the rest, if there is a rest.
    pub(crate) fn cut(&self, stages: usize) -> Option<(Self, Self)> {
        match self {
            Self::Convolutions(stack) => stack
                .cut(stages)
                .map(|(head, tail)| (Self::Convolutions(head), Self::Convolutions(tail))),
            Self::Dense(stack) => stack
                .cut(stages)
                .map(|(head, tail)| (Self::Dense(head), Self::Dense(tail))),
        }
    }

    /// What comes out of `values` of `shape`, and its shape.
    pub(crate) fn infer(
        &self,
        values: &[f32],
        shape: &Shape,
        weights: &[Weights<'_>],
    ) -> Result<(Vec<f32>, Shape), KernelError> {
        match self {
            Self::Convolutions(stack) => {
                let images = images(values, shape);
                let [batch, channels, height, width] = images.shape;
                let [channels, height, width] = stack.output_shape([channels, height, width])?;
                let shape = Shape::from(vec![batch, channels, height, width]);
                Ok((stack.infer(images, weights)?, shape))
            }
            Self::Dense(stack) => {
                let shape = Shape::from(vec![shape[0], stack.outputs()]);
                Ok((stack.infer(values, weights)?, shape))
            }
        }
    }

    /// The same, with what [`Network::differentiate`] would otherwise compute once more. Of convolutions that is nothing:
    /// to run them again costs less than to keep all that a batch leaves behind.
    pub(crate) fn infer_keeping(
        &self,
        values: &[f32],
        shape: &Shape,
        weights: &[Weights<'_>],
    ) -> Result<((Vec<f32>, Shape), Option<Activations>), KernelError> {
        match self {
            Self::Convolutions(_) => Ok((self.infer(values, shape, weights)?, None)),
            Self::Dense(stack) => {
                let (output, kept) = stack.infer_keeping(values, weights)?;
                let shape = Shape::from(vec![shape[0], stack.outputs()]);
                Ok(((output, shape), Some(kept)))
            }
        }
    }

    pub(crate) fn differentiate(
        &self,
        values: &[f32],
        shape: &Shape,
        weights: &[Weights<'_>],
        kept: Option<&Activations>,
        output_gradient: &[f32],
        wants_input: bool,
    ) -> Result<Gradients, KernelError> {
        match self {
            Self::Convolutions(stack) => {
                stack.differentiate(images(values, shape), weights, output_gradient, wants_input)
            }
            Self::Dense(stack) => match kept {
                Some(kept) => {
                    stack.differentiate_kept(values, weights, kept, output_gradient, wants_input)
                }
                None => stack.differentiate(values, weights, output_gradient, wants_input),
            },
        }
    }

    pub(crate) fn train(
        &self,
        values: &[f32],
        shape: &Shape,
        weights: &[Weights<'_>],
        target: &[f32],
        loss: Loss,
        wants_input: bool,
    ) -> Result<(f64, Gradients), KernelError> {
        match self {
            Self::Convolutions(stack) => {
                stack.train(images(values, shape), weights, target, loss, wants_input)
            }
            Self::Dense(stack) => stack.train(values, weights, target, loss, wants_input),
        }
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn images<'a>(values: &'a [f32], shape: &Shape) -> Images<'a> {
    Images {
        shape: [shape[0], shape[1], shape[2], shape[3]],
        values,
    }
}
