//! `ae train --model pixel`: the codec has a trainer of its own.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{CodecError, PixelModel, TrainingProgress, TrainingSettings};
use ae_data::Binarization;
use ae_report::{counted, thousands};
use ae_train::DataConfig;
use serde::Serialize;

use super::arguments::TrainArguments;
use super::run_name::run_name_of;
use crate::arguments::RUNS;
use crate::backend::{self, BackendChoice};
use crate::codec::PIXEL;
use crate::codec::images::{bits_per_pixel, codec_shape, read_pixels};
use crate::codec::progress::CodecProgress;
use crate::codec::run::{MeasuredTable, PixelRun, PixelRunConfig};
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, configured, tell_shared};
use crate::signals::Signals;
use crate::terminal::Terminal;

/// The cost that is told is a running mean over about so many reports of the trainer.
const SMOOTHED: f64 = 50.0;

#[derive(Serialize)]
struct Summary {
    run: PathBuf,
    model_file: PathBuf,
    model_hash: String,
    model_bytes: usize,
    height: usize,
    width: usize,
    steps: usize,
    train_images: usize,
    train_seconds: f64,
    #[serde(flatten)]
    measured: MeasuredTable,
}

/// Trains a model of the codec, measures it and keeps it in a run's directory.
///
/// # Errors
/// An option means nothing to it, the images are not those that it takes, or it was stopped.
pub(super) fn run(arguments: TrainArguments, context: &Context<'_>) -> Result<(), CliError> {
    refuse(&arguments)?;
    let terminal = context.terminal;
    let defaults = TrainingSettings::default();
    let settings = TrainingSettings {
        seed: arguments.seed.unwrap_or(defaults.seed),
        batch: arguments.batch_size.unwrap_or(defaults.batch),
        steps: arguments.steps.unwrap_or(defaults.steps),
        learning_rate: arguments
            .learning_rate
            .map_or(defaults.learning_rate, |rate| rate as f32),
        ..defaults
    };
    let signals = Signals::listen()?;
    backend::set_threads(arguments.device.threads)?;
    let source = ImageSource {
        config: configured(&arguments.data, DataConfig::default()),
        seed: settings.seed,
    };
    let (dataset, split, card) = source.split(&terminal)?;
    drop(dataset);
    tell_shared(&split, &terminal);
    let shape = codec_shape(&split.train)?;
    let pixels = read_pixels(&split.train)?;
    let mut config = PixelRunConfig::new(&settings, shape, split.train.len(), card);
    let run = match &arguments.out {
        Some(path) => PixelRun::create(path, &config, arguments.force)?,
        None => {
            let name = run_name_of(split.train.name(), PIXEL);
            PixelRun::create_numbered(Path::new(RUNS), &name, &config)?
        }
    };
    terminal.note(format!("run: {}", run.path().display()));
    terminal.note(format!(
        "{} training, {} validation and {} test images of {shape}, {}",
        thousands(split.train.len() as u64),
        thousands(split.validation.len() as u64),
        thousands(split.test.len() as u64),
        counted(settings.steps, "step"),
    ));
    let start = Instant::now();
    let training = signals.training();
    let trained = train(shape, &pixels, &settings, &signals, terminal);
    drop(training);
    let model = match trained {
        Ok(model) => model,
        Err(error) => {
            run.discard();
            return Err(match (error, signals.stop_requested()) {
                (CodecError::Stopped, Some(status)) => {
                    CliError::abandoned(status, run.path().display())
                }
                (error, _) => CliError::from(error).about(run.path()),
            });
        }
    };
    let train_seconds = start.elapsed().as_secs_f64();
    drop(pixels);
    let measured = MeasuredTable {
        validation_bits_per_pixel: bits_per_pixel(&model, &split.validation)?,
        validation_images: split.validation.len(),
        test_bits_per_pixel: bits_per_pixel(&model, &split.test)?,
        test_images: split.test.len(),
    };
    config.measured = Some(measured);
    run.write(&model, &config)?;
    let mut bytes = Vec::new();
    model.write(&mut bytes)?;
    let summary = Summary {
        run: run.path().to_owned(),
        model_file: run.model_file(),
        model_hash: model.hash().to_string(),
        model_bytes: bytes.len(),
        height: shape.height(),
        width: shape.width(),
        steps: settings.steps,
        train_images: split.train.len(),
        train_seconds,
        measured,
    };
    terminal.result(&summary, || summary.text())
}

