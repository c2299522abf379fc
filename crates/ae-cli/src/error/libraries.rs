//! The libraries' errors as the user reads them, each with its exit code and a hint where one helps.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ae_codec::CodecError;
use ae_data::DataError;
use ae_eval::EvalError;
use ae_glyphs::GlyphError;
use ae_infer::{Capability, InferError, NpyError};
use ae_models::ModelError;
use ae_report::ReportError;
use ae_train::TrainError;

use super::{CliError, Status, io_reason};
use crate::arguments::RUNS;
use crate::codec::run::MODEL_FILE;

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        let said = Self::caused_by(status_of_data(&error), &error);
        match &error {
            DataError::UnknownSource { known, .. } => said.hint(format!(
                "known names are {}; anything else is a path",
                known.join(", ")
            )),
            DataError::NotDownloaded { name, .. } => {
                said.hint(format!("cargo xtask download {name}"))
            }
            DataError::SizesDiffer { first_size, .. } => said.hint(format!(
                "--size {first_size} brings all of them to one size; --patch 64 cuts patches from pictures of any sizes"
            )),
            DataError::ShardsTooLarge { .. } => said.hint(
                "ae train --stream leaves them on the disk and reads image by image; encode, denoise, anomaly and compress \
                 take a shard at a time",
            ),
            DataError::NotStreamed { .. } => said.hint(
                "--stream takes 8-bit pictures in plain .tar archives, as ae data shard makes them; --range LOW..HIGH says \
                 what deeper ones hold",
            ),
            DataError::PatchTooLarge { largest, .. } => said.hint(format!(
                "--patch {} or less",
                largest.height.min(largest.width)
            )),
            _ => said,
        }
    }
}

fn status_of_data(error: &DataError) -> Status {
    match error {
        error if error.is_usage() => Status::Usage,
        // The name that was chosen for a picture says its format.
        DataError::Encode { .. } => Status::Usage,
        DataError::NotDownloaded { .. } | DataError::NotFound { .. } | DataError::Write { .. } => {
            Status::Files
        }
        DataError::Read { source, .. } => status_of_reading(source),
        _ => Status::Data,
    }
}

fn status_of_reading(error: &std::io::Error) -> Status {
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Status::Data,
        ErrorKind::OutOfMemory => Status::Device,
        _ => Status::Files,
    }
}

impl From<CodecError> for CliError {
    fn from(error: CodecError) -> Self {
        let status = match &error {
            CodecError::Read(error) => status_of_reading(error),
            CodecError::Write(_) => Status::Files,
            CodecError::NotAModel
            | CodecError::ModelVersion { .. }
            | CodecError::Model { .. }
            | CodecError::NotTables
            | CodecError::TablesVersion { .. }
            | CodecError::Tables { .. }
            | CodecError::OtherCodec { .. }
            | CodecError::OtherModel { .. } => Status::Model,
            CodecError::State { .. } => Status::Model,
            CodecError::EmptyChunks | CodecError::Training { .. } => Status::Usage,
            CodecError::NotVerified { .. } | CodecError::Stopped => Status::Internal,
            _ => Status::Data,
        };
        let said = match &error {
            CodecError::Read(error) => {
                Self::new(status, format!("cannot read: {}", io_reason(error)))
            }
            CodecError::Write(error) => {
                Self::new(status, format!("cannot write: {}", io_reason(error)))
            }
            error => Self::caused_by(status, error),
        };
        match error {
            CodecError::TooLarge { .. } => said.hint("--group says how many images a chunk has"),
            _ => said,
        }
    }
}

impl From<ModelError> for CliError {
    fn from(error: ModelError) -> Self {
        let status = match error {
            ModelError::Config { .. } | ModelError::UnknownName { .. } => Status::Usage,
            ModelError::Io { .. } => Status::Files,
            _ => Status::Model,
        };
        Self::caused_by(status, &error)
    }
}

impl From<EvalError> for CliError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Data(error) => error.into(),
            error => Self::caused_by(Status::Data, &error),
        }
    }
}

