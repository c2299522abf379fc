//! What can go wrong while a model is used.

use std::io;
use std::path::PathBuf;

use ae_data::{DataError, ImageShape, Part, Size};
use ae_eval::EvalError;
use ae_models::ModelError;
use ae_train::TrainError;

use crate::npy::NpyError;
use crate::sets::no_part::NoPartReason;

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
    /// A picture whose noise would have to be estimated, but that has too few pixels for it.
    #[error(
        "{}x{} pixels are too few to tell how strong their noise is, which {denoiser} has to know",
        size.width,
        size.height
    )]
    NoNoiseLevel {
        /// What would have removed the noise.
        denoiser: String,
        /// The picture's size.
        size: Size,
    },
    /// A picture that is to be trained on for its noise, and has none.
    #[error(
        "no noise to remove: its standard deviation is estimated as {:.2} of 255 levels, which rounding alone makes",
        255.0 * estimated
    )]
    NoNoise {
        /// The noise's estimated standard deviation in pixel units.
        estimated: f32,
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
    #[error("{name}: images of {found}, but {model} takes {expected} (width x height x channels)")]
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
    /// No set is named, and which one the model was trained on is not known.
    #[error(
        "{model}: its file doesn't say where the images are that it was trained on{}{}",
        data_name.as_ref().map_or_else(String::new, |name| format!(", but for their name, {name}")),
        problem.as_ref().map_or_else(String::new, |problem| format!(" ({problem})"))
    )]
    OwnSetUnknown {
        /// The model.
        model: String,
        /// What its set was called.
        data_name: Option<String>,
        /// Why what lies beside the file doesn't help, if something does.
        problem: Option<String>,
    },
    /// No set is named, and that of the model is not where it was.
    #[error("{}: there is no longer the set that {model} was trained on", path.display())]
    OwnSetGone {
        /// The model.
        model: String,
        /// Where it was.
        path: PathBuf,
    },
    /// No set is named, and where the model's was there is one that has hardly an image in common with it.
    #[error(
        "{}: another set than {model} was trained on: fingerprint {then} then, {now} now, {common}",
        path.display()
    )]
    AnotherSet {
        /// The model.
        model: String,
        /// Where it was.
        path: PathBuf,
        /// The fingerprint of what was trained on.
        then: String,
        /// The fingerprint of what is there now.
        now: String,
        /// How much the two have in common, in words.
        common: String,
    },
    /// No set is named, and the model's own is another one or was changed so that training images may be among its test
    /// images.
    #[error(
        "{}: not the images that {model} was trained on: fingerprint {then} then, {now} now; {why}, so training images \
         may be among the others",
        path.display()
    )]
    DividedAnew {
        /// The model.
        model: String,
        /// Where the set was.
        path: PathBuf,
        /// The fingerprint of what was trained on.
        then: String,
        /// The fingerprint of what is there now.
        now: String,
        /// Why its test images cannot be told from training images.
        why: &'static str,
    },
    /// Another share for a set that the model was trained on, which was divided then.
    #[error(
        "{name}: {model} was trained on this set with a {what} of {used}, so {given} would measure training images"
    )]
    DividedAlready {
        /// The set.
        name: String,
        /// The model.
        model: String,
        /// Which share.
        what: &'static str,
        /// What was asked for.
        given: f64,
        /// What the run was trained with.
        used: f64,
    },
    /// A part that a set doesn't have.
    #[error(
        "{name}: no {part} images: {}",
        match reason {
            NoPartReason::Undivided => "the model was not trained on this set, and it has no parts of its own",
            NoPartReason::Empty => "the set has none",
        }
    )]
    NoPart {
        /// The set.
        name: String,
        /// The part.
        part: Part,
        /// Why there is none.
        reason: NoPartReason,
    },
    /// A picture and a model whose channels don't go together.
    #[error("a picture of {picture} channels for a model of {model}")]
    Channels {
        /// The picture's.
        picture: usize,
        /// The model's.
        model: usize,
    },
    /// Tiles smaller than what the model looks at for a single pixel.
    #[error("tiles of {side} pixels a side, but {model} sees {least} to draw one")]
    SmallTile {
        /// The model.
        model: String,
        /// The tile's side in pixels.
        side: usize,
        /// The smallest side in pixels.
        least: usize,
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
    /// A score that is learned from normal images which the model was not fitted to, without any.
    #[error(
        "{model}: no normal images that it was not fitted to, which the bits of an image are learned from"
    )]
    NoHeldOutImages {
        /// The model.
        model: String,
    },
    /// A score that is a distance to training images, without any.
    #[error("{model}: no training images to measure distances to")]
    NoTrainingImages {
        /// The model.
        model: String,
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
    /// Its codes are integers that can be written in few bits.
    Symbols,
    /// Its codes are indices of codewords.
    Indices,
}

impl std::fmt::Display for Capability {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Codes => "codes to encode to or decode from",
            Self::Reconstruction => "reconstructions",
            Self::Prior => "prior to draw codes from",
            Self::Symbols => "codes of integers",
            Self::Indices => "codewords",
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
