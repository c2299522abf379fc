//! Runs of a number of optimizer steps, whose last epoch ends with the last of them.

use std::fs;
use std::path::Path;

use ae_models::{ComputePath, Registry};
use ae_train::{
    DataConfig, MetricsLine, Outcome, RunConfig, RunDirectory, Segment, TrainConfig, TrainError,
    Trained, Trainer, read_metrics,
};
use burn::tensor::Device;

use crate::support::{Watcher, conv, quick, split};

/// Five steps in an epoch.
fn config(steps: usize) -> TrainConfig {
    TrainConfig {
        steps: Some(steps),
        noise: "gaussian:0.2".parse().expect("a noise"),
        ..quick(99, 8)
    }
}

/// Trains in the run at `path`, which is made where there is none, until the end or the step given.
fn train(path: &Path, config: &TrainConfig, stop: Option<usize>) -> Result<usize, TrainError> {
    let device = Device::flex();
    let mut run_config = RunConfig {
        convolutions: ComputePath::default(),
        data: DataConfig::default(),
        model: conv(),
        train: config.clone(),
    };
    let run = match path.exists() {
        true => {
            let run = RunDirectory::open(path)?;
            let then = run.read_run_config(&Registry::builtin())?.train;
            run_config.train.segments = then.segments;
            run.with_run_config(&run_config, &Registry::builtin())?
        }
        false => RunDirectory::create(path, &run_config, false)?,
    };
    let mut watcher = stop.map_or_else(Watcher::default, Watcher::stopping_after);
    let model = conv().init([1, 8, 8], 5, &device)?;
    let trained: Trained<_> = Trainer::new(&config.check()?, &device)
        .run_directory(&run)
        .observer(&mut watcher)
        .train(model, &split(40, 8))?;
    assert_eq!(trained.outcome == Outcome::Interrupted, stop.is_some());
    Ok(trained.epochs.len())
}

fn models(path: &Path) -> [Vec<u8>; 2] {
    ["model.safetensors", "last.safetensors"].map(|name| fs::read(path.join(name)).expect("there"))
}

fn epoch_ends(path: &Path) -> Vec<usize> {
    let lines = read_metrics(&path.join("metrics.jsonl"))
        .expect("a log")
        .into_iter();
    lines
        .filter_map(|line| match line {
            MetricsLine::Epoch(report) => Some(report.step),
            _ => None,
        })
        .collect()
}

#[test]
fn the_last_epoch_ends_with_the_last_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    assert_eq!(train(&path, &config(12), None).unwrap(), 3);
    assert_eq!(epoch_ends(&path), [5, 10, 12]);
    // Wherever it stops, within the last epoch too, it ends with the same bytes.
    let stopped = folder.path().join("stopped");
    for stop in [3, 5, 11] {
        train(&stopped, &config(12), Some(stop)).unwrap();
    }
    train(&stopped, &config(12), None).unwrap();
    assert!(models(&path) == models(&stopped));
    assert_eq!(epoch_ends(&stopped), [5, 10, 12]);
    // A run of whole epochs is the same by either measure.
    let (by_steps, by_epochs) = (folder.path().join("steps"), folder.path().join("epochs"));
    train(&by_steps, &config(10), None).unwrap();
    let epochs = TrainConfig {
        steps: None,
        epochs: 2,
        ..config(1)
    };
    train(&by_epochs, &epochs, None).unwrap();
    assert!(models(&by_steps) == models(&by_epochs));
    // One step is a run.
    let one = folder.path().join("one");
    assert_eq!(train(&one, &config(1), None).unwrap(), 1);
    assert_eq!(epoch_ends(&one), [1]);
}

#[test]
fn a_run_that_grows_can_be_had_again_from_its_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    train(&path, &config(12), None).unwrap();
    train(&path, &config(21), Some(14)).unwrap();
    train(&path, &config(21), None).unwrap();
    assert_eq!(epoch_ends(&path), [5, 10, 12, 17, 21]);
    let run = RunDirectory::open(&path).unwrap();
    let written = run.read_run_config(&Registry::builtin()).unwrap().train;
    let ended = Segment {
        until_step: 12,
        epochs: 0,
        steps: Some(12),
    };
    assert_eq!((written.steps, &written.segments), (Some(21), &vec![ended]));
    let again = folder.path().join("again");
    train(&again, &written, None).unwrap();
    assert!(models(&path) == models(&again));
    assert_eq!(epoch_ends(&again), epoch_ends(&path));
    // Epochs after steps: the third was over after two steps.
    let epochs = TrainConfig {
        steps: None,
        epochs: 7,
        ..written
    };
    assert_eq!(train(&path, &epochs, None).unwrap(), 7);
    assert_eq!(epoch_ends(&path), [5, 10, 12, 17, 21, 26, 31]);
}

#[test]
fn fewer_steps_than_are_taken_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    train(&path, &config(20), Some(13)).unwrap();
    let before = (models(&path), fs::read(path.join("config.toml")).unwrap());
    let error = train(&path, &config(12), None).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("run has taken 13 steps: it cannot end with step 12"),
        "{error}"
    );
    assert!(before == (models(&path), fs::read(path.join("config.toml")).unwrap()));
    // As many as are taken end it there, with an epoch that is measured.
    assert_eq!(train(&path, &config(13), None).unwrap(), 3);
    assert_eq!(epoch_ends(&path), [5, 10, 13]);
}
