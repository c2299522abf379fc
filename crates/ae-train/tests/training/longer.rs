//! Runs that are resumed with another number of epochs.

use std::fs;

use ae_models::named_tensors;
use ae_train::{
    MetricsLine, RunDirectory, RunLength, ScheduleConfig, Segment, TrainConfig, TrainError,
    Trainer, read_metrics,
};
use burn::tensor::Device;

use crate::support::{Watcher, conv, quick, split};

const STEPS_PER_EPOCH: usize = 5;

fn config(epochs: usize) -> TrainConfig {
    TrainConfig {
        noise: "gaussian:0.2".parse().expect("as it should be"),
        ..quick(epochs, 8)
    }
}

/// Trains in `run` until the end or the step given.
fn go_on(
    run: &RunDirectory,
    config: &TrainConfig,
    stop: Option<usize>,
) -> Result<Watcher, TrainError> {
    let device = Device::flex();
    let mut watcher = stop.map_or_else(Watcher::default, Watcher::stopping_after);
    Trainer::new(&config.check().expect("as it should be"), &device)
        .run_directory(run)
        .observer(&mut watcher)
        .train(
            conv().init([1, 8, 8], 5, &device).expect("as it should be"),
            &split(40, 8),
        )?;
    Ok(watcher)
}

fn rates(run: &RunDirectory) -> Vec<f64> {
    let lines = read_metrics(&run.metrics_file())
        .expect("as it should be")
        .into_iter();
    lines
        .filter_map(|line| match line {
            MetricsLine::Step(step) => Some(step.learning_rate),
            _ => None,
        })
        .collect()
}

fn same(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (step, (found, expected)) in found.iter().zip(expected).enumerate() {
        // JSON gives numbers back to within a unit in the last place.
        assert!(
            (found - expected).abs() <= 1e-12 * expected,
            "step {step}: {found}, not {expected}"
        );
    }
}

#[test]
fn the_rates_of_the_past_stay_and_are_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config(4), false).unwrap();
    assert!(
        go_on(&run, &config(4), None)
            .unwrap()
            .start
            .unwrap()
            .resumed
            .is_none()
    );
    let past = rates(&run);
    let watcher = go_on(&run, &config(8), Some(23)).unwrap();
    let change = watcher.start.unwrap().resumed.unwrap().rate_change.unwrap();
    assert_eq!(
        (change.after_step, change.length_then, change.length_now),
        (20, RunLength::Epochs(4), RunLength::Epochs(8))
    );
    // A cosine that was at its end is half way through one of twice the length.
    assert!(change.now > 20.0 * change.then, "{change:?}");
    same(&rates(&run)[..20], &past);
    assert!((rates(&run)[20] - change.now).abs() < 1e-12);
    // Resumed once more, to the end: nothing more changes.
    let watcher = go_on(&run, &config(8), None).unwrap();
    assert_eq!(watcher.start.unwrap().resumed.unwrap().rate_change, None);

    let history = TrainConfig {
        segments: vec![Segment {
            until_step: 20,
            epochs: 4,
            steps: None,
        }],
        ..config(8)
    };
    let expected: Vec<f64> = (0..40)
        .map(|step| history.learning_rate_at(step, STEPS_PER_EPOCH))
        .collect();
    same(&rates(&run), &expected);
    // With its history, the configuration gives the same run in one go, to the bit.
    let once = RunDirectory::create(folder.path().join("once"), &history, false).unwrap();
    go_on(&once, &history, None).unwrap();
    assert!(fs::read(run.model_file()).unwrap() == fs::read(once.model_file()).unwrap());
    assert!(fs::read(run.last_model_file()).unwrap() == fs::read(once.last_model_file()).unwrap());
    // Without it, another: that is why it is kept.
    let straight = RunDirectory::create(folder.path().join("straight"), &config(8), false).unwrap();
    go_on(&straight, &config(8), None).unwrap();
    assert!(
        fs::read(run.last_model_file()).unwrap() != fs::read(straight.last_model_file()).unwrap()
    );
}

#[test]
fn a_run_that_is_resumed_with_more_epochs_has_the_same_bytes_however_often_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let longer = |name: &str, stops: &[usize]| {
        let run = RunDirectory::create(folder.path().join(name), &config(3), false).unwrap();
        go_on(&run, &config(3), None).unwrap();
        for &stop in stops {
            go_on(&run, &config(6), Some(stop)).unwrap();
        }
        go_on(&run, &config(6), None).unwrap();
        (
            fs::read(run.model_file()).unwrap(),
            fs::read(run.last_model_file()).unwrap(),
            rates(&run),
        )
    };
    let straight = longer("straight", &[]);
    // At the very first step, in the middle of an epoch, and at the end of one.
    let stopped = longer("stopped", &[16, 18, 25]);
    let same = (
        straight.0 == stopped.0,
        straight.1 == stopped.1,
        straight.2 == stopped.2,
    );
    assert_eq!(same, (true, true, true), "best, last, rates");
}

#[test]
fn fewer_epochs_than_are_begun_are_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(folder.path().join("run"), &config(6), false).unwrap();
    go_on(&run, &config(6), Some(17)).unwrap();
    let files = || {
        let read = |path| fs::read(path).unwrap();
        let logs = (read(run.config_file()), read(run.metrics_file()));
        (logs, read(run.model_file()), read(run.last_model_file()))
    };
    let before = files();
    for epochs in [1, 3] {
        let next = run.clone().with_config(&config(epochs)).unwrap();
        let error = go_on(&next, &config(epochs), None).err().unwrap();
        let TrainError::FewerEpochs { asked, begun, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((asked, begun), (epochs, 4));
        assert!(files() == before, "{epochs} epochs");
    }
    // The epoch that is begun may be the last.
    let watcher = go_on(&run, &config(4), None).unwrap();
    assert_eq!(watcher.start.unwrap().steps, 20);
    assert_eq!(rates(&run).len(), 20);
    let error = go_on(&run, &config(3), None).err().unwrap();
    assert!(
        error
            .to_string()
            .ends_with("has begun its epoch 4: it cannot end with epoch 3")
    );
}

#[test]
fn a_rate_that_does_not_depend_on_the_length_is_as_in_a_longer_run() {
    let folder = tempfile::tempdir().unwrap();
    let constant = |epochs| TrainConfig {
        schedule: ScheduleConfig::Constant,
        ..config(epochs)
    };
    let run = RunDirectory::create(folder.path().join("run"), &constant(3), false).unwrap();
    go_on(&run, &constant(3), None).unwrap();
    let watcher = go_on(&run, &constant(6), None).unwrap();
    assert_eq!(watcher.start.unwrap().resumed.unwrap().rate_change, None);
    let device = Device::flex();
    let straight = Trainer::new(&constant(6).check().unwrap(), &device)
        .train(conv().init([1, 8, 8], 5, &device).unwrap(), &split(40, 8))
        .unwrap();
    let registry = ae_models::Registry::builtin();
    let (last, _) = ae_models::load_model(run.last_model_file(), &registry, &device).unwrap();
    assert_eq!(named_tensors(&last), named_tensors(&straight.last));
}
