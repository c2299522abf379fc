//! The models' public behaviour: one file a topic, many rows a check.

#![expect(clippy::unwrap_used, reason = "tests")]

mod configuration;
mod file;
mod forward;
mod gradients;
mod naive;
mod operations;
mod parameters;
mod reference;

use ae_models::{
    ConvAutoencoderConfig, DenseAutoencoderConfig, Initialization, Model, ModelConfig,
    load_tensors, named_tensors,
};
use burn::tensor::{Device, Tensor, TensorData};

/// A convolutional configuration.
fn conv(widths: &[usize], latent: Option<usize>) -> ModelConfig {
    ModelConfig::Conv(ConvAutoencoderConfig {
        widths: widths.to_vec(),
        latent,
        ..Default::default()
    })
}

/// A dense configuration.
fn dense(widths: &[usize], latent: usize) -> ModelConfig {
    ModelConfig::Dense(DenseAutoencoderConfig {
        widths: widths.to_vec(),
        latent,
        ..Default::default()
    })
}

/// The same configuration with weights and biases that are all drawn, so that a bias in the wrong place shows.
fn with_biases(mut config: ModelConfig) -> ModelConfig {
    match &mut config {
        ModelConfig::Conv(config) => config.initialization = Initialization::KaimingUniform,
        ModelConfig::Dense(config) => config.initialization = Initialization::KaimingUniform,
        _ => unreachable!("no other kind is tested here"),
    }
    config
}

/// A model whose every unit is awake for some pixels: He's weights, and biases from 0 to 0.2. With the few channels of
/// a test, other initial weights may leave the whole network at 0, and then there is nothing to compare.
fn lively(config: ModelConfig, input_shape: [usize; 3], seed: u64, device: &Device) -> Model {
    let mut config = config;
    match &mut config {
        ModelConfig::Conv(config) => config.initialization = Initialization::HeUniform,
        ModelConfig::Dense(config) => config.initialization = Initialization::HeUniform,
        _ => unreachable!("no other kind is tested here"),
    }
    let model = config.init(input_shape, seed, device).unwrap();
    let mut tensors = named_tensors(&model);
    for tensor in tensors
        .iter_mut()
        .filter(|tensor| tensor.name.ends_with(".bias"))
    {
        tensor.values = pixels(tensor.values.len())
            .into_iter()
            .map(|value| 0.2 * value)
            .collect();
    }
    load_tensors(model, &tensors).unwrap()
}

/// Pixels in `[0, 1)` without pattern and without ties: multiples of the golden ratio, modulo 1.
fn pixels(count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index as f64 + 1.0) * 0.618_033_988_749_894_9).fract() as f32)
        .collect()
}

/// A batch of [`pixels`].
fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(
        TensorData::new(pixels(shape.iter().product()), shape),
        device,
    )
}

/// A tensor's numbers.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}
