//! Models that can do less than an autoencoder train, resume and are refused where they lack what was asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ae_models::{Objective, Reconstruct, Trainable, TrainingBatch, ValidationMeasure};
use ae_random::{Draw, Purpose};
use ae_train::{
    Capability, EpochReport, Measurement, MetricsLine, Outcome, RunDirectory, TrainConfig,
    TrainError, Trainer, read_metrics,
};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::support::{Watcher, letters, quick, split};

fn weights(index: u64, shape: [usize; 2], device: &Device) -> Param<Tensor<2>> {
    let mut stream = Draw {
        seed: 2,
        purpose: Purpose::Initialization,
        epoch: 0,
        index,
    }
    .stream();
    let values: Vec<f32> = (0..shape[0] * shape[1])
        .map(|_| 0.1 * stream.standard_normal())
        .collect();
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}

/// Guesses the brightness of an image: it only trains. It keeps a moving average of its weights.
#[derive(Module, Debug)]
struct Guesser {
    weights: Param<Tensor<2>>,
    average: Param<Tensor<2>>,
}

impl Guesser {
    fn new(device: &Device) -> Self {
        Self {
            weights: weights(0, [64, 1], device),
            average: weights(1, [64, 1], device),
        }
    }
}

impl Trainable for Guesser {
    fn input_shape(&self) -> [usize; 3] {
        [1, 8, 8]
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let noise = batch.standard_normal(1).mul_scalar(1e-3);
        let guess = batch.input.flatten::<2>(1, 3).matmul(self.weights.val());
        let brightness = batch.target.flatten::<2>(1, 3).mean_dim(1);
        let error = (guess + noise - brightness).square();
        Objective::sum(vec![("brightness", error.mean())])
    }

    fn after_step(self, step: u64, _observed: &[Tensor<2>]) -> Self {
        let kept = 1.0 - 1.0 / (step as f64 + 1.0);
        let newest = self.weights.val().detach().mul_scalar(1.0 - kept);
        let average = self
            .average
            .map(|average| average.detach().mul_scalar(kept) + newest);
        Self { average, ..self }
    }
}

/// Takes noise away pixel by pixel, with no code anywhere.
#[derive(Module, Debug)]
struct Sharpener {
    weights: Param<Tensor<2>>,
}

impl Sharpener {
    fn new(device: &Device) -> Self {
        Self {
            weights: weights(2, [64, 64], device),
        }
    }
}

impl Reconstruct for Sharpener {
    fn reconstruct(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch, ..] = images.dims();
        let sharpened = images.flatten::<2>(1, 3).matmul(self.weights.val());
        activation::sigmoid(sharpened).reshape([batch, 1, 8, 8])
    }
}

impl Trainable for Sharpener {
    fn input_shape(&self) -> [usize; 3] {
        [1, 8, 8]
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        self.reconstruction_objective(batch)
    }

    fn as_reconstruct(&self) -> Option<&dyn Reconstruct> {
        Some(self)
    }
}

/// Every file of a run, by name; of the log and the checkpoints' states what does not tell of times.
fn files_of(run: &RunDirectory) -> BTreeMap<String, Vec<u8>> {
    fn visit(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("the run works") {
            let path = entry.expect("the run works").path();
            if path.is_dir() {
                visit(&path, files);
            } else if path.extension().is_some_and(|end| end == "safetensors") {
                files.insert(
                    path.display().to_string(),
                    fs::read(&path).expect("the run works"),
                );
            }
        }
    }
    let mut files = BTreeMap::new();
    visit(run.path(), &mut files);
    let cut = run.path().display().to_string().len();
    files
        .into_iter()
        .map(|(path, content)| (path[cut..].to_owned(), content))
        .collect()
}

/// The log's epochs without their times.
fn epochs_of(run: &RunDirectory) -> Vec<EpochReport> {
    read_metrics(&run.metrics_file())
        .expect("the run works")
        .into_iter()
        .filter_map(|line| match line {
            MetricsLine::Epoch(mut epoch) => {
                (epoch.train_seconds, epoch.validation_seconds) = (0.0, 0.0);
                epoch.images_per_second = 0.0;
                Some(epoch)
            }
            _ => None,
        })
        .collect()
}

/// Trains once in one go and once with stops, and has all files and epochs of both the same.
fn check_resuming<M: Trainable>(init: impl Fn() -> M) -> Vec<EpochReport> {
    let device = Device::flex();
    let split = split(40, 10);
    let config = TrainConfig {
        noise: "gaussian:0.2".parse().expect("the run works"),
        ..quick(4, 8)
    };
    let checked = config.check().expect("the run works");
    let folder = tempfile::tempdir().expect("the run works");
    let train = |name: &str, stops: &[usize]| {
        let run =
            RunDirectory::create(folder.path().join(name), &config, false).expect("the run works");
        for &stop in stops {
            let mut watcher = Watcher::stopping_after(stop);
            let stopped = Trainer::new(&checked, &device)
                .run_directory(&run)
                .observer(&mut watcher)
                .train(init(), &split)
                .expect("the run works");
            assert_eq!(
                (stopped.outcome, stopped.steps),
                (Outcome::Interrupted, stop)
            );
        }
        let trained = Trainer::new(&checked, &device)
            .run_directory(&run)
            .train(init(), &split)
            .expect("the run works");
        assert_eq!((trained.outcome, trained.steps), (Outcome::Finished, 20));
        run
    };
    let (straight, resumed) = (train("straight", &[]), train("resumed", &[3, 5, 11]));
    let files = files_of(&straight);
    assert!(
        files.contains_key("/model.safetensors"),
        "{:?}",
        files.keys()
    );
    assert!(files == files_of(&resumed), "the models' bytes differ");
    let epochs = epochs_of(&straight);
    assert_eq!(epochs, epochs_of(&resumed));
    epochs
}

