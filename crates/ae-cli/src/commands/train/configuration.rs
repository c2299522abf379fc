//! A run's configuration: the arguments over a file, a run that is resumed, or the defaults.

use std::path::Path;

use ae_data::Streaming;
use ae_models::{ComputePath, ModelConfig, Registry};
use ae_train::{
    AdamSettings, AdamWSettings, DataConfig, EarlyStopping, OptimizerConfig, RunConfig,
    ScheduleConfig, TrainConfig, WarmUp,
};

use super::arguments::{ClipNorm, TrainArguments};
use super::given;
use super::model::model_config;
use crate::arguments::KindArguments;
use crate::arguments::value::CheckpointInterval;
use crate::codec::transform::{PICTURE_TRANSFORM, TRANSFORM};
use crate::error::{CliError, io_reason};
use crate::image_source::{configured, read_run_config};

/// Puts the configuration together.
///
/// # Errors
/// A file cannot be read or understood, or an option doesn't go with the rest.
pub(super) fn configuration(
    arguments: &TrainArguments,
    registry: &Registry,
) -> Result<RunConfig, CliError> {
    if let Some(run) = &arguments.resume {
        refuse_changes(arguments, run)?;
    }
    let base = match (&arguments.resume, &arguments.config) {
        (Some(run), _) => read_run_config(run, registry)?,
        (None, Some(file)) => read_config_file(file, registry)?,
        (None, None) => RunConfig {
            convolutions: ComputePath::default(),
            data: DataConfig::default(),
            model: ModelConfig::default(),
            train: TrainConfig::default(),
        },
    };
    let kind = kind_arguments(arguments, &base.data);
    let model = model_config(&kind, base.model, registry)?;
    let base_train = match (&arguments.resume, &arguments.config) {
        (None, None) => TrainConfig::usual_for(&model),
        _ => base.train,
    };
    let config = RunConfig {
        convolutions: match arguments.burn_operations {
            true => ComputePath::Reference,
            false => base.convolutions,
        },
        data: data_config(arguments, base.data)?,
        model,
        train: train_config(arguments, base_train)?,
    };
    if arguments.loss.is_some()
        && let Some(unit) = config.model.objective_unit()
    {
        let kind = config.model.kind();
        let reason = format!("not for a model of kind {kind}: its loss is its own, in {unit}");
        return Err(CliError::usage("--loss", reason));
    }
    let loss = config.train.loss;
    if let Some(why) = config.model.refuses_loss(loss) {
        let kind = config.model.kind();
        let reason = format!("not for a model of kind {kind}: {why}");
        return Err(CliError::usage(format!("--loss {loss}"), reason)
            .hint("mse, l1 and charbonnier are of outputs of any range"));
    }
    Ok(config)
}

/// The model's options; with patches the kind of transform is that of pictures of any sizes.
fn kind_arguments(arguments: &TrainArguments, base: &DataConfig) -> KindArguments {
    let is_of_patches = arguments.data.patch.or(base.patch).is_some();
    let mut kind = arguments.kind.clone();
    if is_of_patches && kind.kind.as_deref() == Some(TRANSFORM) {
        kind.kind = Some(PICTURE_TRANSFORM.to_owned());
    }
    kind
}

fn data_config(arguments: &TrainArguments, base: DataConfig) -> Result<DataConfig, CliError> {
    let mut data = configured(&arguments.data, base);
    data.stream |= arguments.stream;
    data.shuffle_buffer = arguments.shuffle_buffer.or(data.shuffle_buffer);
    match (data.stream, data.shuffle_buffer) {
        (_, Some(0)) => {
            return Err(CliError::usage("shuffle_buffer = 0", "must be at least 1"));
        }
        (false, Some(_)) => return Err(CliError::usage("--shuffle-buffer", "needs --stream")),
        (true, _) if data.patch.is_some() => {
            let reason = "patches are cut from pictures in memory";
            return Err(CliError::usage("--stream", reason));
        }
        // Said in the run's configuration, so that another default changes no run.
        (true, None) => data.shuffle_buffer = Some(Streaming::SHUFFLE_BUFFER),
        _ => {}
    }
    data.patches_per_epoch = arguments.patches_per_epoch.or(data.patches_per_epoch);
    let Some(side) = data.patch else {
        return match data.patches_per_epoch {
            Some(_) => Err(CliError::usage("--patches-per-epoch", "needs a --patch")),
            None => Ok(data),
        };
    };
    let reason = match (side, data.patches_per_epoch) {
        (0, _) => "must be at least 1",
        (_, Some(0)) => "must have patches_per_epoch of at least 1",
        _ if data.size.is_some() => {
            "patches are cut from pictures of their own sizes, not of a --size"
        }
        _ if !data.binarize.is_none() => "patches are not made black and white",
        _ => return Ok(data),
    };
    Err(CliError::usage(format!("--patch {side}"), reason))
}

/// A resumed run is the same run: only how long it trains and where it computes may differ.
fn refuse_changes(arguments: &TrainArguments, run: &Path) -> Result<(), CliError> {
    let model = arguments.kind.first_given();
    let other = given::first_but(
        arguments,
        &[
            "--resume",
            "--epochs",
            "--steps",
            "--checkpoint-every",
            "--loader-threads",
            "--backend",
        ],
    );
    match model.or(other.map(str::to_owned)) {
        None => Ok(()),
        Some(option) => Err(CliError::usage(
            option,
            format!("cannot be changed while resuming {}", run.display()),
        )
        .hint("--epochs, --steps, --checkpoint-every, --loader-threads, --backend and --threads may be")),
    }
}

