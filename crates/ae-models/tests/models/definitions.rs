//! The objectives by their definitions, on plain numbers in `f64`.

use std::f64::consts::PI;

use ae_models::{
    BetaSchedule, ContractiveAutoencoderConfig, Likelihood, Model, ModelConfig, NetworkConfig,
    Objective, RandomNumbers, ReconstructionLoss, SparseAutoencoderConfig, Sparsity, Trainable,
    TrainingBatch, VariationalAutoencoderConfig,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::gradients::plain_loss;
use crate::naive::{self, Weights};
use crate::pixels;

/// What stands before a network's parameters.
pub(crate) const PREFIX: &str = "network.";
/// The step of the contractive model's estimate.
pub(crate) const STEP: f64 = 1e-2;

/// Standard normal numbers that are the same every time: a hash of position and index, by Box and Muller (1958).
#[derive(Debug)]
pub(crate) struct Fixed;

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014), to a number in (0, 1).
pub(crate) fn uniform(index: u64) -> f64 {
    let mut x = index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (((x ^ (x >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

impl RandomNumbers for Fixed {
    fn fill_standard_normal(&self, position: usize, numbers: &mut [f32]) {
        for (index, number) in numbers.iter_mut().enumerate() {
            let pair = 2 * (((position as u64) << 24) + index as u64);
            let radius = (-2.0 * uniform(pair).ln()).sqrt();
            *number = (radius * (2.0 * PI * uniform(pair + 1)).cos()) as f32;
        }
    }
}

/// A batch on the host.
pub(crate) struct Batch {
    pub(crate) shape: [usize; 3],
    pub(crate) inputs: Vec<f32>,
    pub(crate) targets: Vec<f32>,
    pub(crate) loss: ReconstructionLoss,
    pub(crate) step: u64,
}

impl Batch {
    /// Targets are other images than the inputs, as for a denoiser; multiples of 1/255, as images are.
    pub(crate) fn new(shape: [usize; 3], images: usize) -> Self {
        let count = images * shape.iter().product::<usize>();
        let quantized = |value: &f32| (value * 255.0).round() / 255.0;
        let mut targets: Vec<f32> = pixels(count).iter().rev().map(quantized).collect();
        // The two bins of the discretized logistic that reach to infinity.
        targets[0] = 0.0;
        targets[count - 1] = 1.0;
        Self {
            shape,
            inputs: pixels(count),
            targets,
            loss: ReconstructionLoss::Mse,
            step: 0,
        }
    }

    pub(crate) fn images(&self) -> usize {
        self.inputs.len() / self.shape.iter().product::<usize>()
    }

    pub(crate) fn objective(&self, model: &Model, device: &Device) -> Objective {
        let [channels, height, width] = self.shape;
        let shape = [self.images(), channels, height, width];
        let tensor =
            |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), shape), device);
        model.objective(TrainingBatch {
            input: tensor(&self.inputs),
            target: tensor(&self.targets),
            loss: self.loss,
            step: self.step,
            random: &Fixed,
        })
    }

    /// Inputs and targets of each image, in `f64`.
    pub(crate) fn pairs(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let count = self.shape.iter().product::<usize>();
        let in_f64 = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        self.inputs
            .chunks(count)
            .zip(self.targets.chunks(count))
            .map(|(input, target)| (in_f64(input), in_f64(target)))
            .collect()
    }
}

pub(crate) fn normals(position: usize, count: usize) -> Vec<f64> {
    let mut numbers = vec![0.0; count];
    Fixed.fill_standard_normal(position, &mut numbers);
    numbers.into_iter().map(f64::from).collect()
}

pub(crate) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// The log-likelihood of one image by its definition, on numbers.
pub(crate) fn plain_log_likelihood(
    likelihood: Likelihood,
    output: &[f64],
    target: &[f64],
    log_scale: f64,
) -> f64 {
    let gaussian = |x: f64, y: f64, sigma: f64| {
        -(x - y).powi(2) / (2.0 * sigma * sigma) - (sigma * (2.0 * PI).sqrt()).ln()
    };
    let point = |(&y, &x): (&f64, &f64)| match likelihood {
        Likelihood::Bernoulli => x * y.ln() + (1.0 - x) * (1.0 - y).ln(),
        Likelihood::Gaussian { sigma } => gaussian(x, y, sigma),
        Likelihood::LearnedGaussian => gaussian(x, y, log_scale.exp()),
        Likelihood::Logistic => {
            let below = |edge: f64| 1.0 / (1.0 + (-(edge - y) / log_scale.exp()).exp());
            let upper = if x > 254.5 / 255.0 {
                1.0
            } else {
                below(x + 0.5 / 255.0)
            };
            let lower = if x < 0.5 / 255.0 {
                0.0
            } else {
                below(x - 0.5 / 255.0)
            };
            (upper - lower).ln()
        }
        _ => unreachable!("no other likelihood is tested here"),
    };
    output.iter().zip(target).map(point).sum()
}

/// The terms of the objective of any kind but the plain ones, by their definitions, on numbers.
pub(crate) fn plain_terms(
    config: &ModelConfig,
    weights: &Weights,
    batch: &Batch,
) -> Vec<(&'static str, f64)> {
    let pairs = batch.pairs();
    let encode = |network: &NetworkConfig, image: &[f64]| {
        naive::encode(network, weights, PREFIX, batch.shape, image)
    };
    let decode = |network: &NetworkConfig, code: &[f64]| {
        naive::decode(network, weights, PREFIX, batch.shape, code)
    };
    let reconstruction = |network: &NetworkConfig, codes: &[Vec<f64>]| {
        let (outputs, targets): (Vec<_>, Vec<_>) = codes
            .iter()
            .zip(&pairs)
            .map(|(code, (_, target))| (decode(network, code), target.clone()))
            .unzip();
        plain_loss(batch.loss, &outputs.concat(), &targets.concat())
    };
    if let Some(config) = config.get::<VariationalAutoencoderConfig>() {
        return plain_variational(config, weights, batch);
    }
    if let Some(config) = config.get::<SparseAutoencoderConfig>() {
        let raw = pairs
            .iter()
            .map(|(input, _)| encode(&config.network, input));
        let codes: Vec<Vec<f64>> = match config.sparsity {
            Sparsity::L1 { .. } => raw.map(naive::relu).collect(),
            Sparsity::Kl { .. } => raw.map(naive::sigmoid).collect(),
            Sparsity::TopK { kept } => raw
                .map(|code| {
                    let mut order = code.clone();
                    order.sort_by(|a, b| b.total_cmp(a));
                    let stays = |value: f64| if value >= order[kept - 1] { value } else { 0.0 };
                    code.into_iter().map(stays).collect()
                })
                .collect(),
            _ => unreachable!("no other sparsity is tested here"),
        };
        let mut terms = vec![("reconstruction", reconstruction(&config.network, &codes))];
        match config.sparsity {
            Sparsity::L1 { weight } => {
                let sums = codes.iter().map(|code| code.iter().sum::<f64>());
                terms.push(("l1", weight * mean(sums)));
            }
            Sparsity::Kl { target, weight } => {
                let divergence = |unit: usize| {
                    let activity = mean(codes.iter().map(|code| code[unit]));
                    target * (target / activity).ln()
                        + (1.0 - target) * ((1.0 - target) / (1.0 - activity)).ln()
                };
                let sum: f64 = (0..codes[0].len()).map(divergence).sum();
                terms.push(("sparsity_kl", weight * sum));
            }
            _ => {}
        }
        return terms;
    }
    if let Some(config) = config.get::<ContractiveAutoencoderConfig>() {
        let code = |image: &[f64]| naive::sigmoid(encode(&config.network, image));
        let codes: Vec<Vec<f64>> = pairs.iter().map(|(input, _)| code(input)).collect();
        let is_single =
            matches!(&config.network, NetworkConfig::Dense(dense) if dense.widths.is_empty());
        let norms = pairs.iter().enumerate().map(|(position, (input, _))| {
            if is_single {
                return exact_norm(&code, input);
            }
            let directions = normals(position, input.len());
            let moved: Vec<f64> = input
                .iter()
                .zip(directions)
                .map(|(value, direction)| value + STEP * direction)
                .collect();
            code(&moved)
                .iter()
                .zip(&codes[position])
                .map(|(there, here)| ((there - here) / STEP).powi(2))
                .sum()
        });
        return vec![
            ("reconstruction", reconstruction(&config.network, &codes)),
            ("contraction", config.contraction * mean(norms)),
        ];
    }
    unreachable!("no other kind is tested here")
}

/// The squared Frobenius norm of the Jacobian, each derivative by central differences.
pub(crate) fn exact_norm(code: &impl Fn(&[f64]) -> Vec<f64>, image: &[f64]) -> f64 {
    const DIFFERENCE: f64 = 1e-5;
    let mut sum = 0.0;
    for index in 0..image.len() {
        let moved = |by: f64| {
            let mut image = image.to_vec();
            image[index] += by;
            code(&image)
        };
        let (above, below) = (moved(DIFFERENCE), moved(-DIFFERENCE));
        sum += above
            .iter()
            .zip(&below)
            .map(|(above, below)| ((above - below) / (2.0 * DIFFERENCE)).powi(2))
            .sum::<f64>();
    }
    sum
}

pub(crate) fn plain_variational(
    config: &VariationalAutoencoderConfig,
    weights: &Weights,
    batch: &Batch,
) -> Vec<(&'static str, f64)> {
    let latent = config.network.latent().unwrap();
    let samples = config.importance_samples;
    let log_scale = match config.likelihood {
        Likelihood::LearnedGaussian | Likelihood::Logistic => weights.get("log_scale")[0],
        _ => 0.0,
    };
    let mut negative_logs = Vec::new();
    let mut bounds = Vec::new();
    let mut divergences = vec![0.0; latent];
    let pairs = batch.pairs();
    for (position, (input, target)) in pairs.iter().enumerate() {
        let outputs = naive::encode(&config.network, weights, PREFIX, batch.shape, input);
        let (means, log_variances) = outputs.split_at(latent);
        for unit in 0..latent {
            let (mean, log_variance) = (means[unit], log_variances[unit]);
            divergences[unit] +=
                0.5 * (log_variance.exp() + mean * mean - 1.0 - log_variance) / pairs.len() as f64;
        }
        let log_weights = normals(position, samples * latent)
            .chunks(latent)
            .map(|noise| {
                let code: Vec<f64> = (0..latent)
                    .map(|unit| means[unit] + (0.5 * log_variances[unit]).exp() * noise[unit])
                    .collect();
                let output = naive::decode(&config.network, weights, PREFIX, batch.shape, &code);
                let log_likelihood =
                    plain_log_likelihood(config.likelihood, &output, target, log_scale);
                negative_logs.push(-log_likelihood);
                let log_normal = |x: f64, mean: f64, log_variance: f64| {
                    -0.5 * ((2.0 * PI).ln()
                        + log_variance
                        + (x - mean).powi(2) / log_variance.exp())
                };
                let log_ratio: f64 = (0..latent)
                    .map(|unit| {
                        log_normal(code[unit], 0.0, 0.0)
                            - log_normal(code[unit], means[unit], log_variances[unit])
                    })
                    .sum();
                log_likelihood + log_ratio
            })
            .collect::<Vec<f64>>();
        bounds.push(mean(log_weights.iter().map(|weight| weight.exp())).ln());
    }
    if samples > 1 {
        return vec![("bound", -mean(bounds.into_iter()))];
    }
    let share = match config.beta_schedule {
        BetaSchedule::Constant => 1.0,
        BetaSchedule::Linear { steps } => batch.step as f64 / steps as f64,
        _ => unreachable!("no other schedule is tested here"),
    };
    let charged: f64 = divergences
        .iter()
        .map(|&divergence| divergence.max(config.free_bits))
        .sum();
    vec![
        ("reconstruction", mean(negative_logs.into_iter())),
        ("kl", config.beta * share * charged),
    ]
}