impl From<GlyphError> for CliError {
    fn from(error: GlyphError) -> Self {
        let status = match error {
            GlyphError::Data(error) => return error.into(),
            GlyphError::NotFound { .. } => Status::Files,
            GlyphError::Read { ref source, .. } => status_of_reading(source),
            _ => Status::Data,
        };
        Self::caused_by(status, &error)
    }
}

impl From<ReportError> for CliError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Write { .. } => Self::caused_by(Status::Files, &error),
            ReportError::TooManyImages { .. } | ReportError::PictureSize { .. } => {
                Self::caused_by(Status::Usage, &error)
            }
            error => Self::caused_by(Status::Data, &error),
        }
    }
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        let status = match error {
            TrainError::Data(error) => return error.into(),
            TrainError::Eval(error) => return error.into(),
            TrainError::Model(error) => return error.into(),
            TrainError::Config(_)
            | TrainError::ConfigFile { .. }
            | TrainError::Changed { .. }
            | TrainError::FewerEpochs { .. }
            | TrainError::FewerSteps { .. }
            | TrainError::NoValidation { .. }
            | TrainError::SelfSupervised { .. }
            | TrainError::BatchParts
            | TrainError::Ranks { .. }
            | TrainError::Lacks { .. } => Status::Usage,
            TrainError::EmptySet { .. }
            | TrainError::Shape { .. }
            | TrainError::SmallPicture { .. } => Status::Data,
            TrainError::NoRun { .. }
            | TrainError::Checkpoint { .. }
            | TrainError::LaterFormat { .. } => Status::Model,
            TrainError::RunExists { .. }
            | TrainError::NotARun { .. }
            | TrainError::Locked { .. }
            | TrainError::Io { .. } => Status::Files,
            TrainError::Diverged(_) => Status::Diverged,
            TrainError::Device { .. } => Status::Device,
            _ => Status::Internal,
        };
        let said = Self::caused_by(status, &error);
        match error {
            TrainError::Changed { .. } => {
                said.hint("a run is resumed as it began; ae train starts another one")
            }
            TrainError::FewerEpochs { path, begun, .. } => said.hint(format!(
                "ae train --resume {} --epochs {begun} ends it there; ae train starts another one",
                path.display()
            )),
            TrainError::FewerSteps { path, taken, .. } => said.hint(format!(
                "ae train --resume {} --steps {taken} ends it there; ae train starts another one",
                path.display()
            )),
            TrainError::NoValidation { .. } => {
                said.hint("a --validation-share above 0 keeps some images for it")
            }
            TrainError::RunExists { path } => said.hint(format!(
                "ae train --resume {} resumes it, --force replaces it",
                path.display()
            )),
            TrainError::SelfSupervised { .. } => said.hint(
                "--model unet takes images of any size, and --patch 64 cuts patches of even sides",
            ),
            TrainError::BatchParts => said.hint("one process trains it, with --batch-parts 1"),
            TrainError::Ranks { .. } => said
                .hint("every rank takes the same program, command, images and kind of processor"),
            TrainError::NotARun { .. } => said.hint("--out names another directory"),
            TrainError::Diverged(_) => {
                said.hint("a lower --learning-rate or a --clip-norm helps in most cases")
            }
            _ => said,
        }
    }
}

