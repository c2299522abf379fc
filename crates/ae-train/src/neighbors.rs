//! The objective of Neighbor2Neighbor.
//!
//! With `f` for the model, `y` for a noisy image and `g1`, `g2` for the two pictures that are drawn of it
//! ([`crate::batches::neighbors`]), the paper minimizes, with `o = f(g1(y))`, `t = g2(y)` and `e = g1(f(y)) - g2(f(y))`, which no
//! gradient goes through,
//!
//! ```text
//! |o - t|² + weight |o - t - e|²
//! ```
//!
//! Both are squares of one variable, so their sum is one: with `share = weight / (1 + weight)`,
//!
//! ```text
//! (1 + weight) |o - (t + share e)|² + share |e|²
//! ```
//!
//! which is the model's usual objective with another target, by whatever pass it has for it.
//!
//! # References
//! Huang et al. 2021, "Neighbor2Neighbor: Self-Supervised Denoising from Single Noisy Images", equation 11 and algorithm 1.

use ae_data::{ImageSet, ImageShape};
use ae_models::{Objective, RandomNumbers, ReconstructionLoss, Trainable, TrainingBatch};
use burn::tensor::{Device, Tensor, TensorData};

use crate::batches::images::images_tensor;
use crate::batches::neighbors::Neighbors;
use crate::config::CheckedTrainConfig;
use crate::config::self_supervision::SelfSupervision;
use crate::error::TrainError;

impl CheckedTrainConfig {
    /// Refuses a model that cannot be trained on the images of `set` by these settings, before anything is made for its run.
    ///
    /// # Errors
    /// [`TrainError::SelfSupervised`] where there are no clean images and the model does not take halves of the noisy ones;
    /// [`TrainError::BatchParts`] where batches are to be cut whose objective is no mean of its images'.
    pub fn check_model<M: Trainable>(&self, model: &M, set: &ImageSet) -> Result<(), TrainError> {
        if self.batch_parts > 1 && !model.objective_is_mean_of_images() {
            return Err(TrainError::BatchParts);
        }
        match self.self_supervised {
            Some(method) => check_self_supervision(model, method, set),
            None => Ok(()),
        }
    }
}

/// Refuses a model that cannot be trained on noisy images alone: it has to take these images and their halves.
pub(crate) fn check_self_supervision<M: Trainable>(
    model: &M,
    method: SelfSupervision,
    set: &ImageSet,
) -> Result<(), TrainError> {
    let ImageShape {
        channels,
        height,
        width,
    } = set.shape();
    let is_even = height.is_multiple_of(2) && width.is_multiple_of(2);
    let half = [channels, height / 2, width / 2];
    if is_even && model.as_reconstruct().is_some() && model.accepts(half) {
        return Ok(());
    }
    Err(TrainError::SelfSupervised {
        method: method.name(),
        found: set.shape(),
        reason: match is_even {
            true => "the model does not take images of half the size",
            false => "height and width must be even",
        },
    })
}

/// What an objective is made of, beside the model.
pub(crate) struct NeighborBatch<'a> {
    /// The noisy images' shape, and the images, `[batch, channels, height, width]`.
    pub(crate) shape: ImageShape,
    pub(crate) noisy: Vec<f32>,
    pub(crate) neighbors: Neighbors,
    /// The regularization's.
    pub(crate) weight: f64,
    /// Steps taken before.
    pub(crate) step: u64,
    pub(crate) random: &'a dyn RandomNumbers,
}

impl NeighborBatch<'_> {
    /// The objective of `model`, on a device with autodiff where the weight is above 0.
    pub(crate) fn objective<M: Trainable>(self, model: &M, device: &Device) -> Objective {
        let Self {
            shape,
            noisy,
            neighbors,
            weight,
            step,
            random,
        } = self;
        let half = ImageShape::new(shape.channels, shape.height / 2, shape.width / 2);
        let input = images_tensor(neighbors.first, half, device);
        let target = images_tensor(neighbors.second, half, device);
        let expected = match weight > 0.0 {
            true => expected_difference(&model.valid(), shape, noisy, neighbors.signs, device),
            false => None,
        };
        let share = weight / (1.0 + weight);
        let (target, square) = match expected {
            Some(expected) => {
                let square = (expected.clone() * expected.clone()).mean();
                (target + expected.mul_scalar(share), Some(square))
            }
            None => (target, None),
        };
        let objective = model.objective(TrainingBatch {
            input,
            target,
            loss: ReconstructionLoss::Mse,
            step,
            random,
        });
        let loss = match square {
            Some(square) => objective.loss.mul_scalar(1.0 + weight) + square.mul_scalar(share),
            None => objective.loss,
        };
        Objective::sum(vec![("neighbors", loss)])
    }
}

/// `e`: how the first and the second neighbors differ in what `valid`, a model without autodiff, makes of the noisy images;
/// on `device`, which has autodiff. `None` for a model that does not reconstruct.
///
/// # Shapes
/// - `signs`: `[batch, 1, height, width]`
/// - output: `[batch, channels, height / 2, width / 2]`
fn expected_difference<M: Trainable>(
    valid: &M,
    shape: ImageShape,
    noisy: Vec<f32>,
    signs: Vec<f32>,
    device: &Device,
) -> Option<Tensor<4>> {
    let plain = device.clone().without_autodiff();
    let batch = noisy.len() / shape.values();
    let model = valid.as_reconstruct()?;
    let denoised = model.reconstruct(images_tensor(noisy, shape, &plain));
    let signs = TensorData::new(signs, [batch, 1, shape.height, shape.width]);
    let signed = denoised * Tensor::<4>::from_data(signs, &plain);
    let (rows, columns) = (shape.height / 2, shape.width / 2);
    let cells = signed.reshape([batch, shape.channels, rows, 2, columns, 2]);
    let sums = cells.sum_dim(5).sum_dim(3);
    let sums = sums.reshape([batch, shape.channels, rows, columns]);
    Some(Tensor::from_inner(sums))
}

