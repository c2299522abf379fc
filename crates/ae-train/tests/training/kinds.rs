//! Training the kinds that sample or that are sparse: randomness by image, reports of codes.

use ae_models::{
    BetaSchedule, ConvAutoencoderConfig, DenseAutoencoderConfig, ModelConfig, NetworkConfig,
    SparseAutoencoderConfig, Sparsity, VariationalAutoencoderConfig, named_tensors,
};
use ae_train::{
    CodeReport, Measurement, Outcome, RunDirectory, TrainConfig, TrainError, Trainer,
    VariationalReport,
};
use burn::tensor::Device;

use crate::support::{Watcher, letters, quick, split};

fn variational(change: impl FnOnce(&mut VariationalAutoencoderConfig)) -> ModelConfig {
    let mut config = VariationalAutoencoderConfig {
        network: NetworkConfig::Conv(ConvAutoencoderConfig {
            widths: vec![4, 8],
            latent: Some(3),
            ..ConvAutoencoderConfig::default()
        }),
        ..VariationalAutoencoderConfig::default()
    };
    change(&mut config);
    ModelConfig::from(config)
}

fn reported(report: Option<&CodeReport>) -> &VariationalReport {
    match report {
        Some(CodeReport::Variational(report)) => report,
        other => panic!("{other:?} instead of a variational report"),
    }
}

#[test]
fn samples_are_the_same_for_any_loader_and_after_any_stop() {
    let device = Device::flex();
    let split = split(50, 10);
    let config = variational(|config| {
        config.beta_schedule = BetaSchedule::Cyclical {
            steps: 6,
            rise_share: 0.5,
        };
    });
    let model = || config.init([1, 8, 8], 1, &device).unwrap();
    let settings = quick(3, 8);
    let weights = |settings: &TrainConfig| {
        let settings = settings.check().unwrap();
        let trained = Trainer::new(&settings, &device)
            .train(model(), &split)
            .unwrap();
        named_tensors(&trained.last)
    };
    let straight = weights(&settings);
    let loaders = TrainConfig {
        loader_threads: 3,
        ..settings.clone()
    };
    assert_eq!(weights(&loaders), straight);
    let other_seed = TrainConfig {
        seed: 2,
        ..settings.clone()
    };
    assert_ne!(weights(&other_seed), straight);

    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &settings, false).unwrap();
    let settings = settings.check().unwrap();
    for stop in [5, 13] {
        let mut watcher = Watcher::stopping_after(stop);
        let stopped = Trainer::new(&settings, &device)
            .run_directory(&run)
            .observer(&mut watcher)
            .train(model(), &split)
            .unwrap();
        assert_eq!(stopped.outcome, Outcome::Interrupted);
    }
    let resumed = Trainer::new(&settings, &device)
        .run_directory(&run)
        .train(model(), &split)
        .unwrap();
    assert_eq!(named_tensors(&resumed.last), straight);
    // What was said of the codes before a stop is still known after it.
    assert_eq!(resumed.epochs.len(), 3);
    assert!(resumed.epochs.iter().all(|epoch| epoch.codes.is_some()));
}

#[test]
fn a_code_that_is_ignored_is_told_from_one_that_is_used() {
    let device = Device::flex();
    let split = split(96, 24);
    let settings = TrainConfig {
        learning_rate: 1e-2,
        gradient_clip_norm: None,
        ..quick(25, 16)
    };
    let settings = settings.check().unwrap();
    let last = |beta: f64| {
        let config = variational(|config| config.beta = beta);
        let model = config.init([1, 8, 8], 1, &device).unwrap();
        let trained = Trainer::new(&settings, &device)
            .train(model, &split)
            .unwrap();
        let epoch = trained.epochs.last().unwrap().clone();
        let names: Vec<_> = epoch.terms.keys().cloned().collect();
        assert_eq!(names, ["kl", "reconstruction"]);
        let sum: f64 = epoch.terms.values().sum();
        assert!((sum - epoch.train_loss).abs() < 1e-4 * sum.abs());
        reported(epoch.codes.as_ref()).clone()
    };
    let used = last(0.02);
    assert!(used.active_units > 0 && !used.is_collapsed(), "{used:?}");
    assert_eq!((used.units, used.kl_per_dimension.len()), (3, 3));
    assert!((used.kl_per_dimension.iter().sum::<f64>() - used.kl).abs() < 1e-9);
    assert!((used.reconstruction + used.kl - used.negative_bound).abs() < 1e-9);
    assert!(used.kl > 0.5, "{used:?}");

    let ignored = last(1_000.0);
    assert!(ignored.is_collapsed(), "{ignored:?}");
    assert!(ignored.kl < 0.01, "{ignored:?}");
}

