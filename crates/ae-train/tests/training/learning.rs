//! Models learn, and repeat themselves to the bit.

use ae_train::{EarlyStopping, Measurement, Outcome, TrainConfig, TrainError, Trainer};
use burn::tensor::Device;

use crate::support::{Watcher, conv, letters, quick, split};

#[test]
fn sixteen_images_are_learnt() {
    let device = Device::flex();
    let split = split(16, 0);
    let model = conv().init([1, 8, 8], 1, &device).unwrap();
    let before = Measurement::new(&model, &device)
        .batch_size(16)
        .evaluate(&split.train)
        .unwrap()
        .mse;
    for optimizer in ["adam", "adamw", "rmsprop", "sgd"] {
        let optimizer: ae_train::OptimizerConfig = optimizer.parse().unwrap();
        let config = TrainConfig {
            learning_rate: 5.0 * optimizer.default_learning_rate(),
            optimizer,
            ..quick(150, 8)
        };
        let trained = Trainer::new(&config.check().unwrap(), &device)
            .train(model.clone(), &split)
            .unwrap();
        let after = Measurement::new(&trained.model, &device)
            .batch_size(16)
            .evaluate(&split.train)
            .unwrap()
            .mse;
        // The mean image of these letters has an error of about 0.1.
        assert!(
            after < 0.05 && after < before / 3.0,
            "{optimizer:?}: {before} -> {after}"
        );
        assert_eq!((trained.steps, trained.outcome), (300, Outcome::Finished));
    }
}

#[test]
fn a_denoiser_comes_nearer_to_the_clean_images_than_its_input() {
    let device = Device::flex();
    let split = split(64, 16);
    let config = TrainConfig {
        noise: "gaussian:0.4".parse().unwrap(),
        learning_rate: 1e-2,
        ..quick(150, 16)
    };
    let model = conv().init([1, 8, 8], 1, &device).unwrap();
    let trained = Trainer::new(&config.check().unwrap(), &device)
        .train(model, &split)
        .unwrap();
    let (mut noisy, mut denoised) = (0.0, 0.0);
    Measurement::new(&trained.model, &device)
        .batch_size(5)
        .noise(&config.noise)
        .seed(1)
        .reconstruct(&split.test, |image| {
            let error = |pixels: &[f32]| -> f32 {
                image
                    .clean
                    .iter()
                    .zip(pixels)
                    .map(|(a, b)| (a - b).powi(2))
                    .sum()
            };
            noisy += error(image.input);
            denoised += error(image.output);
            Ok(())
        })
        .unwrap();
    assert!(denoised < 0.6 * noisy, "{noisy} -> {denoised}");
}

#[test]
fn the_same_seed_gives_the_same_losses_with_any_number_of_loader_threads() {
    let device = Device::flex();
    let split = split(37, 5);
    let losses = |seed, loader_threads| {
        let config = TrainConfig {
            seed,
            loader_threads,
            noise: "gaussian:0.3,masking:0.1".parse().unwrap(),
            ..quick(3, 8)
        };
        let model = conv().init([1, 8, 8], seed, &device).unwrap();
        let mut watcher = Watcher::default();
        Trainer::new(&config.check().unwrap(), &device)
            .observer(&mut watcher)
            .train(model, &split)
            .unwrap();
        watcher.losses
    };
    let expected = losses(1, 1);
    assert_eq!(expected.len(), 15);
    for threads in [2, 4] {
        assert_eq!(losses(1, threads), expected, "{threads} threads");
    }
    assert_ne!(losses(2, 1), expected);
}

#[test]
fn noise_drawn_once_is_the_same_in_every_epoch_and_fresh_noise_is_not() {
    let device = Device::flex();
    let split = split(8, 0);
    let losses = |draw: &str| {
        // A rate that changes nothing: an epoch's loss then shows its noise alone.
        let config = TrainConfig {
            noise: "gaussian:0.5".parse().unwrap(),
            noise_draw: draw.parse().unwrap(),
            learning_rate: 1e-30,
            ..quick(2, 8)
        };
        let model = conv().init([1, 8, 8], 1, &device).unwrap();
        let trained = Trainer::new(&config.check().unwrap(), &device)
            .train(model, &split)
            .unwrap();
        [trained.epochs[0].train_loss, trained.epochs[1].train_loss]
    };
    let [first, second] = losses("once");
    // The order of summation differs with the shuffle.
    assert!((first - second).abs() < 1e-6, "{first} {second}");
    let [first_fresh, second_fresh] = losses("each-epoch");
    assert!(
        (first_fresh - first).abs() < 1e-6,
        "the first epoch's draw is the one that is drawn once"
    );
    assert!(
        (first_fresh - second_fresh).abs() > 1e-5,
        "{first_fresh} {second_fresh}"
    );
}

#[test]
fn early_stopping_ends_a_run_that_no_longer_improves() {
    let device = Device::flex();
    let config = TrainConfig {
        learning_rate: 1e-30,
        early_stopping: Some(EarlyStopping {
            patience_epochs: 2,
            min_delta: 1e-9,
        }),
        ..quick(50, 8)
    };
    let model = conv().init([1, 8, 8], 1, &device).unwrap();
    let trained = Trainer::new(&config.check().unwrap(), &device)
        .train(model, &split(16, 8))
        .unwrap();
    assert_eq!(
        (trained.outcome, trained.epochs.len(), trained.best_epoch),
        (Outcome::StoppedEarly, 3, Some(1))
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = Device::flex();
    let config = quick(1, 8).check().unwrap();
    let model = conv().init([3, 8, 8], 1, &device).unwrap();
    let error = Trainer::new(&config, &device)
        .train(model.clone(), &split(4, 0))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "letters has images of 8x8x1, the model takes 8x8x3"
    );
    let error = Trainer::new(&config, &device)
        .train(model.clone(), &split(0, 0))
        .unwrap_err();
    assert_eq!(error.to_string(), "letters has no images");
    assert!(matches!(
        Measurement::new(&model, &device)
            .batch_size(0)
            .evaluate(&letters(4)),
        Err(TrainError::Config(_))
    ));
}

#[test]
fn codes_come_in_order_whatever_the_batch_size() {
    let device = Device::flex();
    let model = conv().init([1, 8, 8], 1, &device).unwrap();
    let set = letters(11);
    let codes = |batch_size| {
        let mut codes = Vec::new();
        Measurement::new(&model, &device)
            .batch_size(batch_size)
            .encode(&set, |index, code| {
                assert_eq!(index, codes.len());
                codes.push(code.to_vec());
                Ok(())
            })
            .unwrap();
        codes
    };
    let (by_three, at_once) = (codes(3), codes(11));
    assert_eq!((by_three.len(), by_three[0].len()), (11, 8 * 4 * 4));
    for (a, b) in by_three.iter().flatten().zip(at_once.iter().flatten()) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}
