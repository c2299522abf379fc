//! What tells the kinds apart: their codes, their distributions, their files.

use std::f64::consts::PI;

use ae_models::{
    LatentVariableModel, Likelihood, ModelCard, ModelConfig, Posterior, RandomNumbers, Registry,
    Sparsity, Trainable, load_model, load_tensors, named_tensors, read_model_card, save_model,
};
use burn::tensor::{Device, Tensor, TensorData};

use crate::definitions::Fixed;
use crate::{
    contractive, conv, dense, images, lively, network, reconstructs, sparse, tied, vae, values,
    with_codes,
};

/// Standard normal numbers, `[rows, columns]`.
fn noise(rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    let mut numbers = vec![0.0; rows * columns];
    for (position, numbers) in numbers.chunks_mut(columns).enumerate() {
        Fixed.fill_standard_normal(position, numbers);
    }
    Tensor::from_data(TensorData::new(numbers, [rows, columns]), device)
}

#[test]
fn the_test_numbers_are_standard_normal() {
    const COUNT: usize = 20_000;
    let numbers = values(noise(COUNT / 4, 4, &Device::flex()));
    let moment = |power: i32| {
        numbers
            .iter()
            .map(|&number| f64::from(number).powi(power))
            .sum::<f64>()
            / COUNT as f64
    };
    // Four standard errors of a standard normal number's first four moments.
    let error = 4.0 / (COUNT as f64).sqrt();
    assert!(moment(1).abs() < error, "{}", moment(1));
    assert!(
        (moment(2) - 1.0).abs() < error * 2f64.sqrt(),
        "{}",
        moment(2)
    );
    assert!(moment(3).abs() < error * 15f64.sqrt(), "{}", moment(3));
    assert!(
        (moment(4) - 3.0).abs() < error * 96f64.sqrt(),
        "{}",
        moment(4)
    );
}

#[test]
fn the_divergence_in_closed_form_is_that_of_samples() {
    const SAMPLES: usize = 20_000;
    let device = Device::flex();
    for (mean, log_variance) in [(0.0f32, 0.0f32), (1.5, -2.0), (-0.5, 1.0), (3.0, -6.0)] {
        let row = |value: f32| Tensor::<2>::from_data([[value]], &device);
        let posterior = Posterior::new(row(mean), row(log_variance));
        let exact = f64::from(posterior.kl_divergence().into_scalar::<f32>());
        let many = Posterior::new(
            row(mean).expand([SAMPLES, 1]),
            row(log_variance).expand([SAMPLES, 1]),
        );
        // The logarithm of q / p at samples of q, in plain numbers.
        let log_normal = |x: f64, mean: f64, log_variance: f64| {
            -0.5 * ((2.0 * PI).ln() + log_variance + (x - mean).powi(2) / log_variance.exp())
        };
        let ratios: Vec<f64> = values(many.sample(noise(SAMPLES, 1, &device)))
            .into_iter()
            .map(|code| {
                let code = f64::from(code);
                log_normal(code, mean.into(), log_variance.into()) - log_normal(code, 0.0, 0.0)
            })
            .collect();
        let average = ratios.iter().sum::<f64>() / SAMPLES as f64;
        let variance = ratios
            .iter()
            .map(|ratio| (ratio - average).powi(2))
            .sum::<f64>()
            / SAMPLES as f64;
        let standard_error = (variance / SAMPLES as f64).sqrt();
        assert!(
            (exact - average).abs() <= 4.0 * standard_error + 1e-6,
            "{exact} instead of {average} +- {standard_error}"
        );
    }
}

#[test]
fn the_probabilities_of_the_256_values_add_up_to_one() {
    // The decoder's picture is whatever it is: the bins around it must be all there is.
    let device = Device::flex();
    let config = vae(|config| {
        config.network = network(dense(&[], 2));
        config.likelihood = Likelihood::Logistic;
    });
    let model = lively(config, [1, 1, 1], 5, &device);
    for log_scale in [-6.0f32, -2.3, 0.5] {
        let mut tensors = named_tensors(&model);
        let scale = tensors.iter_mut().find(|tensor| tensor.name == "log_scale");
        scale.unwrap().values = vec![log_scale];
        let model = load_tensors(model.clone(), &tensors).unwrap();
        let levels: Vec<f32> = (0..256).map(|level| level as f32 / 255.0).collect();
        let images = Tensor::from_data(TensorData::new(levels, [256, 1, 1, 1]), &device);
        let codes = Tensor::<2>::zeros([256, 2], &device);
        let logs = model
            .as_latent_variable_model()
            .unwrap()
            .log_likelihood(codes, images);
        let sum: f64 = values(logs)
            .into_iter()
            .map(|log| f64::from(log).exp())
            .sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum} at {log_scale}");
    }
}

/// `ln p(x)` of one image by a fine grid over a code of one number, in plain numbers around the model's decoder.
fn log_likelihood_by_quadrature(model: &dyn LatentVariableModel, image: Tensor<4>) -> f64 {
    const STEPS: usize = 4_001;
    const REACH: f64 = 8.0;
    let device = image.device();
    let [_, channels, height, width] = image.dims();
    let codes: Vec<f32> = (0..STEPS)
        .map(|step| (REACH * (2.0 * step as f64 / (STEPS - 1) as f64 - 1.0)) as f32)
        .collect();
    let logs = values(model.log_likelihood(
        Tensor::from_data(TensorData::new(codes.clone(), [STEPS, 1]), &device),
        image.expand([STEPS, channels, height, width]),
    ));
    let spacing = 2.0 * REACH / (STEPS - 1) as f64;
    let sum: f64 = logs
        .iter()
        .zip(&codes)
        .map(|(&log, &code)| {
            let log_prior = -0.5 * ((2.0 * PI).ln() + f64::from(code).powi(2));
            (f64::from(log) + log_prior).exp() * spacing
        })
        .sum();
    sum.ln()
}

