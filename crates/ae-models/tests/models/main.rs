//! The models' public behaviour: one file a topic, many rows a check.

#![expect(clippy::unwrap_used, reason = "tests")]

mod card;
mod configuration;
mod custom;
mod definitions;
mod file;
mod forward;
mod gradients;
mod kinds;
mod module;
mod naive;
mod objectives;
mod operations;
mod parameters;
mod picture_transform;
mod precision;
mod prior;
mod quantized;
mod reference;
mod transform;
mod unet;

use ae_models::{
    Codes, ContractiveAutoencoderConfig, ConvAutoencoderConfig, DenseAutoencoderConfig,
    HiddenActivation, Initialization, Model, ModelConfig, NetworkConfig, OutputActivation,
    Placement, Reconstruct, ReconstructionLoss, SparseAutoencoderConfig, Sparsity, Trainable,
    TrainingBatch, UnetConfig, Upsampling, VariationalAutoencoderConfig, load_tensors,
    named_tensors,
};
use burn::tensor::{Device, Tensor, TensorData};

/// A convolutional configuration.
fn conv(widths: &[usize], latent: Option<usize>) -> ModelConfig {
    ModelConfig::from(ConvAutoencoderConfig {
        widths: widths.to_vec(),
        latent,
        ..Default::default()
    })
}

/// The same with a decoder of transposed convolutions.
fn transposed(config: ModelConfig) -> ModelConfig {
    let config = config.get::<ConvAutoencoderConfig>();
    ModelConfig::from(ConvAutoencoderConfig {
        upsampling: Upsampling::Transposed,
        ..config
            .expect("only convolutional models can be transposed")
            .clone()
    })
}

/// A dense configuration.
fn dense(widths: &[usize], latent: usize) -> ModelConfig {
    ModelConfig::from(DenseAutoencoderConfig {
        widths: widths.to_vec(),
        latent,
        ..Default::default()
    })
}

/// A dense configuration whose decoder has the encoder's weights.
fn tied(config: ModelConfig) -> ModelConfig {
    let config = config.get::<DenseAutoencoderConfig>();
    ModelConfig::from(DenseAutoencoderConfig {
        tied: true,
        ..config.expect("only dense models can be tied").clone()
    })
}

/// A dense configuration with tanh in its hidden layers.
fn tanh(config: ModelConfig) -> ModelConfig {
    let config = config.get::<DenseAutoencoderConfig>();
    ModelConfig::from(DenseAutoencoderConfig {
        activation: HiddenActivation::Tanh,
        ..config.expect("only dense models can have tanh").clone()
    })
}

/// A variational configuration: the default, changed.
fn vae(change: impl FnOnce(&mut VariationalAutoencoderConfig)) -> ModelConfig {
    let mut config = VariationalAutoencoderConfig::default();
    change(&mut config);
    ModelConfig::from(config)
}

/// A sparse configuration.
fn sparse(sparsity: Sparsity, network: NetworkConfig) -> ModelConfig {
    ModelConfig::from(SparseAutoencoderConfig { sparsity, network })
}

/// A contractive configuration.
fn contractive(contraction: f64, network: NetworkConfig) -> ModelConfig {
    ModelConfig::from(ContractiveAutoencoderConfig {
        contraction,
        network,
    })
}

/// A dense configuration without a sigmoid at its end.
fn linear(config: ModelConfig) -> ModelConfig {
    let config = config.get::<DenseAutoencoderConfig>();
    ModelConfig::from(DenseAutoencoderConfig {
        output: OutputActivation::Linear,
        ..config.expect("only dense models can be linear").clone()
    })
}

/// The network of a plain configuration, for a model of another kind.
fn network(config: ModelConfig) -> NetworkConfig {
    if let Some(config) = config.get::<ConvAutoencoderConfig>() {
        return NetworkConfig::Conv(config.clone());
    }
    let config = config.get::<DenseAutoencoderConfig>();
    NetworkConfig::Dense(
        config
            .expect("the other kinds are made of these two")
            .clone(),
    )
}

