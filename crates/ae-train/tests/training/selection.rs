//! Which epoch's model is kept, and that test images have no say in it.

use std::fs;
use std::path::Path;

use ae_data::{ImageSet, Part, Split};
use ae_models::{ModelConfig, named_tensors};
use ae_train::{
    EarlyStopping, EpochReport, Measurement, MetricsLine, RunDirectory, Selection, TestReport,
    TrainConfig, TrainError, Trained, Trainer, read_metrics,
};
use burn::tensor::Device;

use crate::support::{conv, letters, quick};

/// The same images, white where they were black.
fn inverted(set: &ImageSet) -> ImageSet {
    let pixels = (0..set.len())
        .flat_map(|index| set.image(index).expect("as it should be").pixels().to_vec())
        .map(|byte| 255 - byte)
        .collect();
    ImageSet::from_images("inverted", set.shape(), pixels, None, Vec::new())
        .expect("as it should be")
}

/// Learning the training images makes a model worse on the validation images, and better on the test images.
fn at_odds() -> Split {
    let all = letters(60);
    Split {
        train: all.subset((0..40).collect()),
        validation: inverted(&all.subset((40..50).collect())),
        test: all.subset((50..60).collect()),
        shared: 0,
        dropped: 0,
    }
}

fn trained(config: &TrainConfig, split: &Split) -> Trained<ae_models::Model> {
    let device = Device::flex();
    let model = conv().init([1, 8, 8], 5, &device).expect("as it should be");
    Trainer::new(&config.check().expect("as it should be"), &device)
        .train(model, split)
        .expect("as it should be")
}

fn mse(model: &ae_models::Model, set: &ImageSet) -> f64 {
    let device = Device::flex();
    let measurement = Measurement::new(model, &device);
    measurement.evaluate(set).expect("as it should be").mse
}

#[test]
fn the_best_epoch_is_the_best_on_validation_where_test_says_otherwise() {
    let split = at_odds();
    let trained = trained(&quick(8, 8), &split);
    let best = trained.best_epoch.unwrap();
    assert!(best < 8, "epoch {best}");
    let errors: Vec<f64> = trained
        .epochs
        .iter()
        .map(|epoch| epoch.validation.unwrap().mse)
        .collect();
    let lowest = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(errors[best - 1], lowest);
    assert_eq!(trained.epochs[0].part, Some(Part::Validation));
    // Measured by other means, the model that was kept is better on validation and worse on test images.
    let on = |set: &ImageSet| (mse(&trained.model, set), mse(&trained.last, set));
    let (kept, last) = on(&split.validation);
    assert!(kept < last && (kept - lowest).abs() < 1e-9, "{kept} {last}");
    let (kept, last) = on(&split.test);
    assert!(last < kept, "{last} {kept}");
    assert_eq!(trained.kept_epoch(), Some(best));
}

#[test]
fn the_last_is_kept_where_that_is_asked_for_and_where_nothing_can_be_compared() {
    let split = at_odds();
    let config = TrainConfig {
        select: Selection::Last,
        ..quick(8, 8)
    };
    let by_choice = trained(&config, &split);
    assert_eq!(
        named_tensors(&by_choice.model),
        named_tensors(&by_choice.last)
    );
    assert_eq!(by_choice.kept_epoch(), Some(8));
    assert!(by_choice.best_epoch.unwrap() < 8);

    let without = Split {
        validation: split.validation.take(0),
        ..split
    };
    let by_need = trained(&quick(8, 8), &without);
    assert_eq!(
        (by_need.selection, by_need.best_epoch, by_need.kept_epoch()),
        (Selection::Last, None, Some(8))
    );
    assert_eq!(named_tensors(&by_need.model), named_tensors(&by_need.last));
    // The weights are those of a run that was measured after each epoch.
    assert_eq!(named_tensors(&by_need.last), named_tensors(&by_choice.last));
    assert!(by_need.epochs.iter().all(|epoch| !epoch.best));
    assert!(by_need.epochs.iter().all(|epoch| epoch.part.is_none()));

    let stopping = TrainConfig {
        early_stopping: Some(EarlyStopping::default()),
        ..quick(8, 8)
    };
    let device = Device::flex();
    let error = Trainer::new(&stopping.check().unwrap(), &device)
        .train(conv().init([1, 8, 8], 5, &device).unwrap(), &without)
        .unwrap_err();
    assert!(matches!(error, TrainError::NoValidation { .. }), "{error}");
}

