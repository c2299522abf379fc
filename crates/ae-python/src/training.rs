//! Training in Python's hands.

use std::path::PathBuf;

use ae_data::{Dataset, NoiseChain, Part, Split};
use ae_infer::{Device, OpenModel, Registry};
use ae_models::{Model, ModelCard, Placement};
use ae_train::{
    DataCard, DataConfig, EpochReport, Observer, Outcome, RunConfig, RunDirectory, StartReport,
    StepReport, TestReport, TrainConfig, Trained, Trainer,
};
use pyo3::prelude::*;

use crate::arrays::{Batch, Images};
use crate::fault::Fault;
use crate::model::{ARRAY, NativeModel};
use crate::settings::run_config;
use crate::work::{detached, signals};

/// Where images come from.
enum Source<'a> {
    /// A known name or a path.
    Named(String),
    /// Arrays: images to train on, and to compare epochs by and to measure at the end, where they are apart.
    Arrays([Option<Batch<'a>>; 3]),
}

impl<'a> Source<'a> {
    fn new(named: Option<String>, arrays: [Option<&'a Images<'_>>; 3]) -> Result<Self, Fault> {
        match named {
            Some(named) => Ok(Self::Named(named)),
            None => {
                let [train, validation, test] = arrays;
                let batch = |images: Option<&'a Images<'_>>| images.map(Images::batch).transpose();
                Ok(Self::Arrays([
                    batch(train)?,
                    batch(validation)?,
                    batch(test)?,
                ]))
            }
        }
    }

    /// What a configuration calls it.
    fn name(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Arrays(_) => ARRAY.to_owned(),
        }
    }

    /// The images, divided as a run of `seed` divides them, and what its model files say of them.
    fn split(&self, config: &DataConfig, seed: u64) -> Result<(Split, DataCard), Fault> {
        let dataset = match self {
            Self::Named(_) => config.open(seed)?,
            Self::Arrays(arrays) => {
                refuse_for_arrays(config)?;
                dataset(arrays)?.binarized(config.binarize, seed)
            }
        };
        let mut card = DataCard::new(config, seed, &dataset)?;
        if matches!(self, Self::Arrays(_)) {
            // No path.
            ARRAY.clone_into(&mut card.source);
        }
        Ok((config.divide(&dataset, seed)?, card))
    }
}