/// Gives whichever network is in a configuration other initial weights.
fn set_initialization(config: &mut ModelConfig, initialization: Initialization) {
    if let Some(config) = config.get_mut::<ConvAutoencoderConfig>() {
        config.initialization = initialization;
    } else if let Some(config) = config.get_mut::<DenseAutoencoderConfig>() {
        config.initialization = initialization;
    } else if let Some(config) = config.get_mut::<VariationalAutoencoderConfig>() {
        set_network_initialization(&mut config.network, initialization);
    } else if let Some(config) = config.get_mut::<SparseAutoencoderConfig>() {
        set_network_initialization(&mut config.network, initialization);
    } else if let Some(config) = config.get_mut::<ContractiveAutoencoderConfig>() {
        set_network_initialization(&mut config.network, initialization);
    } else if let Some(config) = config.get_mut::<UnetConfig>() {
        config.initialization = initialization;
    } else {
        unreachable!("no other kind is tested here");
    }
}

fn set_network_initialization(network: &mut NetworkConfig, initialization: Initialization) {
    match network {
        NetworkConfig::Conv(config) => config.initialization = initialization,
        NetworkConfig::Dense(config) => config.initialization = initialization,
        _ => unreachable!("no other network is tested here"),
    }
}

/// The same configuration with weights and biases that are all drawn, so that a bias in the wrong place shows.
fn with_biases(mut config: ModelConfig) -> ModelConfig {
    set_initialization(&mut config, Initialization::KaimingUniform);
    config
}

/// A model whose every unit is awake for some pixels: He's weights, and biases from 0 to 0.2. With the few channels of
/// a test, other initial weights may leave the whole network at 0, and then there is nothing to compare.
fn lively<'a>(
    config: ModelConfig,
    input_shape: [usize; 3],
    seed: u64,
    placement: impl Into<Placement<'a>>,
) -> Model {
    let mut config = config;
    set_initialization(&mut config, Initialization::HeUniform);
    let model = config.init(input_shape, seed, placement).unwrap();
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

/// How many columns of the input the widest-seeing columns in the middle of the output depend on: each column of the input is
/// changed by itself, and the columns of the output that change with it are noted.
fn widest_column_span(model: &Model, device: &Device) -> Option<usize> {
    let (height, width) = (4, 64);
    let run = |pixels: Vec<f32>| {
        let data = TensorData::new(pixels, [1, 1, height, width]);
        values(reconstructs(model).reconstruct(Tensor::from_data(data, device)))
    };
    let mut seen = vec![(usize::MAX, 0); width];
    for start in [0, 1, 2] {
        let plain: Vec<f32> = pixels(start + height * width)[start..].to_vec();
        let before = run(plain.clone());
        for column in 0..width {
            let mut changed = plain.clone();
            for row in 0..height {
                let value = &mut changed[row * width + column];
                *value = if *value < 0.5 { 4.0 } else { -4.0 };
            }
            let after = run(changed);
            for (place, (before, after)) in before.iter().zip(&after).enumerate() {
                if before != after {
                    let seen = &mut seen[place % width];
                    *seen = (seen.0.min(column), seen.1.max(column));
                }
            }
        }
    }
    seen[24..40]
        .iter()
        .map(|(first, last)| last + 1 - first)
        .max()
}

/// A batch of [`pixels`].
fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(
        TensorData::new(pixels(shape.iter().product()), shape),
        device,
    )
}

/// The model as one with codes.
fn with_codes(model: &Model) -> &dyn Codes {
    model.as_codes().unwrap()
}

/// The model as one that reconstructs.
fn reconstructs(model: &Model) -> &dyn Reconstruct {
    model.as_reconstruct().unwrap()
}

/// A tensor's numbers.
fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// The terms of the objective, without noise: at the middle quality, images where they are.
fn terms(model: &Model, images: Tensor<4>) -> Vec<(&'static str, f64)> {
    let objective = model.objective(TrainingBatch {
        input: images.clone(),
        target: images,
        loss: ReconstructionLoss::Mse,
        step: 0,
        random: &(),
    });
    let terms = objective.terms.into_iter();
    terms
        .map(|(name, term)| (name, f64::from(term.into_scalar::<f32>())))
        .collect()
}

/// Changes tensors by name.
fn changed(model: Model, change: impl Fn(&str, &mut Vec<f32>)) -> Model {
    let mut tensors = named_tensors(&model);
    for tensor in &mut tensors {
        change(&tensor.name, &mut tensor.values);
    }
    load_tensors(model, &tensors).unwrap()
}
