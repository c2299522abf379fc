//! `ae train`.

mod arguments;
mod configuration;
mod model;
mod weights;

use std::path::{Path, PathBuf};

use ae_data::{NoiseChain, Part, Split};
use ae_infer::OpenModel;
use ae_models::{ComputePath, Model, Registry};
use ae_report::thousands;
use ae_train::{
    CheckedTrainConfig, Outcome, RunConfig, RunDirectory, TrainConfig, TrainError, Trained,
    Trainer, read_metrics,
};
use serde::Serialize;

use self::arguments::TrainArguments;
use self::configuration::configuration;
use self::weights::Weights;
use crate::arguments::RUNS;
use crate::backend::{self, BackendChoice, OpenDevice};
use crate::command::Example;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::evaluation::{self, Conditions, Evaluation, evaluate};
use crate::image_source::{ImageSource, tell_shared};
use crate::measured_set::MeasuredSet;
use crate::pictures::{self, sample};
use crate::progress::Progress;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[
    (
        "ae train",
        "the convolutional autoencoder on the built-in letters",
    ),
    ("ae train --noise gaussian:0.5", "the same as a denoiser"),
    ("ae train --model vae --latent 16", "a variational one"),
];
/// Test images that the closing table is measured on, at most; each epoch's line has all of them.
const MOST_SUMMARY_IMAGES: usize = 2_000;
/// Images in the closing picture.
const PICTURE_IMAGES: usize = 10;

/// Checked arguments.
struct Request {
    config: RunConfig,
    train: CheckedTrainConfig,
    /// Whether the user gave widths, the first of which may be the image's.
    may_name_image_width: bool,
    place: Place,
    force: bool,
    backend: BackendChoice,
    threads: Option<usize>,
    terminal: Terminal,
}

/// Where the run is kept.
enum Place {
    /// A run that exists is resumed.
    Resume(PathBuf),
    /// A directory that the user chose.
    Chosen(PathBuf),
    /// A name of our own under `runs/`.
    Numbered,
}

/// What `ae train` ends with.
#[derive(Serialize)]
struct Summary {
    run: PathBuf,
    model_file: PathBuf,
    epochs: usize,
    steps: usize,
    best_epoch: Option<usize>,
    outcome: &'static str,
    train_seconds: f64,
    device: String,
    pictures: Vec<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<Weights>,
    #[serde(flatten)]
    evaluation: Evaluation,
}

pub(super) fn run(arguments: TrainArguments, context: &Context<'_>) -> Result<(), CliError> {
    let mut request = Request::check(arguments, context)?;
    let terminal = request.terminal;
    let signals = Signals::listen()?;
    backend::set_threads(request.threads)?;
    let device = backend::open(request.backend)?;
    terminal.note(format!("device: {}", device.name));
    if request.config.convolutions == ComputePath::Reference {
        terminal.note("convolutions: Burn's own operations");
    }

    let source = ImageSource::of_run(&request.config);
    let (split, card) = source.split(&terminal)?;
    if !matches!(request.place, Place::Resume(_)) {
        // From another directory a relative path would mean another set.
        request.config.data.source.clone_from(&card.source);
    }
    tell_shared(&split, &terminal);
    let shape = split.train.shape();
    let input_shape = [shape.channels, shape.height, shape.width];
    if request.may_name_image_width {
        request.config.model = request.config.model.without_image_width(shape.values());
    }
    let placement = request.config.convolutions.on(&device.device);
    let model = request
        .config
        .model
        .init(input_shape, request.train.seed, placement)?;
    let run = request
        .make_directory(&split, context.registry)?
        .with_data_card(card);
    terminal.note(format!("run: {}", run.path().display()));

    let is_resumed = matches!(request.place, Place::Resume(_));
    let mut progress = Progress::new(terminal, signals.clone(), is_resumed);
    let training = signals.training();
    let trained = Trainer::new(&request.train, &device.device)
        .run_directory(&run)
        .observer(&mut progress)
        .train(model, &split)?;
    drop((progress, training));
    // Also where the last step was just done: the pictures can wait.
    if let Some(status) = signals.stop_requested() {
        let path = run.path().display();
        return Err(CliError::stopped(
            status,
            &path,
            format!("resume with: ae train --resume {path}"),
        ));
    }
    let summary = finish(&request, &run, &device, &split, trained)?;
    terminal.result(&summary, || summary.text())
}

impl Request {
    fn check(arguments: TrainArguments, context: &Context<'_>) -> Result<Self, CliError> {
        let config = configuration(&arguments, context.registry)?;
        let train = config.train.check()?;
        Ok(Self {
            train,
            config,
            may_name_image_width: arguments.kind.given.has("widths"),
            place: match (arguments.resume, arguments.out) {
                (Some(run), _) => Place::Resume(run),
                (None, Some(out)) => Place::Chosen(out),
                (None, None) => Place::Numbered,
            },
            force: arguments.force,
            backend: arguments.device.backend,
            threads: arguments.device.threads,
            terminal: context.terminal,
        })
    }

