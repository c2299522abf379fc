//! The moving average of the weights: what it is, and that it survives interruption.

use std::fs;

use ae_models::{NamedTensor, Registry, load_model, named_tensors};
use ae_train::{RunDirectory, ScheduleConfig, TrainConfig, Trained, Trainer};
use burn::tensor::Device;

use crate::support::{Watcher, conv, quick, split};

fn config(steps: usize, ema: Option<f64>) -> TrainConfig {
    TrainConfig {
        steps: Some(steps),
        schedule: ScheduleConfig::Constant,
        warmup_steps: 0.into(),
        ema,
        ..quick(1, 8)
    }
}

fn trained(config: &TrainConfig) -> Trained<ae_models::Model> {
    let device = Device::flex();
    let model = conv().init([1, 8, 8], 5, &device).expect("a model");
    Trainer::new(&config.check().expect("a configuration"), &device)
        .train(model, &split(40, 8))
        .expect("it trains")
}

fn values(tensors: &[NamedTensor]) -> Vec<f64> {
    tensors
        .iter()
        .flat_map(|tensor| &tensor.values)
        .map(|&value| f64::from(value))
        .collect()
}

/// Against runs of every length, whose last weights are those of one run after so many steps, averaged in double
/// precision.
#[test]
fn what_is_kept_is_the_average_of_the_weights() {
    const STEPS: usize = 13;
    let device = Device::flex();
    let begin = conv().init([1, 8, 8], 5, &device).unwrap();
    let mut expected = values(&named_tensors(&begin));
    for (steps_before, decay) in
        (0..STEPS).map(|t| (t, f64::min(0.6, (1 + t) as f64 / (10 + t) as f64)))
    {
        let weights = trained(&config(steps_before + 1, None)).last;
        for (average, weight) in expected.iter_mut().zip(values(&named_tensors(&weights))) {
            *average = decay * *average + (1.0 - decay) * weight;
        }
    }
    let found = trained(&config(STEPS, Some(0.6)));
    let averaged = values(&named_tensors(&found.last));
    let worst = averaged
        .iter()
        .zip(&expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(worst < 1e-6, "off by {worst}");
    let plain = values(&named_tensors(&trained(&config(STEPS, None)).last));
    let apart = averaged
        .iter()
        .zip(&plain)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max);
    assert!(apart > 1e-3, "{apart}");
    // What epochs are compared by is measured of the average.
    let device = Device::flex();
    let measured = ae_train::Measurement::new(&found.last, &device)
        .evaluate(&split(40, 8).validation)
        .unwrap();
    let told = found.epochs.last().unwrap().validation.unwrap().mse;
    assert!((measured.mse - told).abs() < 1e-9);
}

#[test]
fn an_average_that_is_interrupted_goes_on_to_the_bit() {
    let device = Device::flex();
    let config = config(13, Some(0.9));
    let run_once = |stops: &[usize]| {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path().join("run"), &config, false).unwrap();
        let checked = config.check().unwrap();
        for stop in stops.iter().copied().map(Some).chain([None]) {
            let mut watcher = stop.map_or_else(Watcher::default, Watcher::stopping_after);
            let trained = Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut watcher)
                .train(conv().init([1, 8, 8], 5, &device).unwrap(), &split(40, 8))
                .unwrap();
            // What the directory has is the average, also after a stop.
            let (last, _) =
                load_model(run.last_model_file(), &Registry::builtin(), &device).unwrap();
            assert_eq!(named_tensors(&last), named_tensors(&trained.last));
        }
        [run.model_file(), run.last_model_file()].map(|path| fs::read(path).unwrap())
    };
    assert!(run_once(&[]) == run_once(&[3, 5, 12]));
}