/// What a run leaves: its models and its log, but for how long things took.
fn left_by(run: &RunDirectory) -> (Vec<u8>, Vec<u8>, Vec<MetricsLine>) {
    let mut lines = read_metrics(&run.metrics_file()).expect("as it should be");
    for line in &mut lines {
        if let MetricsLine::Epoch(EpochReport {
            train_seconds,
            validation_seconds,
            images_per_second,
            ..
        }) = line
        {
            (*train_seconds, *validation_seconds, *images_per_second) = (0.0, 0.0, 0.0);
        }
    }
    (
        fs::read(run.model_file()).expect("as it should be"),
        fs::read(run.last_model_file()).expect("as it should be"),
        lines,
    )
}

fn run_in(folder: &Path, config: &TrainConfig, model: &ModelConfig, split: &Split) -> RunDirectory {
    let device = Device::flex();
    let run = RunDirectory::create(folder, config, false).expect("as it should be");
    Trainer::new(&config.check().expect("as it should be"), &device)
        .run_directory(&run)
        .train(
            model.init([1, 8, 8], 5, &device).expect("as it should be"),
            split,
        )
        .expect("as it should be");
    run
}

#[test]
fn test_images_change_nothing_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let split = at_odds();
    let tests = [
        ("as they are", split.test.clone()),
        ("backwards", split.test.subset((0..10).rev().collect())),
        ("others", inverted(&split.train)),
        ("one", split.test.take(1)),
        ("none", split.test.take(0)),
    ];
    let config = TrainConfig {
        early_stopping: Some(EarlyStopping {
            patience_epochs: 3,
            min_delta: 0.0,
        }),
        ..quick(8, 8)
    };
    let runs: Vec<_> = tests
        .iter()
        .map(|(name, test)| {
            let split = Split {
                test: test.clone(),
                ..split.clone()
            };
            let run = run_in(&folder.path().join(name), &config, &conv(), &split);
            (name, left_by(&run))
        })
        .collect();
    let (_, expected) = &runs[0];
    for (name, found) in &runs[1..] {
        let same = (
            found.0 == expected.0,
            found.1 == expected.1,
            found.2 == expected.2,
        );
        assert_eq!(same, (true, true, true), "best, last, log: {name}");
    }
    // Validation images do: a test that compares nothing would pass, too.
    let other = Split {
        validation: split.test.clone(),
        ..split.clone()
    };
    let run = run_in(&folder.path().join("validation"), &config, &conv(), &other);
    assert_ne!(left_by(&run).0, expected.0);
}

#[test]
fn the_test_at_the_end_has_one_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let split = at_odds();
    let config = quick(2, 8);
    let run = run_in(&folder.path().join("run"), &config, &conv(), &split);
    let device = Device::flex();
    let (model, _) =
        ae_models::load_model(run.model_file(), &ae_models::Registry::builtin(), &device).unwrap();
    let report = TestReport {
        part: Part::Test,
        images: split.test.len(),
        epoch: Some(1),
        quality: Measurement::new(&model, &device)
            .evaluate(&split.test)
            .unwrap()
            .into(),
        codes: None,
    };
    let tests = || -> Vec<TestReport> {
        let lines = read_metrics(&run.metrics_file()).unwrap().into_iter();
        lines
            .filter_map(|line| match line {
                MetricsLine::Test(report) => Some(report),
                _ => None,
            })
            .collect()
    };
    run.record_test(&report).unwrap();
    assert_eq!((tests().len(), tests()[0].images), (1, 10));
    let text = fs::read_to_string(run.metrics_file()).unwrap();
    assert!(
        text.ends_with('\n')
            && text.contains("{\"kind\":\"test\",\"part\":\"test\",\"images\":10,"),
        "{text}"
    );
    // A run that is over and resumed is measured anew, not twice.
    let again = Trainer::new(&config.check().unwrap(), &device)
        .run_directory(&run)
        .train(conv().init([1, 8, 8], 5, &device).unwrap(), &split)
        .unwrap();
    // The line stays until another takes its place: a command that fails in between loses nothing.
    assert_eq!((again.steps, tests().len()), (10, 1));
    let anew = TestReport {
        epoch: Some(2),
        ..report
    };
    run.record_test(&anew).unwrap();
    assert_eq!((tests().len(), tests()[0].epoch), (1, Some(2)));
}