#[test]
fn a_model_that_only_trains_is_validated_by_its_objective() {
    let device = Device::flex();
    let model = Guesser::new(&device);
    assert_eq!(model.validation_measure(), ValidationMeasure::Objective);
    let epochs = check_resuming(|| Guesser::new(&device));
    for epoch in &epochs {
        assert_eq!((epoch.validation, &epoch.codes), (None, &None));
        assert!(epoch.validation_loss.is_some_and(f64::is_finite));
    }
    let losses: Vec<f64> = epochs.iter().filter_map(|e| e.validation_loss).collect();
    let mut lowest = f64::INFINITY;
    for (epoch, loss) in epochs.iter().zip(losses) {
        assert_eq!(epoch.best, loss < lowest, "epoch {}", epoch.epoch);
        lowest = lowest.min(loss);
    }
}

#[test]
fn a_hook_after_each_step_changes_the_model() {
    let device = Device::flex();
    let config = quick(1, 8).check().unwrap();
    let trained = Trainer::new(&config, &device)
        .train(Guesser::new(&device), &split(16, 0))
        .unwrap();
    // After two steps: a third of the first average, a third of the weights after the first step, a third of the last.
    let first = Guesser::new(&device).average.val();
    let last = trained.last.weights.val();
    let between = trained.last.average.val().mul_scalar(3.0) - first - last.clone();
    let start = Guesser::new(&device).weights.val();
    let moved = |a: Tensor<2>, b: Tensor<2>| (a - b).abs().max().into_scalar::<f32>();
    assert!(moved(between.clone(), start) > 1e-6);
    assert!(moved(between, last) < 0.05);
}

#[test]
fn a_model_without_codes_is_validated_by_its_reconstructions() {
    let device = Device::flex();
    let epochs = check_resuming(|| Sharpener::new(&device));
    for epoch in &epochs {
        assert!(epoch.validation.is_some());
        assert_eq!((epoch.validation_loss, &epoch.codes), (None, &None));
    }
}

#[test]
fn what_a_model_cannot_do_is_refused_with_a_sentence() {
    let device = Device::flex();
    let set = letters(4);
    let check = |error: TrainError, capability: Capability, sentence: &str| {
        assert_eq!(error.to_string(), sentence);
        let found = match error {
            TrainError::Lacks { capability, .. } => Some(capability),
            _ => None,
        };
        assert_eq!(found, Some(capability));
    };
    let (guesser, sharpener) = (Guesser::new(&device), Sharpener::new(&device));
    let (guessing, sharpening) = (
        Measurement::new(&guesser, &device),
        Measurement::new(&sharpener, &device),
    );
    check(
        guessing.evaluate(&set).unwrap_err(),
        Capability::Reconstruct,
        "cannot reconstruct images: the model has no reconstruction",
    );
    check(
        guessing.anomaly_scores(&set).unwrap_err(),
        Capability::Reconstruct,
        "cannot reconstruct images: the model has no reconstruction",
    );
    check(
        sharpening.encode(&set, |_, _| Ok(())).unwrap_err(),
        Capability::Codes,
        "cannot encode images: the model has no codes",
    );
    check(
        sharpening.log_likelihood(&set, 5).unwrap_err(),
        Capability::Likelihood,
        "cannot estimate a likelihood: the model has no likelihood",
    );
    assert_eq!(sharpening.report_codes(&set).unwrap(), None);
    assert!(sharpening.evaluate(&set).is_ok());
}

/// Says that it is measured by a bound that it does not have.
#[derive(Module, Debug)]
struct Boaster {
    weights: Param<Tensor<2>>,
}

impl Trainable for Boaster {
    fn input_shape(&self) -> [usize; 3] {
        [1, 8, 8]
    }

    fn objective(&self, batch: TrainingBatch<'_>) -> Objective {
        let output = batch.input.flatten::<2>(1, 3).matmul(self.weights.val());
        Objective::sum(vec![("size", output.square().mean())])
    }

    fn validation_measure(&self) -> ValidationMeasure {
        ValidationMeasure::NegativeBound
    }
}

#[test]
fn a_model_that_lacks_its_own_measure_is_refused_before_the_first_step() {
    let device = Device::flex();
    let config = quick(1, 8).check().unwrap();
    let model = Boaster {
        weights: weights(3, [64, 1], &device),
    };
    let error = Trainer::new(&config, &device)
        .train(model, &split(16, 4))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot validate by its own measure: the model has no likelihood"
    );
}
