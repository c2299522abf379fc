//! What can go wrong while a model is used.

use std::io;
use std::path::PathBuf;

use ae_data::{DataError, ImageShape};
use ae_eval::EvalError;
use ae_models::ModelError;
use ae_train::TrainError;

use crate::npy::NpyError;

/// What can go wrong while a model is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// There is no file or directory where a model was looked for.
    #[error("cannot read {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A directory that holds no trained model.
    #[error("no {file} in {}", path.display())]
    NoModel {
        /// The directory.
        path: PathBuf,
        /// The file that was looked for.
        file: &'static str,
        /// Whether it is the directory of a run, which has not finished an epoch then.
        is_run: bool,
    },
    /// No run has a trained model.
    #[error("no trained model under {}", runs.display())]
    NoRun {
        /// Where runs were looked for.
        runs: PathBuf,
    },
    /// No run was trained to remove noise.
    #[error("no trained denoiser under {}", runs.display())]
    NoDenoiser {
        /// Where runs were looked for.
        runs: PathBuf,
    },
    /// The model file cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What the model file says of the noise it was trained with is not understood.
    #[error("{model}: the noise that it was trained with is not known")]
    TrainedNoise {
        /// The model.
        model: String,
        /// What is wrong with it.
        source: DataError,
    },
    /// The model cannot do what it was asked for.
    #[error("{model}: a model of kind {kind} has no {missing}")]
    Lacks {
        /// The model.
        model: String,
        /// The kind of model.
        kind: String,
        /// What it would need.
        missing: Capability,
    },
    /// The images are not of the model's shape.
    #[error("{name}: images of {found}, but {model} takes {expected} (height x width x channels)")]
    Shape {
        /// The images.
        name: String,
        /// The model.
        model: String,
        /// The shape that it takes.
        expected: ImageShape,
        /// The images' shape.
        found: ImageShape,
    },
    /// A picture and a model whose channels don't go together.
    #[error("a picture of {picture} channels for a model of {model}")]
    Channels {
        /// The picture's.
        picture: usize,
        /// The model's.
        model: usize,
    },
    /// Codes of another length than the model's.
    #[error("codes of {found} values, but {model} takes {expected}")]
    CodeLength {
        /// The model.
        model: String,
        /// The values of its codes.
        expected: usize,
        /// The values that were given.
        found: usize,
    },
    /// Images without the labels that are needed.
    #[error("{name}: no labels")]
    NoLabels {
        /// The set.
        name: String,
    },
    /// A set whose features would not fit in memory.
    #[error("{name}: {images} images of {values} values are too many to keep at once")]
    TooMany {
        /// The set.
        name: String,
        /// Its images.
        images: usize,
        /// Values of an image's features.
        values: usize,
    },
    /// Images cannot be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A measurement failed.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A pass over a set failed, or a run cannot be read.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A file of codes cannot be used.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// The device failed.
    #[error("the device failed while {action}: {reason}")]
    Device {
        /// What was done.
        action: &'static str,
        /// Its reason.
        reason: String,
    },
}

/// What a model may be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// It has codes: images can be encoded and decoded.
    Codes,
    /// It can reconstruct images.
    Reconstruction,
    /// It has a prior that codes can be drawn from, and a likelihood.
    Prior,
}

impl std::fmt::Display for Capability {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Codes => "codes to encode to or decode from",
            Self::Reconstruction => "reconstructions",
            Self::Prior => "prior to draw codes from",
        })
    }
}

impl InferError {
    pub(crate) fn device(action: &'static str, reason: impl ToString) -> Self {
        Self::Device {
            action,
            reason: reason.to_string(),
        }
    }
}
