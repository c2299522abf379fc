//! `ae train`.

mod arguments;
mod configuration;
mod given;
mod model;
mod pixel;
mod run_name;
mod sharing;
mod streaming;
mod summary;
mod warnings;
mod weights;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ae_data::{ShardIndex, Split};
use ae_models::{ComputePath, Model, Registry, Trainable as _};
use ae_train::{
    CheckedTrainConfig, DataCard, Outcome, RunConfig, RunDirectory, Selection, TrainError, Trainer,
};

use self::arguments::TrainArguments;
use self::run_name::run_name_of;
use self::summary::{Run, finish};
use crate::arguments::{RUNS, tell_unused_clip};
use crate::backend::{self, BackendChoice, OpenDevice};
use crate::codec::PIXEL;
use crate::codec::transform::{ending, is_of_codec};
use crate::command::Example;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, tell_shared};
use crate::progress::Progress;
use crate::ranks::Ranks;
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

/// Checked arguments.
struct Request {
    config: RunConfig,
    train: CheckedTrainConfig,
    /// Whether the user gave widths, the first of which may be the image's.
    may_name_image_width: bool,
    /// Whether it was said in how many parts a batch is computed.
    has_parts: bool,
    /// Whether the user asked for the best epoch by name.
    wants_best: bool,
    /// Whether the noise is the file's that the user named, rather than an option's.
    has_noise_of_file: bool,
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

pub(super) fn run(arguments: TrainArguments, context: &Context<'_>) -> Result<(), CliError> {
    if arguments.kind.kind.as_deref() == Some(PIXEL) {
        context.ranks.check_alone("train --model pixel")?;
        return pixel::run(arguments, context);
    }
    if let Some(run) = &arguments.resume
        && pixel::is_resumed(run)
    {
        context.ranks.check_alone("train --model pixel")?;
        return pixel::resume(&run.clone(), &arguments, context);
    }
    let ranks = context.ranks;
    ranks.join()?;
    let noise = arguments.noise.clone();
    let mut request = Request::check(arguments, context)?;
    let terminal = request.terminal;
    tell_unused_clip(&noise, Some(&request.train.noise), &terminal);
    let signals = Signals::listen(ranks.rank() == 0)?;
    // Before anything decodes images: what does so first would start as many as there are processors.
    ranks.together(backend::set_threads(request.threads))?;
    let indexes = streaming::indexes(&request.config.data, ranks, &terminal)?;
    let prepared = ranks.together(request.prepare(indexes, ranks))?;
    let Prepared {
        device,
        split,
        card,
        model,
    } = prepared;
    sharing::tell(&request.train, &split, ranks, &terminal);
    let run = ranks.together(match ranks.rank() {
        0 => request
            .make_directory(&split, context.registry)
            .map(|run| Some(run.with_data_card(card))),
        _ => Ok(None),
    })?;
    if let Some(run) = &run {
        terminal.note(format!("run: {}", run.path().display()));
    }

    let is_resumed = matches!(request.place, Place::Resume(_));
    if !is_resumed {
        request.warn(&split);
    }
    let mut progress = Progress::new(terminal, signals.clone(), is_resumed);
    let training = signals.training();
    let trained = ranks.in_step(|communicator| {
        let mut trainer = Trainer::new(&request.train, &device.device)
            .observer(&mut progress)
            .communicator(communicator);
        if let Some(run) = &run {
            trainer = trainer.run_directory(run);
        }
        trainer.train(model, &split)
    })?;
    drop((progress, training));
    // Also where the last step was just done: the pictures can wait.
    let asked = match trained.outcome {
        // Another rank was asked.
        Outcome::Interrupted => signals.stop_requested().or(Some(Status::Terminated)),
        _ => signals.stop_requested(),
    };
    if let Some(status) = asked {
        if trained.outcome == Outcome::Interrupted {
            ranks.end_together(0);
        }
        let path = run.as_ref().map(|run| run.path().display().to_string());
        let path = path.unwrap_or_default();
        return Err(CliError::stopped(
            status,
            &path,
            format!("resume with: ae train --resume {path}"),
        ));
    }
    let Some(run) = run else {
        return Ok(());
    };
    let of_transform = is_of_codec(request.config.model.kind()).then(|| trained.model.clone());
    let summary = finish(
        Run {
            config: &request.config,
            train: &request.train,
            directory: &run,
            device: &device,
            split: &split,
            terminal: &terminal,
        },
        trained,
    )?;
    if let Some(model) = of_transform {
        ending::keep_tables(model, &device.device, &run, &split, &terminal)?;
    }
    terminal.result(&summary, || summary.text())
}

/// What a run takes beside its settings.
struct Prepared {
    device: OpenDevice,
    split: Split,
    card: DataCard,
    model: Model,
}

impl Request {
    fn check(arguments: TrainArguments, context: &Context<'_>) -> Result<Self, CliError> {
        let config = sharing::configuration(&arguments, context)?;
        let train = config.train.check()?;
        Ok(Self {
            train,
            config,
            has_parts: sharing::is_decided(&arguments),
            wants_best: arguments.select == Some(Selection::Best),
            has_noise_of_file: arguments.noise.noise.is_none(),
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

    /// Opens the device and the images and makes the model.
    fn prepare(
        &mut self,
        indexes: Option<Arc<[ShardIndex]>>,
        ranks: &Ranks,
    ) -> Result<Prepared, CliError> {
        let terminal = self.terminal;
        let device = backend::open(self.backend)?;
        terminal.note(format!("device: {}", device.name));
        if self.config.convolutions == ComputePath::Reference {
            terminal.note("convolutions: Burn's own operations");
        }

        let source = ImageSource::of_run(&self.config);
        let (dataset, split, mut card) = source.split(indexes, &terminal)?;
        card.self_supervised = self.train.self_supervised;
        if !matches!(self.place, Place::Resume(_)) {
            // From another directory a relative path would mean another set.
            self.config.data.source.clone_from(&card.source);
        }
        match dataset.train.shuffle_buffer() {
            Some(buffer) => streaming::tell(&dataset, buffer, &terminal),
            None => {
                for warning in warnings::of_data(&dataset)? {
                    terminal.warning(warning);
                }
            }
        }
        drop(dataset);
        tell_shared(&split, &terminal);
        let shape = split.train.shape();
        let input_shape = [shape.channels, shape.height, shape.width];
        ending::check_set(self.config.model.kind(), &split.train)?;
        if self.may_name_image_width {
            let model = self.config.model.clone();
            self.config.model = model.without_image_width(shape.values());
        }
        let placement = self.config.convolutions.on(&device.device);
        let model = self
            .config
            .model
            .init(input_shape, self.train.seed, placement)?;
        if !model.objective_is_mean_of_images() && ranks.size() > 1 {
            return Err(TrainError::BatchParts.into());
        }
        if !self.has_parts && !model.objective_is_mean_of_images() {
            self.config.train.batch_parts = 1;
            self.train = self.config.train.check()?;
        }
        self.check_validation(&split)?;
        self.train.check_model(&model, &split.train)?;
        Ok(Prepared {
            device,
            split,
            card,
            model,
        })
    }

    /// Refuses what is decided by validation images where there are none.
    fn check_validation(&self, split: &Split) -> Result<(), CliError> {
        let option = match self.train.early_stopping {
            _ if !split.validation.is_empty() => return Ok(()),
            Some(_) => "--patience",
            None if self.wants_best => "--select best",
            None => return Ok(()),
        };
        let reason = "there are no validation images to compare epochs by";
        Err(CliError::usage(option, reason)
            .hint("a --validation-share above 0 keeps some, or a folder of that name"))
    }

    /// Warns of what is known before the first step.
    fn warn(&self, split: &Split) {
        if self.has_noise_of_file {
            for hint in self.train.noise.scale_hints() {
                self.terminal.warning(hint);
            }
        }
        for warning in warnings::of_plan(&self.train, split.train.len()) {
            self.terminal.warning(warning);
        }
    }

    fn make_directory(&self, split: &Split, registry: &Registry) -> Result<RunDirectory, CliError> {
        match &self.place {
            Place::Resume(path) => {
                // More epochs, for one, belong into the run's configuration.
                Ok(RunDirectory::open(path)?.with_run_config(&self.config, registry)?)
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
    let denoise = match config.train.noise.is_empty() && config.train.self_supervised.is_none() {
        true => "",
        false => "-denoise",
    };
    format!("{}{denoise}", run_name_of(data, config.model.kind()))
}

#[cfg(test)]
mod tests {
    use ae_models::ModelConfig;
    use ae_train::{DataConfig, TrainConfig};

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
        config.train.noise = "none".parse().unwrap();
        config.train.self_supervised = "neighbor2neighbor".parse().ok();
        assert_eq!(run_name("scans", &config), "scans-conv-denoise");
    }
}
