//! The contracts of the losses: every term of every kind against plain numbers in `f64`, its gradients against finite
//! differences, and its coefficients against what they say.

use ae_models::{
    BetaSchedule, Likelihood, ModelConfig, NetworkConfig, ReconstructionLoss, Sparsity, Trainable,
    TrainingBatch, named_tensors,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::definitions::{Batch, PREFIX, STEP, exact_norm, mean, normals, plain_terms};
use crate::gradients::{assert_finite_differences, gradients_of};
use crate::naive::{self, Weights};
use crate::{contractive, conv, dense, lively, network, pixels, sparse, tied, vae};

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
