//! `ae train --model pixel`: the codec has a trainer of its own.

mod training;

use std::path::{Path, PathBuf};
use std::time::Instant;

use ae_codec::{CodecError, PictureTrainingSettings, TrainingSettings, TrainingState};
use ae_data::Split;
use ae_report::{counted, thousands};
use ae_train::{DataCard, DataConfig};
use serde::Serialize;

use self::training::Training;
use super::arguments::TrainArguments;
use super::given;
use super::run_name::run_name_of;
use crate::arguments::RUNS;
use crate::arguments::value::CheckpointInterval;
use crate::backend;
use crate::codec::PIXEL;
use crate::codec::images::{bits_per_pixel, check_gray, codec_shape, coded_count};
use crate::codec::run::{MeasuredTable, PixelRun, PixelRunConfig, Settings, is_run};
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, configured, tell_shared};
use crate::signals::Signals;
use crate::terminal::Terminal;

/// How often what a training can be resumed from is kept.
const KEPT_EVERY: CheckpointInterval = CheckpointInterval::Seconds(60.0);

#[derive(Serialize)]
struct Summary {
    run: PathBuf,
    model_file: PathBuf,
    model_hash: String,
    model_bytes: usize,
    /// Nothing where the model is for pictures of any sizes.
    height: Option<usize>,
    width: Option<usize>,
    steps: usize,
    train_images: usize,
    /// Those of the last run of the command, where it was resumed.
    train_seconds: f64,
    #[serde(flatten)]
    measured: MeasuredTable,
}

/// Trains a model of the codec, measures it and keeps it in a run's directory.
///
/// # Errors
/// An option means nothing to it, the images are not those that it takes, or it was stopped.
pub(super) fn run(arguments: TrainArguments, context: &Context<'_>) -> Result<(), CliError> {
    if let Some(run) = &arguments.resume {
        return resume(run, &arguments, context);
    }
    refuse(&arguments)?;
    let terminal = context.terminal;
    let signals = Signals::listen(true)?;
    backend::set_threads(arguments.device.threads)?;
    let source = ImageSource {
        config: configured(&arguments.data, DataConfig::default()),
        seed: arguments.seed.unwrap_or(TrainingSettings::default().seed),
    };
    let (split, card) = images(&source, &terminal)?;
    let settings = settings(&arguments, &split)?;
    let config = PixelRunConfig::new(&settings, split.train.len(), card);
    let run = match &arguments.out {
        Some(path) => PixelRun::create(path, &config, arguments.force)?,
        None => {
            let name = run_name_of(split.train.name(), PIXEL);
            PixelRun::create_numbered(Path::new(RUNS), &name, &config)?
        }
    };
    Trained {
        run,
        config,
        split,
        settings,
        signals,
        keeps_every: arguments.checkpoint_every.unwrap_or(KEPT_EVERY),
        terminal,
    }
    .train(None)
}

/// Whether a directory is that of a run of the codec.
pub(super) fn is_resumed(run: &Path) -> bool {
    is_run(run)
}

/// Resumes a training that was interrupted: what comes of it has the same bytes as without that.
///
/// # Errors
/// There is none to resume, an option would change it, or its images are no longer the same.
pub(super) fn resume(
    run: &Path,
    arguments: &TrainArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let model = arguments.kind.first_given();
    let other = given::first_but(arguments, &["--resume", "--checkpoint-every"]);
    if let Some(option) = model.or(other.map(str::to_owned)) {
        let reason = format!("cannot be changed while resuming {}", run.display());
        return Err(CliError::usage(option, reason).hint("--checkpoint-every and --threads may be"));
    }
    let terminal = context.terminal;
    let (opened, config, state) = PixelRun::open(run)?;
    let damaged = || CliError::failure(Status::Model, run.display(), "its configuration is none");
    let settings = config.settings().ok_or_else(damaged)?;
    let signals = Signals::listen(true)?;
    backend::set_threads(arguments.device.threads)?;
    let source = ImageSource {
        config: config_of(&config.data),
        seed: config.data.seed,
    };
    let (split, card) = images(&source, &terminal)?;
    if card.fingerprint != config.data.fingerprint || split.train.len() != config.train.images {
        let reason = "not the images that the run was begun with";
        return Err(CliError::failure(Status::Data, &card.source, reason)
            .hint(format!("ae train --model {PIXEL} trains a model of these")));
    }
    Trained {
        run: opened,
        config,
        split,
        settings,
        signals,
        keeps_every: arguments.checkpoint_every.unwrap_or(KEPT_EVERY),
        terminal,
    }
    .train(state)
}

/// The images, divided, and what is known of them.
fn images(source: &ImageSource, terminal: &Terminal) -> Result<(Split, DataCard), CliError> {
    let (dataset, split, card) = source.split(None, terminal)?;
    drop(dataset);
    tell_shared(&split, terminal);
    check_gray(&split.train)?;
    Ok((split, card))
}

/// How the images of a run are found again.
fn config_of(card: &DataCard) -> DataConfig {
    DataConfig {
        source: card.source.clone(),
        size: card.size,
        fit: card.fit,
        channels: card.channels,
        patch: card.patch,
        range: card.range,
        binarize: card.binarize,
        test_share: card.test_share,
        validation_share: Some(card.validation_share),
        division: card.division,
        dedup: card.dedup,
        limit: card.limit,
        ..DataConfig::default()
    }
}

