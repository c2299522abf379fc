//! Runs that stop, are killed and are resumed.

use std::fs;

use ae_models::{Registry, load_model};
use ae_train::{
    EarlyStopping, EpochReport, MetricsLine, Outcome, RunDirectory, ScheduleConfig, TrainConfig,
    TrainError, Trainer, read_metrics,
};
use burn::tensor::Device;

use crate::support::{LineModel, Watcher, conv, quick, split};

/// A model that this workspace doesn't know, trained, saved and resumed like any other.
#[test]
fn a_custom_model_trains_unchanged() {
    let device = Device::flex();
    let split = split(40, 8);
    let folder = tempfile::tempdir().unwrap();
    let config = TrainConfig {
        learning_rate: 0.01,
        ..quick(20, 8)
    };
    let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
    let config = config.check().unwrap();
    let mut watcher = Watcher::stopping_after(33);
    let stopped = Trainer::new(&config, &device)
        .run_directory(&run)
        .observer(&mut watcher)
        .train(LineModel::new(&device), &split)
        .unwrap();
    assert_eq!((stopped.outcome, stopped.steps), (Outcome::Interrupted, 33));
    let mut watcher = Watcher::default();
    let trained = Trainer::new(&config, &device)
        .run_directory(&run)
        .observer(&mut watcher)
        .train(LineModel::new(&device), &split)
        .unwrap();
    assert_eq!(
        (trained.outcome, trained.steps, trained.epochs.len()),
        (Outcome::Finished, 100, 20)
    );
    let resumed = watcher.start.unwrap().resumed.unwrap();
    assert_eq!((resumed.steps_done, resumed.epoch), (33, 7));
    assert!(trained.epochs[19].train_loss < 0.7 * trained.epochs[0].train_loss);
    let names: Vec<String> = trained.epochs[0].terms.keys().cloned().collect();
    assert_eq!(names, ["reconstruction", "sparsity"]);

    let straight = Trainer::new(&config, &device)
        .train(LineModel::new(&device), &split)
        .unwrap();
    assert_eq!(
        ae_models::named_tensors(&straight.last),
        ae_models::named_tensors(&trained.last)
    );
}

#[test]
fn a_run_that_is_stopped_and_resumed_has_the_same_bytes() {
    let device = Device::flex();
    let split = split(50, 10);
    for (optimizer, stops) in [
        ("adam", vec![4, 9, 10]),
        ("rmsprop", vec![1, 2, 17]),
        ("adamw", vec![7, 8, 24]),
        ("sgd", vec![13, 20]),
    ] {
        let config = TrainConfig {
            optimizer: optimizer.parse().unwrap(),
            noise: "gaussian:0.3".parse().unwrap(),
            gradient_clip_norm: Some(0.05),
            early_stopping: Some(EarlyStopping::default()),
            ..quick(3, 7)
        };
        let run_once = |name: &str, stops: &[usize]| {
            let folder = tempfile::tempdir().unwrap();
            let run = RunDirectory::create(folder.path().join(name), &config, false).unwrap();
            let checked = config.check().unwrap();
            for &stop in stops {
                let model = conv().init([1, 8, 8], 5, &device).unwrap();
                let mut watcher = Watcher::stopping_after(stop);
                let trained = Trainer::new(&checked, &device)
                    .run_directory(&run)
                    .observer(&mut watcher)
                    .train(model, &split)
                    .unwrap();
                assert_eq!(
                    (trained.outcome, trained.steps),
                    (Outcome::Interrupted, watcher.stop_after.unwrap())
                );
            }
            // A resumed run doesn't care what weights it is handed.
            let seed = if stops.is_empty() { 5 } else { 99 };
            let model = conv().init([1, 8, 8], seed, &device).unwrap();
            let trained = Trainer::new(&checked, &device)
                .run_directory(&run)
                .train(model, &split)
                .unwrap();
            assert_eq!((trained.outcome, trained.steps), (Outcome::Finished, 24));
            let steps: Vec<MetricsLine> = read_metrics(&run.metrics_file())
                .unwrap()
                .into_iter()
                .filter(|line| matches!(line, MetricsLine::Step(_)))
                .collect();
            let model = fs::read(run.model_file()).unwrap();
            (
                model,
                fs::read(run.last_model_file()).unwrap(),
                steps,
                trained.epochs.iter().map(score).collect::<Vec<_>>(),
            )
        };
        let straight = run_once("straight", &[]);
        let stopped = run_once("stopped", &stops);
        let same = (
            straight.0 == stopped.0,
            straight.1 == stopped.1,
            straight.2 == stopped.2,
        );
        assert_eq!(
            same,
            (true, true, true),
            "best, last, log: {optimizer} stopped at {stops:?}"
        );
        assert_eq!(straight.3, stopped.3, "{optimizer} stopped at {stops:?}");
        assert_eq!(straight.2.len(), 24);
    }
}

/// Measuring a large test set may take longer than a machine that is taken away leaves.
#[test]
fn a_run_that_is_stopped_while_it_measures_has_the_same_bytes() {
    let device = Device::flex();
    let split = split(50, 30);
    let config = quick(3, 7);
    let checked = config.check().unwrap();
    let run_once = |name: &str, stop_measuring: Option<usize>| {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path().join(name), &config, false).unwrap();
        let init = || conv().init([1, 8, 8], 5, &device).unwrap();
        if let Some(epoch) = stop_measuring {
            let mut watcher = Watcher::stopping_while_measuring(epoch);
            let stopped = Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut watcher)
                .train(init(), &split)
                .unwrap();
            assert_eq!(
                (stopped.outcome, stopped.steps, stopped.epochs.len()),
                (Outcome::Interrupted, 16, 1)
            );
        }
        let trained = Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(init(), &split)
            .unwrap();
        assert_eq!((trained.outcome, trained.steps), (Outcome::Finished, 24));
        let scores: Vec<_> = trained.epochs.iter().map(score).collect();
        (fs::read(run.model_file()).unwrap(), scores)
    };
    let straight = run_once("straight", None);
    let stopped = run_once("stopped", Some(2));
    assert!(straight.0 == stopped.0, "the weights differ");
    assert_eq!(straight.1, stopped.1);
}

