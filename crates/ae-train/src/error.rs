//! What can go wrong while training.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use ae_data::{DataError, ImageShape};
use ae_eval::EvalError;
use ae_models::ModelError;

/// A setting that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} = {value}: {must}")]
pub struct ConfigError {
    /// The field's name as `config.toml` has it.
    pub field: &'static str,
    /// The value it has.
    pub value: String,
    /// What it must be.
    pub must: &'static str,
}

/// Training met a number that is not finite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{quantity} is not finite at step {step} (epoch {epoch}){}", kept_text(.kept.as_deref()))]
pub struct Divergence {
    /// The step, counted from 1 over the whole run.
    pub step: usize,
    /// The epoch, counted from 1.
    pub epoch: usize,
    /// What was NaN or infinite.
    pub quantity: String,
    /// The file of the last weights whose loss was finite; `None` without a run directory.
    pub kept: Option<PathBuf>,
}

fn kept_text(path: Option<&Path>) -> String {
    path.map(|path| format!("; the last good weights are in {}", path.display()))
        .unwrap_or_default()
}

/// What not every model can do. Displayed as what is missing: `has no codes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Giving images back: [`Reconstruct`](ae_models::Reconstruct).
    Reconstruct,
    /// Encoding and decoding: [`Codes`](ae_models::Codes).
    Codes,
    /// A likelihood of images: [`LatentVariableModel`](ae_models::LatentVariableModel).
    Likelihood,
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Reconstruct => "has no reconstruction",
            Self::Codes => "has no codes",
            Self::Likelihood => "has no likelihood",
        })
    }
}

/// A field that a resumed run has another value of than the run it resumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedField {
    /// The field's name.
    pub name: String,
    /// What the checkpoint has.
    pub then: String,
    /// What was asked for now.
    pub now: String,
}

fn changed_text(fields: &[ChangedField]) -> String {
    let texts: Vec<String> = fields
        .iter()
        .map(|field| format!("{} was {}, now {}", field.name, field.then, field.now))
        .collect();
    texts.join("; ")
}

/// What can go wrong while training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting cannot be run.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A configuration file cannot be understood.
    #[error("{}: {reason}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A loss, gradient or weight became NaN or infinite.
    #[error("training diverged: {0}")]
    Diverged(Divergence),
    /// There is nothing to train on or to measure.
    #[error("{name} has no images")]
    EmptySet {
        /// The set.
        name: String,
    },
    /// The model cannot do what was asked of it.
    #[error("cannot {action}: the model {capability}")]
    Lacks {
        /// What was to be done.
        action: &'static str,
        /// What it takes and the model does not have.
        capability: Capability,
    },
    /// The images are not of the model's shape.
    #[error("{name} has images of {found}, the model takes {expected}")]
    Shape {
        /// The set.
        name: String,
        /// The model's input (width x height x channels).
        expected: ImageShape,
        /// The set's images.
        found: ImageShape,
    },
    /// A run is there already.
    #[error("{} holds a run already", path.display())]
    RunExists {
        /// The directory.
        path: PathBuf,
    },
    /// A directory that was to be resumed and holds no `config.toml`.
    #[error("{} holds no run: there is no config.toml", path.display())]
    NoRun {
        /// The directory.
        path: PathBuf,
    },
    /// A directory that holds other things than a run.
    #[error("{} is not empty and holds no run", path.display())]
    NotARun {
        /// The directory.
        path: PathBuf,
    },
    /// Somebody else is training in the directory.
    #[error("{} is in use by process {process}", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The process's id, as its lock file has it.
        process: String,
    },
    /// A checkpoint cannot be resumed from, or a log cannot be read.
    #[error("{}: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint's directory or the file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A later version of this library wrote the checkpoint.
    #[error("{}: format version {found}, this program reads {known}", path.display())]
    LaterFormat {
        /// The checkpoint's file.
        path: PathBuf,
        /// The version it has.
        found: i64,
        /// The version known here.
        known: u32,
    },
    /// The run was started with another configuration or other data.
    #[error("{} was started differently: {}", path.display(), changed_text(fields))]
    Changed {
        /// The run's directory.
        path: PathBuf,
        /// Each difference.
        fields: Vec<ChangedField>,
    },
    /// A run was to end before where it already is.
    #[error("{} has begun its epoch {begun}: it cannot end with epoch {asked}", path.display())]
    FewerEpochs {
        /// The run's directory.
        path: PathBuf,
        /// The epochs that it was to end with.
        asked: usize,
        /// The epochs that it has begun.
        begun: usize,
    },
    /// A run was to end before where it already is.
    #[error("{} has taken {taken} steps: it cannot end with step {asked}", path.display())]
    FewerSteps {
        /// The run's directory.
        path: PathBuf,
        /// The steps that it was to end with.
        asked: usize,
        /// The steps that it has taken.
        taken: usize,
    },
    /// There are no validation images, and something is decided by them.
    #[error("there are no validation images: {what}")]
    NoValidation {
        /// What is decided by them.
        what: &'static str,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The device failed.
    #[error("the device failed while {action}: {reason}")]
    Device {
        /// What it was asked to do.
        action: &'static str,
        /// What it said.
        reason: String,
    },
    /// A model that cannot be trained on noisy images alone.
    #[error("cannot train by {method} on images of {found}: {reason}")]
    SelfSupervised {
        /// The method.
        method: &'static str,
        /// The images' shape.
        found: ImageShape,
        /// What it takes.
        reason: &'static str,
    },
    /// A model whose batches cannot be cut into parts.
    #[error(
        "a batch cannot be computed in parts: what the model minimizes is no mean of that of its images"
    )]
    BatchParts,
    /// A picture that is too small to train on alone.
    #[error("{width}x{height} pixels are too few to train on: a side has at least {least}")]
    SmallPicture {
        /// Its height in pixels.
        height: usize,
        /// Its width in pixels.
        width: usize,
        /// The pixels that a side has at least.
        least: usize,
    },
    /// Processes that train one model together have not the same of something.
    #[error("rank {rank} has {what} other than rank 0's")]
    Ranks {
        /// The first process that differs.
        rank: usize,
        /// What differs.
        what: &'static str,
    },
    /// Another process could not start, and has told why.
    #[error("rank {rank} could not start")]
    OtherRank {
        /// The process.
        rank: usize,
    },
    /// The batch loader ended without a reason.
    #[error("a loader thread ended unexpectedly")]
    Loader,
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The quality cannot be measured.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The model cannot be saved or loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// An error's message and those of its causes, where they are kept as text.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl TrainError {
    /// For `map_err` on file operations.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// For `ok_or_else` on what a model may be.
    pub(crate) fn lacks(action: &'static str, capability: Capability) -> impl FnOnce() -> Self {
        move || Self::Lacks { action, capability }
    }

    pub(crate) fn checkpoint(path: &Path, reason: impl ToString) -> Self {
        Self::Checkpoint {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn device(
        action: &'static str,
    ) -> impl FnOnce(burn::tensor::TensorReadError) -> Self {
        move |error| Self::Device {
            action,
            reason: error.to_string(),
        }
    }
}