#[test]
fn importance_weights_average_to_the_likelihood() {
    const SAMPLES: usize = 900;
    let device = Device::flex();
    for likelihood in [
        Likelihood::Bernoulli,
        Likelihood::Gaussian { sigma: 0.4 },
        Likelihood::Logistic,
    ] {
        let config = vae(|config| {
            config.network = network(dense(&[5], 1));
            config.likelihood = likelihood;
        });
        let model = lively(config, [1, 2, 3], 5, &device);
        let model = model.as_latent_variable_model().unwrap();
        let image = images([1, 1, 2, 3], &device);
        let expected = log_likelihood_by_quadrature(model, image.clone());

        let posterior = model.posterior(image.clone());
        let noise = noise(1, SAMPLES, &device).reshape([1, SAMPLES, 1]);
        let weights: Vec<f64> = values(model.log_importance_weights(&posterior, image, noise))
            .into_iter()
            .map(|log| f64::from(log).exp())
            .collect();
        let average = weights.iter().sum::<f64>() / SAMPLES as f64;
        let variance = weights
            .iter()
            .map(|weight| (weight - average).powi(2))
            .sum::<f64>()
            / SAMPLES as f64;
        // The error of the logarithm is that of the average, divided by it.
        let standard_error = (variance / SAMPLES as f64).sqrt() / average;
        assert!(
            (average.ln() - expected).abs() < 4.0 * standard_error,
            "{likelihood}: {} instead of {expected} +- {standard_error}",
            average.ln()
        );
        assert!(
            standard_error < 0.2,
            "{likelihood}: the test could not tell"
        );
    }
}

#[test]
fn a_variational_code_is_the_posterior_s_mean() {
    let device = Device::flex();
    let model = lively(
        vae(|config| config.network = network(dense(&[5], 2))),
        [1, 2, 3],
        5,
        &device,
    );
    let images = images([3, 1, 2, 3], &device);
    let posterior = model
        .as_latent_variable_model()
        .unwrap()
        .posterior(images.clone());
    assert_eq!(posterior.log_variance.dims(), [3, 2]);
    assert_eq!(
        values(with_codes(&model).encode(images)),
        values(posterior.mean)
    );
    assert!(
        conv(&[2], None)
            .init([1, 4, 4], 1, &device)
            .unwrap()
            .as_latent_variable_model()
            .is_none()
    );
}

#[test]
fn codes_are_as_sparse_as_they_say() {
    let device = Device::flex();
    let codes = |sparsity| {
        let model = lively(
            sparse(sparsity, network(dense(&[], 8))),
            [1, 2, 3],
            5,
            &device,
        );
        assert!(with_codes(&model).activity_threshold().is_some());
        values(with_codes(&model).encode(images([5, 1, 2, 3], &device)))
    };
    let l1 = codes(Sparsity::L1 { weight: 1.0 });
    assert!(
        l1.iter().all(|&value| value >= 0.0) && l1.contains(&0.0),
        "{l1:?}"
    );
    let coins = codes(Sparsity::Kl {
        target: 0.1,
        weight: 1.0,
    });
    assert!(
        coins.iter().all(|&value| value > 0.0 && value < 1.0),
        "{coins:?}"
    );
    for code in codes(Sparsity::TopK { kept: 3 }).chunks(8) {
        assert_eq!(
            code.iter().filter(|&&value| value != 0.0).count(),
            3,
            "{code:?}"
        );
    }
}

#[test]
fn tied_weights_are_shared_and_stored_once() {
    let device = Device::flex();
    let model = tied(dense(&[4], 2)).init([1, 2, 3], 1, &device).unwrap();
    let names: Vec<String> = named_tensors(&model)
        .into_iter()
        .map(|tensor| tensor.name)
        .collect();
    assert_eq!(
        names,
        [
            "encoder.0.weight",
            "encoder.0.bias",
            "encoder.1.weight",
            "encoder.1.bias",
            "decoder.0.bias",
            "decoder.1.bias",
        ]
    );
}

#[test]
fn every_kind_survives_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let shape = [1, 4, 6];
    let configurations: Vec<ModelConfig> = vec![
        tied(dense(&[7], 3)),
        vae(|config| config.network = network(conv(&[3, 2], Some(4)))),
        vae(|config| {
            config.network = network(dense(&[7], 3));
            config.likelihood = Likelihood::Logistic;
            config.beta = 0.5;
        }),
        sparse(Sparsity::TopK { kept: 2 }, network(conv(&[3, 2], None))),
        contractive(0.1, network(tied(dense(&[], 3)))),
    ];
    for (index, config) in configurations.into_iter().enumerate() {
        let model = lively(config.clone(), shape, 5, &device);
        let path = folder.path().join(format!("{index}.safetensors"));
        save_model(&path, &model, &ModelCard::new(&model)).unwrap();
        assert_eq!(
            read_model_card(&path, &Registry::builtin())
                .unwrap()
                .config
                .as_ref(),
            Some(model.config())
        );
        let (loaded, _) = load_model(&path, &Registry::builtin(), &device).unwrap();
        assert_eq!(named_tensors(&loaded), named_tensors(&model), "{config:?}");
        let pictures = |model: &ae_models::Model| {
            values(reconstructs(model).reconstruct(images([2, 1, 4, 6], &device)))
        };
        assert_eq!(pictures(&loaded), pictures(&model), "{config:?}");
        assert_eq!(loaded.config(), model.config());
    }
}