/// What the arguments ask for.
fn settings(arguments: &TrainArguments, split: &Split) -> Result<Settings, CliError> {
    let learning_rate = |usual: f32| arguments.learning_rate.map_or(usual, |rate| rate as f32);
    if split.train.is_of_patches() {
        let usual = PictureTrainingSettings::default();
        return Ok(Settings::Pictures(PictureTrainingSettings {
            seed: arguments.seed.unwrap_or(usual.seed),
            batch: arguments.batch_size.unwrap_or(usual.batch),
            steps: arguments.steps.unwrap_or(usual.steps),
            learning_rate: learning_rate(usual.learning_rate),
            ..usual
        }));
    }
    let usual = TrainingSettings::default();
    let shape = codec_shape(&split.train)?;
    Ok(Settings::Fixed(
        TrainingSettings {
            seed: arguments.seed.unwrap_or(usual.seed),
            batch: arguments.batch_size.unwrap_or(usual.batch),
            steps: arguments.steps.unwrap_or(usual.steps),
            learning_rate: learning_rate(usual.learning_rate),
            ..usual
        },
        shape,
    ))
}

/// Refuses options of the other kinds, and those that would have other images trained on than are compressed.
fn refuse(arguments: &TrainArguments) -> Result<(), CliError> {
    let setting = arguments.kind.given.names().next();
    let setting = setting.map(|name| format!("--{name}"));
    let allowed = [
        "--force",
        "--data",
        "--size",
        "--fit",
        "--channels",
        "--patch",
        "--range",
        "--binarize",
        "--limit",
        "--test-share",
        "--validation-share",
        "--dedup",
        "--steps",
        "--batch-size",
        "--learning-rate",
        "--seed",
        "--checkpoint-every",
    ];
    match setting.or_else(|| given::first_but(arguments, &allowed).map(str::to_owned)) {
        None => Ok(()),
        Some(option) => Err(CliError::usage(
            option,
            format!("not for a model of kind {PIXEL}, which has a trainer of its own"),
        )
        .hint("--steps, --batch-size (pixels), --learning-rate, --seed, --checkpoint-every, --threads and options of the data are")),
    }
}

/// A run whose images are open.
struct Trained {
    run: PixelRun,
    config: PixelRunConfig,
    split: Split,
    settings: Settings,
    signals: Signals,
    keeps_every: CheckpointInterval,
    terminal: Terminal,
}

impl Trained {
    /// Trains from the first step or from a state, measures the model, keeps it and says so.
    fn train(mut self, state: Option<TrainingState>) -> Result<(), CliError> {
        let (split, terminal) = (&self.split, self.terminal);
        let steps = self.config.train.steps;
        terminal.note(format!("run: {}", self.run.path().display()));
        let trained = match &self.settings {
            Settings::Fixed(_, shape) => format!("training images of {shape}"),
            Settings::Pictures(_) => format!(
                "training patches of {} from {} pictures",
                split.train.shape().size(),
                thousands(split.train.picture_count() as u64)
            ),
        };
        terminal.note(format!(
            "{} {trained}, {} validation and {} test images, {}",
            thousands(split.train.len() as u64),
            thousands(coded_count(&split.validation) as u64),
            thousands(coded_count(&split.test) as u64),
            counted(steps, "step"),
        ));
        if let Some(state) = &state {
            terminal.note(format!(
                "resumed after step {}",
                thousands(state.step() as u64)
            ));
        }
        let start = Instant::now();
        let guard = self.signals.training();
        let mut training = Training::new(
            &mut self.run,
            &self.config,
            &self.signals,
            self.keeps_every,
            terminal,
        );
        let trained = training.train(&self.settings, &split.train, state.as_ref());
        let failed = training.into_failure();
        drop(guard);
        let model = match trained {
            Ok(model) => model,
            Err(error) => return Err(self.ended(error, failed)),
        };
        let train_seconds = start.elapsed().as_secs_f64();
        let measured = MeasuredTable {
            validation_bits_per_pixel: bits_per_pixel(&model, &split.validation)?,
            validation_images: coded_count(&split.validation),
            test_bits_per_pixel: bits_per_pixel(&model, &split.test)?,
            test_images: coded_count(&split.test),
        };
        self.config.measured = Some(measured);
        self.run.write(&model, &self.config)?;
        let shape = match &self.settings {
            Settings::Fixed(_, shape) => Some(*shape),
            Settings::Pictures(_) => None,
        };
        let summary = Summary {
            run: self.run.path().to_owned(),
            model_file: self.run.model_file(),
            model_hash: ae_codec::ChunkCodec::hash(&model).to_string(),
            model_bytes: model.file_bytes(),
            height: shape.map(ae_codec::ImageShape::height),
            width: shape.map(ae_codec::ImageShape::width),
            steps,
            train_images: split.train.len(),
            train_seconds,
            measured,
        };
        terminal.result(&summary, || summary.text())
    }

    /// Why there is no model, and what is kept.
    fn ended(self, error: CodecError, failed: Option<CliError>) -> CliError {
        let path = self.run.path().display();
        let has_state = self.run.has_state();
        if !has_state {
            self.run.discard();
        }
        match (error, failed, self.signals.stop_requested()) {
            (_, Some(failed), _) => failed,
            (CodecError::Stopped, None, Some(status)) if has_state => CliError::stopped(
                status,
                &path,
                format!("resume with: ae train --resume {path}"),
            ),
            (CodecError::Stopped, None, Some(status)) => CliError::abandoned(status, path),
            (error, None, _) => CliError::from(error).about(self.run.path()),
        }
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
        let images = match (self.width, self.height) {
            (Some(width), Some(height)) => format!("images of {width}x{height}"),
            _ => "pictures of any sizes".to_owned(),
        };
        format!(
            "run            {}\nmodel          {}, {} bytes, for {images}\ntrained        {}, {:.0} s\nbits per pixel {}\n",
            self.run.display(),
            self.model_hash,
            thousands(self.model_bytes as u64),
            counted(self.steps, "step"),
            self.train_seconds,
            bits.join(", "),
        )
    }
}