fn score(report: &EpochReport) -> (usize, u64, u64, bool) {
    let validation = report.validation.expect("there are test images");
    (
        report.epoch,
        report.train_loss.to_bits(),
        validation.mse.to_bits(),
        report.best,
    )
}

/// What a kill leaves: checkpoints from time to time, and a log and a best model that are ahead of them.
#[test]
fn a_run_that_was_killed_goes_on_from_its_newest_whole_checkpoint() {
    let device = Device::flex();
    let split = split(50, 10);
    let config = TrainConfig {
        checkpoint_every_steps: Some(5),
        ..quick(3, 7)
    };
    let checked = config.check().unwrap();
    let init = || conv().init([1, 8, 8], 5, &device).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let straight = RunDirectory::create(folder.path().join("straight"), &config, false).unwrap();
    Trainer::new(&checked, &device)
        .run_directory(&straight)
        .train(init(), &split)
        .unwrap();

    let killed = RunDirectory::create(folder.path().join("killed"), &config, false).unwrap();
    Trainer::new(&checked, &device)
        .run_directory(&killed)
        .observer(&mut Watcher::stopping_after(18))
        .train(init(), &split)
        .unwrap();
    let mut checkpoints: Vec<_> = fs::read_dir(killed.checkpoints())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    checkpoints.sort();
    assert!(checkpoints[1].ends_with("step-00000018"), "{checkpoints:?}");
    fs::write(checkpoints[1].join("optimizer.safetensors"), "half").unwrap();
    fs::create_dir(killed.checkpoints().join(".staging")).unwrap();
    fs::write(killed.path().join(".model-x1y2z3"), "half a model").unwrap();
    fs::write(killed.model_file(), "of a later epoch").unwrap();
    fs::write(killed.last_model_file(), "of an earlier checkpoint").unwrap();
    let mut log = fs::read(killed.metrics_file()).unwrap();
    log.extend_from_slice(b"{\"kind\":\"step\",\"epo");
    fs::write(killed.metrics_file(), log).unwrap();

    let mut watcher = Watcher::stopping_after(17);
    Trainer::new(&checked, &device)
        .run_directory(&killed)
        .observer(&mut watcher)
        .train(init(), &split)
        .unwrap();
    assert!(
        load_model(killed.model_file(), &Registry::builtin(), &device).is_ok(),
        "the best model is the checkpoint's again"
    );
    assert!(load_model(killed.last_model_file(), &Registry::builtin(), &device).is_ok());
    assert!(!killed.path().join(".model-x1y2z3").exists());
    let resumed = watcher.start.unwrap().resumed.unwrap();
    assert!(resumed.checkpoint.ends_with("step-00000016"), "{resumed:?}");
    assert_eq!(resumed.skipped[0].0, checkpoints[1]);
    assert!(
        resumed.skipped[0]
            .1
            .contains("optimizer.safetensors: 4 bytes long instead of"),
        "{resumed:?}"
    );
    Trainer::new(&checked, &device)
        .run_directory(&killed)
        .train(init(), &split)
        .unwrap();
    for file in ["model.safetensors", "last.safetensors"] {
        assert_eq!(
            fs::read(killed.path().join(file)).unwrap(),
            fs::read(straight.path().join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn a_run_is_not_resumed_under_another_configuration_or_other_images() {
    let device = Device::flex();
    let config = quick(2, 8);
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
    let go_on = |config: &TrainConfig, images| {
        let model = conv().init([1, 8, 8], 1, &device).unwrap();
        Trainer::new(&config.check().unwrap(), &device)
            .run_directory(&run)
            .train(model, &split(images, 4))
    };
    go_on(&config, 16).unwrap();
    let message = |result: Result<_, TrainError>| match result {
        Err(error @ TrainError::Changed { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let text = message(go_on(
        &TrainConfig {
            seed: 2,
            schedule: ScheduleConfig::Constant,
            ..config.clone()
        },
        16,
    ));
    assert!(
        text.contains("seed was 1, now 2")
            && text.contains("schedule.kind was \"cosine\", now \"constant\""),
        "{text}"
    );
    assert!(
        message(go_on(&config, 17)).contains("the training images was"),
        "other images"
    );
    // Nor is its configuration replaced by one that was refused.
    let other = TrainConfig {
        seed: 2,
        ..config.clone()
    };
    let kept = fs::read(run.config_file()).unwrap();
    let refused = Trainer::new(&other.check().unwrap(), &device)
        .run_directory(&run.clone().with_config(&other).unwrap())
        .train(conv().init([1, 8, 8], 1, &device).unwrap(), &split(16, 4));
    message(refused);
    assert_eq!(fs::read(run.config_file()).unwrap(), kept);
    let longer = go_on(
        &TrainConfig {
            epochs: 3,
            loader_threads: 2,
            ..config
        },
        16,
    )
    .unwrap();
    assert_eq!((longer.epochs.len(), longer.steps), (3, 6));
}