#[cfg(test)]
mod tests {
    use ae_models::{ModelConfig, UnetConfig};
    use ae_random::Purpose;
    use burn::module::Module as _;

    use super::*;
    use crate::batches::neighbors::NeighborDraw;

    const SHAPE: ImageShape = ImageShape {
        channels: 2,
        height: 8,
        width: 12,
    };
    const BATCH: usize = 3;
    const DRAW: NeighborDraw = NeighborDraw {
        seed: 1,
        purpose: Purpose::Neighbors,
        epoch: 0,
    };

    fn noisy() -> Vec<f32> {
        let values = (0..BATCH * SHAPE.values()).map(|value| value * 7919 % 1009);
        values.map(|value| value as f32 / 1009.0).collect()
    }

    fn batch(weight: f64) -> NeighborBatch<'static> {
        let noisy = noisy();
        NeighborBatch {
            shape: SHAPE,
            neighbors: Neighbors::of(DRAW, SHAPE, &[4, 5, 6], &noisy),
            noisy,
            weight,
            step: 0,
            random: &(),
        }
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
        let values = tensor.into_data().try_to_vec::<f32>().unwrap();
        values.into_iter().map(f64::from).collect()
    }

    /// The paper's two terms in double precision, from what the model gives.
    fn definition(outputs: &[f64], whole: &[f64], neighbors: &Neighbors, weight: f64) -> f64 {
        let (rows, columns) = (SHAPE.height / 2, SHAPE.width / 2);
        let cells = rows * columns;
        let mut sum = 0.0;
        for (place, output) in outputs.iter().enumerate() {
            let (plane, cell) = (place / cells, place % cells);
            let image = plane / SHAPE.channels;
            let (y, x) = (2 * (cell / columns), 2 * (cell % columns));
            let difference: f64 = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .into_iter()
                .map(|(down, right)| {
                    let pixel = (y + down) * SHAPE.width + x + right;
                    let sign = neighbors.signs[image * SHAPE.pixels() + pixel];
                    f64::from(sign) * whole[plane * SHAPE.pixels() + pixel]
                })
                .sum();
            let residual = output - f64::from(neighbors.second[place]);
            sum += residual * residual + weight * (residual - difference).powi(2);
        }
        sum / outputs.len() as f64
    }

    #[test]
    fn the_objective_is_the_paper_s_and_nothing_else_has_a_gradient() {
        let device = Device::flex().autodiff();
        let config = UnetConfig {
            widths: vec![4, 6],
            ..UnetConfig::default()
        };
        let model = ModelConfig::from(config)
            .init([2, 8, 12], 5, &device)
            .unwrap();
        for weight in [0.0, 0.7, 4.0] {
            let batch = batch(weight);
            let neighbors = batch.neighbors.clone();
            let found = batch.objective(&model, &device).loss;
            let reconstruct = |values: Vec<f32>, shape| {
                let images = images_tensor(values, shape, &device);
                model.as_reconstruct().unwrap().reconstruct(images)
            };
            let half = ImageShape::new(2, 4, 6);
            let outputs = reconstruct(neighbors.first.clone(), half);
            let whole = values(reconstruct(noisy(), SHAPE));
            let expected = definition(&values(outputs.clone()), &whole, &neighbors, weight);
            let value = values(found.clone())[0];
            assert!(
                (value / expected - 1.0).abs() < 1e-5,
                "{value}, expected {expected}"
            );

            // The two terms one by one, by Burn's operations: `e` is a constant.
            let plain = model.valid();
            let signs = neighbors.signs.clone();
            let second = images_tensor(neighbors.second.clone(), half, &device);
            let difference = expected_difference(&plain, SHAPE, noisy(), signs, &device).unwrap();
            let residual = outputs - second;
            let other = residual.clone() - difference;
            let expected = (residual.clone() * residual).mean()
                + (other.clone() * other).mean().mul_scalar(weight);
            let [found, expected] = [found, expected].map(|loss| {
                let gradients = loss.backward();
                let mut norms = Gradients {
                    gradients: &gradients,
                    values: Vec::new(),
                };
                model.visit(&mut norms);
                norms.values
            });
            let largest = expected
                .iter()
                .fold(0.0_f64, |most, value| most.max(value.abs()));
            assert!(largest > 0.0);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-5 * largest,
                    "{found} {expected}"
                );
            }
        }
    }

    struct Gradients<'a> {
        gradients: &'a burn::tensor::Gradients,
        values: Vec<f64>,
    }

    impl burn::module::ModuleVisitor for Gradients<'_> {
        fn visit_float<const D: usize>(&mut self, parameter: &burn::module::Param<Tensor<D>>) {
            let gradient = parameter.grad(self.gradients).expect("a gradient");
            self.values.extend(values(gradient));
        }
    }
}
