//! How many images a second a model runs over on a device, and what such a measurement needs.

use std::time::Instant;

use ae_data::{ImageSet, ImageShape, NoiseChain};
use ae_models::Trainable;
use ae_random::{Draw, Purpose};
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{Capability, TrainError};
use crate::setting_checks::{at_least_one, refuse};

/// The most bytes of pixels that a measurement makes up.
const MOST_PIXEL_BYTES: usize = 1 << 30;

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct ThroughputPlan {
    /// Images in a step.
    pub batch_size: usize,
    /// Steps in a round.
    pub steps: usize,
    /// Rounds that are measured; one more goes before them to warm up.
    pub rounds: usize,
    /// Noise on the input of training.
    pub noise: NoiseChain,
}

impl Default for ThroughputPlan {
    fn default() -> Self {
        Self {
            batch_size: 128,
            steps: 20,
            rounds: 5,
            noise: NoiseChain::default(),
        }
    }
}

/// Images a second in each round.
#[derive(Clone, Debug, PartialEq)]
pub struct Throughput {
    /// In the order in which they were measured.
    pub images_per_second: Vec<f64>,
}

impl Throughput {
    /// The median round's images a second.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut sorted = self.images_per_second.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            sorted[middle.saturating_sub(1)..=middle]
                .iter()
                .sum::<f64>()
                / 2.0
        }
    }
}

/// Measures [`Reconstruct::reconstruct`](ae_models::Reconstruct::reconstruct) on one batch of made-up pictures that lies on the device; every step's output
/// is copied back to the host.
///
/// # Errors
/// A model that does not reconstruct, a plan of zero steps or one that takes too much memory, or a device that fails.
pub fn inference_throughput<M: Trainable>(
    model: &M,
    plan: &ThroughputPlan,
    device: &Device,
) -> Result<Throughput, TrainError> {
    let set = made_up(model, plan, 1)?;
    let shape = set.shape();
    let mut values = vec![0.0; plan.batch_size * shape.values()];
    for (index, values) in values.chunks_exact_mut(shape.values()).enumerate() {
        set.read_unit_into(index, values)?;
    }
    let axes = [plan.batch_size, shape.channels, shape.height, shape.width];
    let plain = device.clone().without_autodiff();
    let model = model.valid().fork(&plain);
    let model = model.as_reconstruct().ok_or_else(TrainError::lacks(
        "reconstruct images",
        Capability::Reconstruct,
    ))?;
    let images = Tensor::<4>::from_data(TensorData::new(values, axes), &plain);
    let round = |steps: usize| -> Result<f64, TrainError> {
        let begin = Instant::now();
        for _ in 0..steps {
            model
                .reconstruct(images.clone())
                .try_into_vec_as::<f32>()
                .map_err(TrainError::device("reconstructing"))?;
        }
        Ok((steps * plan.batch_size) as f64 / begin.elapsed().as_secs_f64())
    };
    round(plan.steps.div_ceil(4))?;
    Ok(Throughput {
        images_per_second: (0..plan.rounds)
            .map(|_| round(plan.steps))
            .collect::<Result<_, _>>()?,
    })
}

/// Pictures of random pixels: what a convolution or a product takes doesn't depend on what is in them.
pub(crate) fn made_up<M: Trainable>(
    model: &M,
    plan: &ThroughputPlan,
    steps: usize,
) -> Result<ImageSet, TrainError> {
    at_least_one("batch_size", plan.batch_size)?;
    at_least_one("steps", plan.steps)?;
    at_least_one("rounds", plan.rounds)?;
    let [channels, height, width] = model.input_shape();
    let shape = ImageShape::new(channels, height, width);
    let bytes = plan
        .batch_size
        .checked_mul(steps)
        .and_then(|images| images.checked_mul(shape.values()))
        .filter(|&bytes| bytes <= MOST_PIXEL_BYTES)
        .ok_or_else(|| {
            refuse(
                "batch_size",
                plan.batch_size,
                "must be smaller: a round of such steps takes more than 1 GiB of pixels",
            )
        })?;
    let mut rng = Draw {
        seed: 1,
        purpose: Purpose::Noise,
        epoch: 0,
        index: 0,
    }
    .stream();
    let pixels = (0..bytes).map(|_| rng.uniform_below(256) as u8).collect();
    Ok(ImageSet::from_images(
        "random pixels",
        shape,
        pixels,
        None,
        Vec::new(),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_round_or_the_mean_of_two() {
        let median = |rounds: &[f64]| {
            Throughput {
                images_per_second: rounds.to_vec(),
            }
            .median()
        };
        assert_eq!(median(&[3.0, 1.0, 9.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 9.0, 2.0]), 3.0);
    }
}
