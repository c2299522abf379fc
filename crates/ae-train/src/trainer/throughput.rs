//! How many images a second a model trains on, on a device.

use ae_data::Split;
use ae_models::Trainable;
use burn::tensor::Device;

use crate::config::TrainConfig;
use crate::error::TrainError;
use crate::measure::throughput::{Throughput, ThroughputPlan, made_up};
use crate::trainer::Trainer;

/// Measures the [`Trainer`] itself on made-up pictures: batches, noise, objective, gradients, optimizer and the reading of
/// losses; without validation and files.
///
/// # Errors
/// A plan of zero steps, one that takes too much memory, or a model that can't be trained.
pub fn training_throughput<M: Trainable>(
    model: M,
    plan: &ThroughputPlan,
    device: &Device,
) -> Result<Throughput, TrainError> {
    let set = made_up(&model, plan, plan.steps)?;
    let config = TrainConfig {
        epochs: plan.rounds + 1,
        batch_size: plan.batch_size,
        noise: plan.noise.clone(),
        ..TrainConfig::default()
    }
    .check()?;
    let split = Split {
        validation: set.take(0),
        test: set.take(0),
        train: set,
        shared: 0,
        dropped: 0,
    };
    let trained = Trainer::new(&config, device).train(model, &split)?;
    Ok(Throughput {
        images_per_second: trained.epochs[1..]
            .iter()
            .map(|epoch| epoch.images_per_second)
            .collect(),
    })
}