fn train(
    shape: ae_codec::ImageShape,
    pixels: &[u8],
    settings: &TrainingSettings,
    signals: &Signals,
    terminal: Terminal,
) -> Result<PixelModel, CodecError> {
    let mut progress = CodecProgress::new(terminal, settings.steps as u64, "steps");
    let mut mean = None;
    PixelModel::train(shape, pixels, settings, |report: TrainingProgress| {
        let before = mean.unwrap_or(report.bits_per_pixel);
        let now = before + (report.bits_per_pixel - before) / SMOOTHED;
        mean = Some(now);
        progress.tell(report.step as u64, || format!("{now:.3} bits per pixel"));
        match signals.stop_requested() {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    })
}

/// Refuses options of the other kinds, and those that would have other images trained on than are compressed.
fn refuse(arguments: &TrainArguments) -> Result<(), CliError> {
    let data = &arguments.data;
    let given = [
        ("--config", arguments.config.is_some()),
        ("--resume", arguments.resume.is_some()),
        ("--patch", data.patch.is_some()),
        ("--patches-per-epoch", arguments.patches_per_epoch.is_some()),
        (
            "--binarize dynamic",
            data.binarize == Some(Binarization::Dynamic),
        ),
        ("--noise", arguments.noise.noise.is_some()),
        ("--noise-clip", arguments.noise.noise_clip.is_some()),
        ("--noise-draw", arguments.noise_draw.is_some()),
        ("--epochs", arguments.epochs.is_some()),
        ("--optimizer", arguments.optimizer.is_some()),
        ("--schedule", arguments.schedule.is_some()),
        ("--milestones", !arguments.milestones.is_empty()),
        ("--milestone-factor", arguments.milestone_factor.is_some()),
        ("--warmup-steps", arguments.warmup_steps.is_some()),
        ("--loss", arguments.loss.is_some()),
        ("--clip-norm", arguments.clip_norm.is_some()),
        ("--ema", arguments.ema.is_some()),
        ("--patience", arguments.patience.is_some()),
        ("--select", arguments.select.is_some()),
        ("--checkpoint-every", arguments.checkpoint_every.is_some()),
        ("--loader-threads", arguments.loader_threads.is_some()),
        (
            "--backend",
            arguments.device.backend != BackendChoice::default(),
        ),
        ("--burn-operations", arguments.burn_operations),
    ];
    let setting = arguments.kind.given.names().next();
    let other = given.iter().find(|(_, given)| *given);
    let option = setting
        .map(|name| format!("--{name}"))
        .or(other.map(|(option, _)| (*option).to_owned()));
    match option {
        None => Ok(()),
        Some(option) => Err(CliError::usage(
            option,
            format!("not for a model of kind {PIXEL}, which has a trainer of its own"),
        )
        .hint("--steps, --batch-size (pixels), --learning-rate, --seed, --threads and options of the data are")),
    }
}

/// Refuses what would resume a run of the codec.
pub(super) fn refuse_resuming(run: &Path) -> Result<(), CliError> {
    match crate::codec::model::is_model(run) {
        false => Ok(()),
        true => Err(CliError::failure(
            Status::Usage,
            run.display(),
            format!("a run of a model of kind {PIXEL}, which cannot be resumed"),
        )
        .hint(format!("ae train --model {PIXEL} trains another one"))),
    }
}

impl Summary {
    fn text(&self) -> String {
        let measured = &self.measured;
        let bits = |bits: Option<f64>, part: &str, images: usize| {
            bits.map(|bits| format!("{part} {bits:.3} ({} images)", thousands(images as u64)))
        };
        let bits: Vec<String> = [
            bits(
                measured.validation_bits_per_pixel,
                "validation",
                measured.validation_images,
            ),
            bits(measured.test_bits_per_pixel, "test", measured.test_images),
        ]
        .into_iter()
        .flatten()
        .collect();
        format!(
            "run            {}\nmodel          {}, {} bytes, for images of {}x{}\ntrained        {}, {:.0} s\nbits per pixel {}\n",
            self.run.display(),
            self.model_hash,
            thousands(self.model_bytes as u64),
            self.width,
            self.height,
            counted(self.steps, "step"),
            self.train_seconds,
            bits.join(", "),
        )
    }
}