impl From<InferError> for CliError {
    fn from(error: InferError) -> Self {
        let message = error.to_string();
        match error {
            InferError::Data(error) => error.into(),
            InferError::Eval(error) => error.into(),
            InferError::Train(error) => error.into(),
            // Whatever is wrong with a model file, it is not the command line that is.
            InferError::Model(error @ ModelError::Io { .. }) => {
                Self::caused_by(Status::Files, &error)
            }
            InferError::Model(error) => Self::caused_by(Status::Model, &error),
            InferError::Npy(error) => {
                let status = match error {
                    NpyError::Format { .. } => Status::Data,
                    _ => Status::Files,
                };
                Self::caused_by(status, &error)
            }
            InferError::NotFound { path, source } => {
                let error = Self::io(&path, "read", &source);
                match ae_infer::runs_in(Path::new(RUNS)).as_slice() {
                    [] => error.hint(
                        "a model is a .safetensors file or the directory of a run; ae train makes one",
                    ),
                    runs => error.hint(format!("there are {}", listed(runs))),
                }
            }
            InferError::NoModel { path, file, is_run } => {
                let is_codec = path.join(MODEL_FILE).is_file();
                let path = path.display();
                let error =
                    Self::failure(Status::Model, &path, format!("no {file} in this directory"));
                if is_codec {
                    return error.hint("a model of the codec pixel, for ae compress and ae decompress alone");
                }
                match is_run {
                    true => error.hint(format!(
                        "this run has not finished an epoch; resume it with: ae train --resume {path}"
                    )),
                    false => error.hint("a model is a .safetensors file or the directory of a run"),
                }
            }
            InferError::NoRun { .. } => {
                Self::failure(Status::Model, "--model", format!("{message}/"))
                    .hint("ae train makes one; or name a model file or a run directory")
            }
            InferError::NoNoiseLevel { .. } => {
                Self::new(Status::Data, message).hint("--noise-level 25/255 says it")
            }
            InferError::NoNoise { .. } => Self::new(Status::Data, message),
            InferError::TrainedNoise { model, source } => {
                Self::failure(Status::Model, model, source)
            }
            InferError::Lacks { missing, .. } => {
                let error = Self::new(Status::Usage, message);
                match missing {
                    Capability::Prior => {
                        error.hint("--mixture 20 fits one to the codes of the training images")
                    }
                    _ => error,
                }
            }
            InferError::Shape {
                expected, found, ..
            } => Self::new(Status::Data, message).hint(match expected.channels {
                1 if found.channels != 1 => "--channels gray".to_owned(),
                3 if found.channels != 3 => "--channels rgb".to_owned(),
                _ if expected.height == expected.width => format!(
                    "--size {}, or of pictures in patches --patch {}",
                    expected.size(),
                    expected.width
                ),
                _ => format!("--size {}", expected.size()),
            }),
            InferError::OwnSetUnknown { .. } => Self::new(Status::Usage, message)
                .hint("name the images by --data, as SET or DIR"),
            InferError::OwnSetGone { .. } => Self::new(Status::Files, message)
                .hint("where that set was moved, name it by --data: it is known by its images"),
            InferError::AnotherSet { ref path, .. } | InferError::DividedAnew { ref path, .. } => {
                Self::new(Status::Data, message).hint(format!(
                    "where the set was moved, name it by --data: it is known by its images; --data {} measures what is there, whole",
                    path.display()
                ))
            }
            InferError::DividedAlready { .. } => Self::new(Status::Usage, message)
                .hint("without the option, the set is divided as it was then"),
            InferError::NoPart { .. } => Self::new(Status::Usage, message)
                .hint("--part all, or none at all, takes every image"),
            InferError::Channels { .. } => Self::failure(Status::Data, "--model", message),
            InferError::SmallTile { side, least, .. } => {
                Self::usage(format!("--tile {side}"), message)
                    .hint(format!("--tile {least} or more; 512 is the default"))
            }
            InferError::CodeLength { .. } => Self::new(Status::Data, message),
            InferError::NoHeldOutImages { .. } => Self::new(Status::Data, message)
                .hint("--normal SET names normal images; --score error needs none"),
            InferError::NoTrainingImages { .. } => Self::new(Status::Data, message)
                .hint("--normal names the set that the model was trained on; --score error needs none"),
            InferError::NoLabels { .. } => Self::new(Status::Data, message)
                .hint("class folders, or an IDX file of labels beside the images, are labels"),
            InferError::TooMany { .. } => {
                Self::new(Status::Data, message).hint("--limit takes the first N")
            }
            InferError::Device { .. } => Self::new(Status::Device, message),
            _ => Self::new(Status::Internal, message),
        }
    }
}

/// A few of the runs that there are.
fn listed(runs: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = runs.iter().map(|run| run.display().to_string()).collect();
    match names.len() {
        0..=MOST => names.join(", "),
        count => format!("{}, … ({count} in all)", names[count - MOST..].join(", ")),
    }
}
