//! The libraries' errors as the user reads them, each with its exit code and a hint where one helps.

use std::io::ErrorKind;

use ae_data::DataError;
use ae_eval::EvalError;
use ae_models::ModelError;
use ae_report::ReportError;
use ae_train::TrainError;

use super::{CliError, Status};
use crate::npy::NpyError;
use crate::tiling::ChannelsDiffer;

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        let hint = error.hint();
        let error = Self::caused_by(status_of_data(&error), &error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
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
        DataError::Read { source, .. } => match source.kind() {
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => Status::Data,
            ErrorKind::OutOfMemory => Status::Device,
            _ => Status::Files,
        },
        _ => Status::Data,
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

impl From<NpyError> for CliError {
    fn from(error: NpyError) -> Self {
        let status = match error {
            NpyError::Io { .. } => Status::Files,
            NpyError::Format { .. } => Status::Data,
        };
        Self::caused_by(status, &error)
    }
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        let status = match error {
            TrainError::Data(error) => return error.into(),
            TrainError::Eval(error) => return error.into(),
            TrainError::Model(error) => return error.into(),
            TrainError::Config(_) | TrainError::ConfigFile { .. } | TrainError::Changed { .. } => {
                Status::Usage
            }
            TrainError::EmptySet { .. } | TrainError::Shape { .. } => Status::Data,
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
                said.hint("a run goes on as it began; ae train starts another one")
            }
            TrainError::RunExists { path } => said.hint(format!(
                "ae train --resume {} goes on with it, --force replaces it",
                path.display()
            )),
            TrainError::NotARun { .. } => said.hint("--out names another directory"),
            TrainError::Diverged(_) => {
                said.hint("a lower --learning-rate or a --clip-norm helps in most cases")
            }
            _ => said,
        }
    }
}

impl From<ChannelsDiffer> for CliError {
    fn from(error: ChannelsDiffer) -> Self {
        Self::failure(Status::Data, "--model", error)
    }
}