/// Arrays as a set.
fn dataset([train, validation, test]: &[Option<Batch<'_>>; 3]) -> Result<Dataset, Fault> {
    let Some(train) = train else {
        return Err(Fault::argument(
            "the run was trained on arrays, which are not kept: give them again",
        ));
    };
    for other in [validation, test].into_iter().flatten() {
        if other.shape != train.shape {
            return Err(Fault::data(format!(
                "images of {} beside training images of {} (width x height x channels)",
                other.shape, train.shape
            )));
        }
    }
    let set = |batch: &Batch<'_>| batch.to_set(ARRAY);
    Ok(Dataset {
        validation: validation.as_ref().map(set).transpose()?,
        ..Dataset::new(ARRAY, set(train)?, test.as_ref().map(set).transpose()?)
    })
}

/// Refuses what would be done to images of files.
fn refuse_for_arrays(config: &DataConfig) -> Result<(), Fault> {
    let given = [
        ("size", config.size.is_some()),
        ("fit", config.fit != DataConfig::default().fit),
        ("channels", config.channels.is_some()),
        ("patch", config.patch.is_some()),
        ("range", config.range.is_some()),
        ("max_pixels", config.max_pixels.is_some()),
        ("strict", config.strict),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(Fault::argument(format!(
            "{name}: not for arrays, which are taken as they are"
        ))),
    }
}

/// Watches a run for Python.
struct Watch {
    callback: Option<Py<PyAny>>,
    epochs: usize,
    steps: usize,
    /// What a signal's handler or the callback raised.
    raised: std::cell::RefCell<Option<PyErr>>,
    /// Whether the callback wants no more.
    is_over: bool,
}

impl Watch {
    fn new(callback: Option<Py<PyAny>>) -> Self {
        Self {
            callback,
            epochs: 0,
            steps: 0,
            raised: std::cell::RefCell::default(),
            is_over: false,
        }
    }

    /// Calls back; `report` is an epoch's, as JSON.
    fn tell(&mut self, epoch: usize, step: usize, loss: f64, speed: f64, report: Option<String>) {
        let Some(callback) = &self.callback else {
            return;
        };
        let (epochs, steps) = (self.epochs, self.steps);
        let told = Python::attach(|py| {
            let answer = callback.call1(py, (epoch, epochs, step, steps, loss, speed, report))?;
            PyResult::Ok(answer.bind(py).is(pyo3::types::PyBool::new(py, false)))
        });
        match told {
            Ok(wants_no_more) => self.is_over |= wants_no_more,
            Err(error) => {
                self.raised.get_mut().get_or_insert(error);
            }
        }
    }
}

impl Observer for Watch {
    fn started(&mut self, report: &StartReport) {
        self.epochs = report.epochs;
        self.steps = report.steps;
    }

    fn step(&mut self, report: &StepReport) {
        let loss = f64::from(report.loss);
        self.tell(
            report.epoch,
            report.step,
            loss,
            report.images_per_second,
            None,
        );
    }

    fn epoch(&mut self, report: &EpochReport) {
        let text = serde_json::to_string(report).unwrap_or_default();
        let (loss, speed) = (report.train_loss, report.images_per_second);
        self.tell(report.epoch, report.step, loss, speed, Some(text));
    }

    fn stop_requested(&self) -> bool {
        if let Some(Err(error)) = signals() {
            self.raised.borrow_mut().get_or_insert(error);
        }
        self.is_over || self.raised.borrow().is_some()
    }
}

/// What a run is, and where.
struct Run<'a> {
    config: RunConfig,
    split: Split,
    card: DataCard,
    directory: Option<RunDirectory>,
    device: &'a Device,
    registry: &'a Registry,
}

impl Run<'_> {
    fn train(self, mut watch: Watch) -> Result<NativeModel, Fault> {
        let train = self.config.train.check()?;
        let shape = self.split.train.shape();
        let input_shape = [shape.channels, shape.height, shape.width];
        let placement: Placement<'_> = self.config.convolutions.on(self.device);
        let model = self.config.model.init(input_shape, train.seed, placement)?;
        let mut trainer = Trainer::new(&train, self.device).observer(&mut watch);
        if let Some(directory) = &self.directory {
            trainer = trainer.run_directory(directory);
        }
        let trained = trainer.train(model, &self.split)?;
        if let Some(error) = watch.raised.into_inner() {
            return Err(Fault::Python(error));
        }
        let (outcome, epochs) = (trained.outcome, trained.epochs.clone());
        let kept_epoch = trained.kept_epoch();
        let model = self.open(trained)?;
        if let Some(directory) = &self.directory
            && outcome != Outcome::Interrupted
            && !self.split.test.is_empty()
        {
            record_test(&model, &self.split, &train, directory, kept_epoch)?;
        }
        Ok(NativeModel::trained(model, epochs))
    }

    /// The model that is kept: that of the run's file, or the one in memory.
    fn open(&self, trained: Trained<Model>) -> Result<OpenModel, Fault> {
        if let Some(directory) = &self.directory
            && directory.model_file().is_file()
        {
            let model = OpenModel::open(directory.path(), self.registry, self.device)?;
            return Ok(model);
        }
        let noise = &self.config.train.noise;
        let card = ModelCard {
            noise: (!noise.is_empty()).then(|| noise.to_string()),
            data_name: Some(self.split.train.name().to_owned()),
            data_fingerprint: Some(self.split.train.fingerprint()?),
            data: Some(self.card.to_json()),
            ..ModelCard::new(&trained.model)
        };
        Ok(OpenModel::new("trained model", trained.model, self.device).with_card(card))
    }
}

