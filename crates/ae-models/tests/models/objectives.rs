//! The contracts of the losses: every term of every kind against plain numbers in `f64`, its gradients against finite
//! differences, and its coefficients against what they say.

use std::f64::consts::PI;

use ae_models::{
    BetaSchedule, ContractiveAutoencoderConfig, Likelihood, Model, ModelConfig, NetworkConfig,
    Objective, RandomNumbers, ReconstructionLoss, SparseAutoencoderConfig, Sparsity, Trainable,
    TrainingBatch, VariationalAutoencoderConfig, named_tensors,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::gradients::{assert_finite_differences, gradients_of, plain_loss};
use crate::naive::{self, Weights};
use crate::{contractive, conv, dense, lively, network, pixels, sparse, tied, vae};

/// What stands before a network's parameters.
const PREFIX: &str = "network.";
/// The step of the contractive model's estimate.
const STEP: f64 = 1e-2;

/// Standard normal numbers that are the same every time: a hash of position and index, by Box and Muller (1958).
#[derive(Debug)]
pub(crate) struct Fixed;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014), to a number in (0, 1).
fn uniform(index: u64) -> f64 {
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
struct Batch {
    shape: [usize; 3],
    inputs: Vec<f32>,
    targets: Vec<f32>,
    loss: ReconstructionLoss,
    step: u64,
}

impl Batch {
    /// Targets are other images than the inputs, as for a denoiser; multiples of 1/255, as images are.
    fn new(shape: [usize; 3], images: usize) -> Self {
        let count = images * shape.iter().product::<usize>();
        let quantised = |value: &f32| (value * 255.0).round() / 255.0;
        let mut targets: Vec<f32> = pixels(count).iter().rev().map(quantised).collect();
        // The two bins of the discretised logistic that reach to infinity.
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

    fn images(&self) -> usize {
        self.inputs.len() / self.shape.iter().product::<usize>()
    }

    fn objective(&self, model: &Model, device: &Device) -> Objective {
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
    fn pairs(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let count = self.shape.iter().product::<usize>();
        let in_f64 = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        self.inputs
            .chunks(count)
            .zip(self.targets.chunks(count))
            .map(|(input, target)| (in_f64(input), in_f64(target)))
            .collect()
    }
}

fn normals(position: usize, count: usize) -> Vec<f64> {
    let mut numbers = vec![0.0; count];
    Fixed.fill_standard_normal(position, &mut numbers);
    numbers.into_iter().map(f64::from).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
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
fn plain_terms(config: &ModelConfig, weights: &Weights, batch: &Batch) -> Vec<(&'static str, f64)> {
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

fn plain_variational(
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

/// Compares all terms with [`plain_terms`], their sum with the loss, and every gradient with finite differences.
#[track_caller]
fn check(config: &ModelConfig, batch: &Batch) {
    let device = Device::flex().autodiff();
    let model = lively(config.clone(), batch.shape, 5, &device);
    let objective = batch.objective(&model, &device);
    let weights = Weights::new(&named_tensors(&model));
    let expected = plain_terms(config, &weights, batch);

    let names: Vec<_> = objective.terms.iter().map(|(name, _)| *name).collect();
    let expected_names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected_names, "{config:?}");
    for ((name, found), (_, expected)) in objective.terms.iter().zip(&expected) {
        let found = f64::from(found.clone().into_scalar::<f32>());
        assert!(
            (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
            "{name}: {found} instead of {expected}, {config:?}"
        );
    }
    let sum: f64 = expected.iter().map(|(_, term)| term).sum();
    let loss = f64::from(objective.loss.clone().into_scalar::<f32>());
    assert!(
        (loss - sum).abs() < 1e-5 * sum.abs().max(1.0),
        "{loss} instead of {sum}"
    );

    assert_finite_differences(&model, &objective.loss.backward(), 1e-5, |weights| {
        let terms = plain_terms(config, weights, batch);
        terms.iter().map(|(_, term)| term).sum()
    });
}

/// Terms and gradients of a configuration, on images that suit it.
#[track_caller]
fn check_small(config: &ModelConfig) {
    check(config, &Batch::new([1, 2, 3], 3));
}

fn small() -> NetworkConfig {
    network(dense(&[7], 3))
}

const LIKELIHOODS: [Likelihood; 4] = [
    Likelihood::Bernoulli,
    Likelihood::Gaussian { sigma: 0.3 },
    Likelihood::LearnedGaussian,
    Likelihood::Logistic,
];

#[test]
fn variational_terms_are_those_of_their_definitions() {
    for likelihood in LIKELIHOODS {
        check_small(&vae(|config| {
            config.network = small();
            config.likelihood = likelihood;
        }));
    }
    check_small(&vae(|config| {
        config.network = small();
        config.beta = 2.5;
    }));
    let mut batch = Batch::new([1, 2, 3], 3);
    batch.step = 3;
    check(
        &vae(|config| {
            config.network = small();
            config.beta = 2.0;
            config.beta_schedule = BetaSchedule::Linear { steps: 12 };
        }),
        &batch,
    );
}

#[test]
fn free_bits_are_free_for_some_dimensions_and_not_for_others() {
    let config = vae(|config| {
        config.network = small();
        config.free_bits = 0.45;
    });
    let batch = Batch::new([1, 2, 3], 3);
    check(&config, &batch);
    // The test above says something only if there are dimensions on both sides.
    let device = Device::flex();
    let model = lively(config, batch.shape, 5, &device);
    let images = crate::images([3, 1, 2, 3], &device);
    let posterior = model.as_latent_variable_model().unwrap().posterior(images);
    let divergences = crate::values(posterior.kl_divergence().mean_dim(0));
    assert!(
        divergences.iter().any(|&divergence| divergence < 0.45),
        "{divergences:?}"
    );
    assert!(
        divergences.iter().any(|&divergence| divergence > 0.45),
        "{divergences:?}"
    );
}

#[test]
fn importance_weighted_bounds_are_those_of_their_definition() {
    for likelihood in LIKELIHOODS {
        check_small(&vae(|config| {
            config.network = small();
            config.likelihood = likelihood;
            config.importance_samples = 4;
        }));
    }
}

#[test]
fn convolutional_kinds_have_the_same_terms_as_dense_ones() {
    let bottleneck = || network(conv(&[3, 2], Some(4)));
    let batch = Batch::new([1, 4, 6], 2);
    for likelihood in LIKELIHOODS {
        let config = vae(|config| {
            config.network = bottleneck();
            config.likelihood = likelihood;
        });
        check(&config, &batch);
    }
    // A size that pooling does not divide takes the way around the fused pass.
    check(
        &vae(|config| {
            config.network = bottleneck();
            config.likelihood = Likelihood::LearnedGaussian;
        }),
        &Batch::new([1, 5, 6], 2),
    );
    let l1 = Sparsity::L1 { weight: 0.1 };
    check(&sparse(l1, bottleneck()), &batch);
    check(&sparse(l1, network(conv(&[3, 2], None))), &batch);
    check(&sparse(Sparsity::TopK { kept: 2 }, bottleneck()), &batch);
    check(
        &sparse(Sparsity::TopK { kept: 5 }, network(conv(&[3, 2], None))),
        &batch,
    );
    check(&contractive(0.3, bottleneck()), &batch);
}

#[test]
fn sparse_terms_are_those_of_their_definitions() {
    let kinds = [
        Sparsity::L1 { weight: 0.2 },
        Sparsity::Kl {
            target: 0.1,
            weight: 0.5,
        },
        Sparsity::TopK { kept: 2 },
    ];
    for sparsity in kinds {
        check_small(&sparse(sparsity, small()));
        check_small(&sparse(sparsity, network(tied(dense(&[], 4)))));
        let mut batch = Batch::new([1, 2, 3], 3);
        batch.loss = ReconstructionLoss::Bce;
        check(&sparse(sparsity, small()), &batch);
    }
}

#[test]
fn contraction_is_exact_for_one_layer_and_a_random_projection_otherwise() {
    check_small(&contractive(0.5, network(dense(&[], 4))));
    check_small(&contractive(0.5, network(tied(dense(&[], 4)))));
    check_small(&contractive(0.5, small()));
}

#[test]
fn a_random_projection_is_right_on_average() {
    // One image many times over, each with directions of its own.
    const COPIES: usize = 1_000;
    let shape = [1, 2, 3];
    let config = contractive(1.0, small());
    let device = Device::flex();
    let model = lively(config, shape, 5, &device);
    let weights = Weights::new(&named_tensors(&model));
    let image = pixels(6);
    let code =
        |image: &[f64]| naive::sigmoid(naive::encode(&small(), &weights, PREFIX, shape, image));
    let in_f64: Vec<f64> = image.iter().map(|&value| f64::from(value)).collect();
    let exact = exact_norm(&code, &in_f64);

    let batch = Batch {
        inputs: image.repeat(COPIES),
        targets: image.repeat(COPIES),
        ..Batch::new(shape, 1)
    };
    let found = batch.objective(&model, &device).terms[1].1.clone();
    let found = f64::from(found.into_scalar::<f32>());
    let squares: Vec<f64> = (0..COPIES)
        .map(|position| {
            let moved: Vec<f64> = in_f64
                .iter()
                .zip(normals(position, 6))
                .map(|(value, direction)| value + STEP * direction)
                .collect();
            let here = code(&in_f64);
            code(&moved)
                .iter()
                .zip(&here)
                .map(|(there, here)| ((there - here) / STEP).powi(2))
                .sum()
        })
        .collect();
    let average = mean(squares.iter().copied());
    let variance = mean(squares.iter().map(|square| (square - average).powi(2)));
    let standard_error = (variance / COPIES as f64).sqrt();
    assert!(
        (found - exact).abs() < 4.0 * standard_error,
        "{found} instead of {exact} +- {standard_error}"
    );
    assert!(standard_error < 0.1 * exact, "the test could not tell");
}

/// The loss and all gradients of a configuration, on the same weights and the same batch.
fn loss_and_gradients(config: ModelConfig, loss: ReconstructionLoss) -> (f64, Vec<f32>) {
    let device = Device::flex().autodiff();
    let mut batch = Batch::new([1, 2, 3], 3);
    batch.loss = loss;
    let model = lively(config, batch.shape, 5, &device);
    let objective = batch.objective(&model, &device);
    let value = f64::from(objective.loss.clone().into_scalar::<f32>());
    let gradients = gradients_of(&model, &objective.loss.backward());
    let numbers = gradients.into_iter().flat_map(|(.., values)| values);
    (value, numbers.collect())
}

/// Checks that loss and gradients are linear in a coefficient: what 3 adds to 0 is three times what 1 adds, and is
/// something.
#[track_caller]
fn check_coefficient(config: impl Fn(f64) -> ModelConfig) {
    let [none, once, thrice] = [0.0, 1.0, 3.0]
        .map(|coefficient| loss_and_gradients(config(coefficient), ReconstructionLoss::Mse));
    let added = once.0 - none.0;
    assert!(added > 1e-2, "the coefficient adds {added} to the loss");
    assert!((thrice.0 - none.0 - 3.0 * added).abs() < 1e-5 * thrice.0.abs().max(1.0));
    let mut largest = 0.0f32;
    for ((none, once), thrice) in none.1.iter().zip(&once.1).zip(&thrice.1) {
        largest = largest.max((once - none).abs());
        assert!(
            (thrice - none - 3.0 * (once - none)).abs() < 1e-4 * thrice.abs().max(1.0),
            "{none}, {once}, {thrice}"
        );
    }
    assert!(
        largest > 1e-2,
        "the coefficient adds {largest} to a gradient"
    );
}

#[test]
fn every_coefficient_changes_loss_and_gradient_by_what_it_says() {
    check_coefficient(|beta| vae(|config| (config.network, config.beta) = (small(), beta)));
    check_coefficient(|weight| sparse(Sparsity::L1 { weight }, small()));
    check_coefficient(|weight| {
        sparse(
            Sparsity::Kl {
                target: 0.1,
                weight,
            },
            small(),
        )
    });
    check_coefficient(|contraction| contractive(contraction, network(dense(&[], 4))));
    check_coefficient(|contraction| contractive(contraction, small()));
}

#[test]
fn the_loss_of_two_halves_is_the_mean_of_their_losses() {
    // Half the batch white and half black: what is averaged over images, is; nothing else is averaged or summed.
    let configurations = [
        vae(|config| config.network = small()),
        vae(|config| {
            config.network = small();
            config.likelihood = Likelihood::Gaussian { sigma: 0.3 };
        }),
        vae(|config| {
            config.network = small();
            config.likelihood = Likelihood::LearnedGaussian;
        }),
        vae(|config| {
            config.network = small();
            config.likelihood = Likelihood::Logistic;
        }),
        vae(|config| (config.network, config.importance_samples) = (small(), 3)),
        sparse(Sparsity::L1 { weight: 1.0 }, small()),
        sparse(Sparsity::TopK { kept: 2 }, small()),
        contractive(1.0, network(dense(&[], 4))),
    ];
    let device = Device::flex();
    for config in configurations {
        let model = lively(config.clone(), [1, 2, 3], 5, &device);
        let loss = |values: &[f32]| {
            let pixels: Vec<f32> = values.iter().flat_map(|&value| [value; 6]).collect();
            let batch = Batch {
                inputs: pixels.clone(),
                targets: pixels,
                ..Batch::new([1, 2, 3], 1)
            };
            let [channels, height, width] = batch.shape;
            let images = Tensor::from_data(
                TensorData::new(
                    batch.inputs.clone(),
                    [values.len(), channels, height, width],
                ),
                &device,
            );
            let objective = model.objective(TrainingBatch {
                input: images.clone(),
                target: images,
                loss: batch.loss,
                step: 0,
                random: &(),
            });
            f64::from(objective.loss.into_scalar::<f32>())
        };
        let (white, black) = (loss(&[1.0]), loss(&[0.0]));
        let found = loss(&[1.0, 1.0, 0.0, 0.0]);
        assert!(
            (white - black).abs() > 1e-3,
            "{config:?}: nothing to tell apart"
        );
        assert!(
            (found - 0.5 * (white + black)).abs() < 1e-6 * found.abs().max(1.0),
            "{config:?}: {found} is not between {white} and {black}"
        );
    }
}