    fn make_directory(&self, split: &Split, registry: &Registry) -> Result<RunDirectory, CliError> {
        match &self.place {
            Place::Resume(path) => {
                let run = RunDirectory::open(path)?;
                // More epochs, for one, belong into the run's configuration.
                match run.read_run_config(registry)? == self.config {
                    true => Ok(run),
                    false => Ok(run.with_config(&self.config)?),
                }
            }
            Place::Chosen(path) => Ok(RunDirectory::create(path, &self.config, self.force)?),
            Place::Numbered => {
                let name = run_name(split.train.name(), &self.config);
                for number in 1_u32.. {
                    let path = Path::new(RUNS).join(format!("{name}-{number}"));
                    // Two commands may be at this at once, so it isn't enough to look whether it exists.
                    match RunDirectory::create(&path, &self.config, false) {
                        Err(
                            TrainError::RunExists { .. }
                            | TrainError::NotARun { .. }
                            | TrainError::Locked { .. },
                        ) => {}
                        made => return Ok(made?),
                    }
                }
                Err(CliError::failure(
                    Status::Files,
                    RUNS,
                    "no number is left for another run",
                ))
            }
        }
    }
}

/// `glyphs-conv`, `letters-conv-denoise`.
fn run_name(data: &str, config: &RunConfig) -> String {
    let data: String = data
        .chars()
        .map(|character| match character.is_ascii_alphanumeric() {
            true => character.to_ascii_lowercase(),
            false => '-',
        })
        .collect();
    let denoise = match config.train.noise.is_empty() {
        true => "",
        false => "-denoise",
    };
    let data = data.trim_matches('-');
    let data = if data.is_empty() { "data" } else { data };
    format!("{data}-{}{denoise}", config.model.kind())
}

/// Draws the pictures and measures the best model.
fn finish(
    request: &Request,
    run: &RunDirectory,
    device: &OpenDevice,
    split: &Split,
    trained: Trained<Model>,
) -> Result<Summary, CliError> {
    let terminal = &request.terminal;
    let train = &request.train;
    let noise = noise_of(train);
    let name = run.path().display().to_string();

    let folder = run.path().join("pictures");
    crate::destination::make_folder(&folder)?;
    let model = OpenModel::new(&name, trained.model, &device.device);
    let at_work = pictures::model_at_work(
        &model,
        &split.test,
        PICTURE_IMAGES,
        noise.map(|noise| (noise, train.seed)),
    )?;
    let at_work_path = folder.join(match noise {
        Some(_) => "denoised.png",
        None => "reconstructed.png",
    });
    at_work.write_png(&at_work_path)?;
    let losses_path = folder.join("losses.png");
    let lines = read_metrics(&run.metrics_file())?;
    let loss = pictures::loss_name(&request.config);
    pictures::losses(&name, loss, &lines)?.write_png(&losses_path)?;

    let mut measured = split.clone();
    if split.test.len() > MOST_SUMMARY_IMAGES {
        measured.test = split.test.subset(sample(&split.test, MOST_SUMMARY_IMAGES));
        terminal.note(format!(
            "measuring on {} of {} test images; ae eval takes all",
            thousands(MOST_SUMMARY_IMAGES as u64),
            thousands(split.test.len() as u64)
        ));
    }
    let evaluated = evaluate(
        &model,
        Conditions {
            train: Some(&measured.train),
            images: &measured.test,
            set: MeasuredSet::own(&measured.test, Part::Test),
            noise,
            seed: train.seed,
        },
    )?;
    if let Some(warning) = evaluated.codes.as_ref().and_then(evaluation::warning) {
        terminal.warning(warning);
    }
    Ok(Summary {
        run: run.path().to_owned(),
        model_file: run.model_file(),
        epochs: trained.epochs.len(),
        steps: trained.steps,
        best_epoch: trained.best_epoch,
        outcome: match trained.outcome {
            Outcome::StoppedEarly => "stopped early",
            _ => "finished",
        },
        train_seconds: trained.epochs.iter().map(|epoch| epoch.train_seconds).sum(),
        device: device.name.clone(),
        pictures: vec![at_work_path, losses_path],
        weights: Weights::of(&model, &split.test)?,
        evaluation: evaluated,
    })
}

fn noise_of(train: &TrainConfig) -> Option<&NoiseChain> {
    (!train.noise.is_empty()).then_some(&train.noise)
}

impl Summary {
    fn text(&self) -> String {
        let best = match self.best_epoch {
            Some(epoch) => format!(", the best is epoch {epoch}"),
            None => String::new(),
        };
        let mut text = format!(
            "{}\n{}: {} epochs, {} steps in {:.0} s{best}\n\n",
            self.evaluation.text(),
            self.outcome,
            self.epochs,
            thousands(self.steps as u64),
            self.train_seconds,
        );
        if let Some(weights) = &self.weights {
            text.push_str(&weights.text());
            text.push('\n');
        }
        text.push_str(&format!("model     {}\n", self.model_file.display()));
        for picture in &self.pictures {
            text.push_str(&format!("picture   {}\n", picture.display()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use ae_models::ModelConfig;
    use ae_train::DataConfig;

    use super::*;

    #[test]
    fn runs_are_named_after_data_and_kind() {
        let mut config = RunConfig {
            convolutions: ComputePath::default(),
            data: DataConfig::default(),
            model: ModelConfig::default(),
            train: TrainConfig::default(),
        };
        assert_eq!(run_name("glyphs", &config), "glyphs-conv");
        config.train.noise = "gaussian:0.5".parse().unwrap();
        assert_eq!(
            run_name("notMNIST_small", &config),
            "notmnist-small-conv-denoise"
        );
        assert_eq!(run_name("../..", &config), "data-conv-denoise");
    }
}