/// Measures the model that is kept on the test images, once, and writes it to the run's log.
fn record_test(
    model: &OpenModel,
    split: &Split,
    train: &TrainConfig,
    directory: &RunDirectory,
    epoch: Option<usize>,
) -> Result<(), Fault> {
    let noise: Option<(&NoiseChain, u64)> =
        (!train.noise.is_empty()).then_some((&train.noise, train.seed));
    let report = TestReport {
        part: Part::Test,
        images: split.test.len(),
        epoch,
        quality: model.quality(&split.test, noise)?.into(),
        codes: model.code_report(&split.test, train.seed)?,
    };
    Ok(directory.record_test(&report)?)
}

/// Trains a model.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the arguments that Python names")]
pub(crate) fn train(
    py: Python<'_>,
    named: Option<String>,
    images: Option<Images<'_>>,
    validation: Option<Images<'_>>,
    test: Option<Images<'_>>,
    model: String,
    settings: String,
    out: Option<PathBuf>,
    force: bool,
    backend: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<NativeModel> {
    let arrays = [images.as_ref(), validation.as_ref(), test.as_ref()];
    let source = Source::new(named, arrays)?;
    detached(py, move || {
        let registry = Registry::builtin();
        let mut config = run_config(&model, source.name(), &settings, &registry)?;
        config.train.check()?;
        let device = ae_cli::open_device(&backend)?;
        let (split, card) = source.split(&config.data, config.train.seed)?;
        config.data.source.clone_from(&card.source);
        // As the command has it: a first width that is the image's own is no layer.
        config.model = config
            .model
            .without_image_width(split.train.shape().values());
        let directory = match &out {
            None => None,
            Some(out) => {
                let directory = RunDirectory::create(out, &config, force)?;
                Some(directory.with_data_card(card.clone()))
            }
        };
        let run = Run {
            config,
            split,
            card,
            directory,
            device: &device,
            registry: &registry,
        };
        run.train(Watch::new(progress))
    })
}

/// Resumes a run where it stopped.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the arguments that Python names")]
pub(crate) fn resume(
    py: Python<'_>,
    run: PathBuf,
    images: Option<Images<'_>>,
    validation: Option<Images<'_>>,
    test: Option<Images<'_>>,
    epochs: Option<usize>,
    steps: Option<usize>,
    backend: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<NativeModel> {
    let arrays = [images.as_ref(), validation.as_ref(), test.as_ref()];
    let given = Source::new(None, arrays)?;
    detached(py, move || {
        let registry = Registry::builtin();
        let directory = RunDirectory::open(&run)?;
        let mut config = directory.read_run_config(&registry)?;
        if let Some(epochs) = epochs {
            config.train.epochs = epochs;
            config.train.steps = None;
        } else if steps.is_some() {
            config.train.steps = steps;
        }
        config.train.check()?;
        let source = match config.data.source == ARRAY {
            true => given,
            false if images_given(&given) => {
                return Err(Fault::argument(format!(
                    "{}: was trained on {}, not on arrays",
                    run.display(),
                    config.data.source
                )));
            }
            false => Source::Named(config.data.source.clone()),
        };
        let device = ae_cli::open_device(&backend)?;
        let (split, card) = source.split(&config.data, config.train.seed)?;
        let directory = directory
            .with_run_config(&config, &registry)?
            .with_data_card(card.clone());
        let run = Run {
            config,
            split,
            card,
            directory: Some(directory),
            device: &device,
            registry: &registry,
        };
        run.train(Watch::new(progress))
    })
}

fn images_given(source: &Source<'_>) -> bool {
    matches!(source, Source::Arrays(arrays) if arrays.iter().any(Option::is_some))
}