fn read_config_file(path: &Path, registry: &Registry) -> Result<RunConfig, CliError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CliError::usage(
            path.display(),
            format!("cannot read this configuration: {}", io_reason(&error)),
        )
    })?;
    RunConfig::from_toml(&text, registry).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = match line {
            Some(line) => format!("{} line {line}", path.display()),
            None => path.display().to_string(),
        };
        CliError::usage(place, error.message())
            .hint("a run's config.toml shows every key; those of [train] have defaults")
    })
}

/// Adam or AdamW with another epsilon.
fn with_epsilon(optimizer: OptimizerConfig, epsilon: f64) -> Result<OptimizerConfig, CliError> {
    match optimizer {
        OptimizerConfig::Adam(settings) => Ok(OptimizerConfig::Adam(AdamSettings {
            epsilon,
            ..settings
        })),
        OptimizerConfig::AdamW(settings) => Ok(OptimizerConfig::AdamW(AdamWSettings {
            epsilon,
            ..settings
        })),
        other => Err(CliError::usage(
            "--adam-epsilon",
            format!("not for {}, but for adam and adamw", other.name()),
        )),
    }
}

/// The schedule by its name, by milestones, or as it was; a factor alone is that of the milestones that were.
fn schedule(arguments: &TrainArguments, base: ScheduleConfig) -> Result<ScheduleConfig, CliError> {
    let given = arguments.milestone_factor;
    let steps = arguments.milestones.clone();
    let epochs = arguments.milestone_epochs.clone();
    let schedule = match arguments.schedule.clone() {
        _ if !steps.is_empty() => ScheduleConfig::Milestones { steps, factor: 0.5 },
        _ if !epochs.is_empty() => ScheduleConfig::EpochMilestones {
            epochs,
            factor: 0.5,
        },
        named => named.unwrap_or(base),
    };
    Ok(match (schedule, given) {
        (ScheduleConfig::Milestones { steps, .. }, Some(factor)) => {
            ScheduleConfig::Milestones { steps, factor }
        }
        (ScheduleConfig::EpochMilestones { epochs, .. }, Some(factor)) => {
            ScheduleConfig::EpochMilestones { epochs, factor }
        }
        (_, Some(_)) => {
            return Err(CliError::usage(
                "--milestone-factor",
                "needs --milestones or --milestone-epochs",
            ));
        }
        (schedule, None) => schedule,
    })
}

fn train_config(arguments: &TrainArguments, base: TrainConfig) -> Result<TrainConfig, CliError> {
    // Another optimizer begins with its own learning rate and clipping, unless they are given.
    let base = match arguments.optimizer {
        Some(optimizer) => base.with_optimizer(optimizer),
        None => base,
    };
    let (checkpoint_every_steps, checkpoint_every_seconds) = match arguments.checkpoint_every {
        Some(CheckpointInterval::Steps(steps)) => (Some(steps), None),
        Some(CheckpointInterval::Seconds(seconds)) => (None, Some(seconds)),
        None => (base.checkpoint_every_steps, base.checkpoint_every_seconds),
    };
    Ok(TrainConfig {
        checkpoint_every_steps,
        checkpoint_every_seconds,
        epochs: arguments.epochs.unwrap_or(base.epochs),
        steps: match arguments.epochs {
            Some(_) => None,
            None => arguments.steps.or(base.steps),
        },
        batch_size: arguments.batch_size.unwrap_or(base.batch_size),
        batch_parts: arguments.batch_parts.unwrap_or(base.batch_parts),
        learning_rate: arguments.learning_rate.unwrap_or(base.learning_rate),
        warmup_steps: arguments
            .warmup_steps
            .map_or(base.warmup_steps, WarmUp::Steps),
        select: arguments.select.unwrap_or(base.select),
        loss: arguments.loss.unwrap_or(base.loss),
        gradient_clip_norm: match arguments.clip_norm {
            Some(ClipNorm::Norm(norm)) => Some(norm),
            Some(ClipNorm::Off) => None,
            None => base.gradient_clip_norm,
        },
        ema: arguments.ema.or(base.ema),
        seed: arguments.seed.unwrap_or(base.seed),
        noise: arguments.noise.or(Some(base.noise)).unwrap_or_default(),
        self_supervised: arguments.self_supervised.or(base.self_supervised),
        noise_draw: arguments.noise_draw.unwrap_or(base.noise_draw),
        loader_threads: arguments.loader_threads.unwrap_or(base.loader_threads),
        optimizer: match arguments.adam_epsilon {
            Some(epsilon) => with_epsilon(base.optimizer, epsilon)?,
            None => base.optimizer,
        },
        schedule: schedule(arguments, base.schedule)?,
        early_stopping: arguments
            .patience
            .map(|patience_epochs| EarlyStopping {
                patience_epochs,
                ..EarlyStopping::default()
            })
            .or(base.early_stopping),
        // Of another length from the start, it has no history.
        segments: match arguments.resume.is_none()
            && (arguments.epochs.is_some() || arguments.steps.is_some())
        {
            true => Vec::new(),
            false => base.segments,
        },
    })
}
