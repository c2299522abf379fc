//! RMSProp as Keras and as PyTorch have it.
//!
//! Burn's own divides by `sqrt(mean_square) + epsilon` and keeps the running mean twice; Keras' form isn't among its
//! settings.

use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

use crate::optim::config::{RmsPropForm, RmsPropSettings};

/// RMSProp for one parameter.
///
/// # References
/// T. Tieleman and G. Hinton (2012), *Lecture 6.5: RMSProp*, COURSERA: Neural Networks for Machine Learning.
#[derive(Clone, Debug)]
pub(crate) struct RmsProp(pub(crate) RmsPropSettings);

/// What RMSProp remembers of one parameter.
#[derive(Clone)]
pub(crate) struct RmsPropState<const D: usize> {
    mean_square: Tensor<D>,
    velocity: Option<Tensor<D>>,
}

impl Optimizer for RmsProp {
    type State<const D: usize> = RmsPropState<D>;

    fn step<const D: usize>(
        &self,
        learning_rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<RmsPropState<D>>,
    ) -> (Tensor<D>, Option<RmsPropState<D>>) {
        let RmsPropSettings {
            rho,
            momentum,
            epsilon,
            form,
        } = self.0;
        let (mean_square, velocity) = match state {
            Some(state) => (Some(state.mean_square), state.velocity),
            None => (None, None),
        };
        let fresh = gradient.clone().square().mul_scalar(1.0 - rho);
        let mean_square = match mean_square {
            Some(mean_square) => mean_square.mul_scalar(rho) + fresh,
            None => fresh,
        };
        let (denominator, scale_before, scale_after) = match form {
            RmsPropForm::Keras => (
                mean_square.clone().add_scalar(epsilon).sqrt(),
                learning_rate,
                1.0,
            ),
            RmsPropForm::Torch => (
                mean_square.clone().sqrt().add_scalar(epsilon),
                1.0,
                learning_rate,
            ),
        };
        let mut update = (if scale_before == 1.0 {
            gradient
        } else {
            gradient.mul_scalar(scale_before)
        }) / denominator;
        let mut kept = None;
        if momentum > 0.0 {
            if let Some(velocity) = velocity {
                update = velocity.mul_scalar(momentum) + update;
            }
            kept = Some(update.clone());
        }
        if scale_after != 1.0 {
            update = update.mul_scalar(scale_after);
        }
        (
            weights - update,
            Some(RmsPropState {
                mean_square,
                velocity: kept,
            }),
        )
    }

    fn to_device<const D: usize>(state: RmsPropState<D>, device: &Device) -> RmsPropState<D> {
        RmsPropState {
            mean_square: state.mean_square.to_device(device),
            velocity: state.velocity.map(|velocity| velocity.to_device(device)),
        }
    }
}

impl<const D: usize> RecordState for RmsPropState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "mean_square", self.mean_square.to_data());
        if let Some(velocity) = &self.velocity {
            out.push_tensor(prefix, "velocity", velocity.to_data());
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let mut take = |leaf| {
            source
                .take_tensor(prefix, leaf)
                .map(|data| Tensor::from_data(data, device))
        };
        Some(Self {
            mean_square: take("mean_square")?,
            velocity: take("velocity"),
        })
    }
}
