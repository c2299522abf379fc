//! What a run leaves on the disk.

use std::fs;

use ae_models::{Registry, load_model, named_tensors};
use ae_train::{
    Measurement, MetricsLine, RunDirectory, ScheduleConfig, TrainConfig, TrainError, Trainer,
    read_metrics,
};
use burn::tensor::Device;

use crate::support::{conv, quick, split};

#[test]
fn a_learning_rate_that_explodes_names_the_step_and_keeps_the_last_good_model() {
    let device = Device::flex();
    let split = split(16, 4);
    // With one step an epoch, the damage shows when the epoch is measured; with two, in the second loss.
    for batch_size in [8, 16] {
        let config = TrainConfig {
            learning_rate: 1e30,
            warmup_steps: 0.into(),
            schedule: ScheduleConfig::Constant,
            ..quick(5, batch_size)
        };
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
        let model = conv().init([1, 8, 8], 1, &device).unwrap();
        let checked = config.check().unwrap();
        let error = Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(model.clone(), &split)
            .unwrap_err();
        let TrainError::Diverged(divergence) = &error else {
            panic!("{error}")
        };
        assert!((1..=2).contains(&divergence.step), "{divergence:?}");
        assert_eq!(
            divergence.kept.as_deref(),
            Some(run.last_model_file().as_path())
        );
        assert!(
            error.to_string().starts_with("training diverged: the "),
            "{error}"
        );
        // The first update did the damage, so the good weights are those it was made to.
        let (kept, _) = load_model(run.last_model_file(), &Registry::builtin(), &device).unwrap();
        assert_eq!(
            named_tensors(&kept),
            named_tensors(&model),
            "batches of {batch_size}"
        );
    }
}

#[test]
fn a_run_directory_holds_all_it_should() {
    let device = Device::flex();
    let split = split(20, 6);
    let config = TrainConfig {
        noise: "masking:0.2".parse().unwrap(),
        ..quick(2, 8)
    };
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
    let model = conv().init([1, 8, 8], 1, &device).unwrap();
    let trained = Trainer::new(&config.check().unwrap(), &device)
        .run_directory(&run)
        .train(model, &split)
        .unwrap();

    let (best, card) = load_model(run.model_file(), &Registry::builtin(), &device).unwrap();
    assert_eq!(card.noise.as_deref(), Some("masking:0.2"));
    assert_eq!(card.config, Some(conv()));
    assert_eq!(
        card.data_fingerprint,
        Some(split.train.fingerprint().unwrap())
    );
    assert_eq!(named_tensors(&best), named_tensors(&trained.model));

    let text = fs::read_to_string(run.metrics_file()).unwrap();
    let kinds: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "step", "step", "step", "epoch", "step", "step", "step", "epoch"
        ]
    );
    let lines = read_metrics(&run.metrics_file()).unwrap();
    let MetricsLine::Epoch(report) = &lines[3] else {
        panic!()
    };
    assert_eq!(
        (report.epoch, report.best, &report.terms.len()),
        (1, true, &1)
    );
    assert!((report.train_loss - trained.epochs[0].train_loss).abs() < 1e-15);
    let quality = Measurement::new(&trained.model, &device)
        .batch_size(3)
        .noise(&config.noise)
        .seed(config.seed)
        .evaluate(&split.test)
        .unwrap();
    let best = trained.epochs[trained.best_epoch.unwrap() - 1]
        .validation
        .unwrap();
    assert!(
        (quality.mse - best.mse).abs() < 1e-9,
        "whatever the batch size: {quality:?} {best:?}"
    );
    assert_eq!(run.read_config::<TrainConfig>().unwrap(), config);
    assert!(RunDirectory::create(run.path(), &config, false).is_err());
}