#[test]
fn a_report_does_not_depend_on_the_batches_it_was_made_in() {
    let device = Device::flex();
    let model = variational(|_| {}).init([1, 8, 8], 1, &device).unwrap();
    let set = letters(37);
    let report = |batch_size, seed| {
        let report = Measurement::new(&model, &device)
            .batch_size(batch_size)
            .seed(seed)
            .report_codes(&set)
            .unwrap();
        reported(report.as_ref()).clone()
    };
    let (one, other) = (report(5, 1), report(37, 1));
    assert!((one.negative_bound - other.negative_bound).abs() < 1e-6 * one.negative_bound);
    assert!((one.mean_variances[0] - other.mean_variances[0]).abs() < 1e-9);
    assert_ne!(one.negative_bound, report(5, 2).negative_bound);
    assert_eq!(one.kl, report(5, 2).kl);
}

#[test]
fn a_sparse_model_reports_its_active_and_dead_numbers() {
    let device = Device::flex();
    let config = ModelConfig::from(SparseAutoencoderConfig {
        sparsity: Sparsity::TopK { kept: 2 },
        network: NetworkConfig::Dense(DenseAutoencoderConfig {
            widths: Vec::new(),
            latent: 16,
            ..DenseAutoencoderConfig::default()
        }),
    });
    let model = config.init([1, 8, 8], 1, &device).unwrap();
    let settings = quick(2, 16).check().unwrap();
    let trained = Trainer::new(&settings, &device)
        .train(model, &split(64, 20))
        .unwrap();
    let Some(CodeReport::Sparse(report)) = &trained.epochs[1].codes else {
        panic!("{:?} instead of a sparse report", trained.epochs[1].codes)
    };
    assert_eq!((report.active_share, report.units), (0.125, 16));
    assert!(report.dead_units <= 14, "{report:?}");

    let plain = crate::support::conv().init([1, 8, 8], 1, &device).unwrap();
    let report = Measurement::new(&plain, &device)
        .batch_size(4)
        .seed(1)
        .report_codes(&letters(4))
        .unwrap();
    assert_eq!(report, None);
}

#[test]
fn more_samples_come_nearer_to_the_likelihood_from_above() {
    let device = Device::flex();
    let model = variational(|_| {}).init([1, 8, 8], 1, &device).unwrap();
    let set = letters(24);
    let estimate = |samples| {
        Measurement::new(&model, &device)
            .seed(1)
            .log_likelihood(&set, samples)
            .unwrap()
    };
    // One sample is the bound with its divergence sampled instead of in closed form: alike on average.
    let report = Measurement::new(&model, &device)
        .batch_size(8)
        .seed(1)
        .report_codes(&set)
        .unwrap();
    let bound = reported(report.as_ref()).negative_bound;
    let one = estimate(1);
    assert!(
        (one.negative_log_likelihood - bound).abs() < 1.0,
        "{one:?}, {bound}"
    );
    let (some, many) = (estimate(20), estimate(3_000));
    assert!(some.negative_log_likelihood < one.negative_log_likelihood);
    assert!(many.negative_log_likelihood < some.negative_log_likelihood);
    let bits = many.negative_log_likelihood / std::f64::consts::LN_2 / 64.0;
    assert!((many.bits_per_pixel - bits).abs() < 1e-12);
    assert_eq!((many.samples, many.images), (3_000, 24));

    let plain = crate::support::conv().init([1, 8, 8], 1, &device).unwrap();
    let refused = Measurement::new(&plain, &device).log_likelihood(&set, 5);
    assert!(matches!(refused, Err(TrainError::Lacks { .. })));
}

#[test]
fn scores_average_to_what_the_model_is_measured_by() {
    let device = Device::flex();
    let set = letters(20);
    let mean = |scores: Vec<f64>| scores.iter().sum::<f64>() / scores.len() as f64;

    let model = variational(|_| {}).init([1, 8, 8], 1, &device).unwrap();
    let report = Measurement::new(&model, &device)
        .batch_size(7)
        .seed(1)
        .report_codes(&set)
        .unwrap();
    let bound = reported(report.as_ref()).negative_bound;
    let scores = Measurement::new(&model, &device)
        .batch_size(7)
        .seed(1)
        .anomaly_scores(&set)
        .unwrap();
    assert_eq!(scores.len(), 20);
    assert!((mean(scores) - bound).abs() < 1e-4 * bound);

    let plain = crate::support::conv().init([1, 8, 8], 1, &device).unwrap();
    let quality = Measurement::new(&plain, &device)
        .batch_size(7)
        .evaluate(&set)
        .unwrap();
    let scores = Measurement::new(&plain, &device)
        .batch_size(7)
        .seed(1)
        .anomaly_scores(&set)
        .unwrap();
    assert!((mean(scores) - quality.mse).abs() < 1e-9);
}
