//! The libraries' errors as the user reads them, each with its exit code and a hint where one helps.

use ae_data::DataError;
use ae_eval::EvalError;
use ae_models::ModelError;
use ae_report::ReportError;
use ae_train::TrainError;

use crate::error::{CliError, Status};
use crate::npy::NpyError;
use crate::tiling::ChannelsDiffer;

impl From<DataError> for CliError {
    fn from(error: DataError) -> Self {
        let status = match error.is_usage() {
            true => Status::Usage,
            false => Status::Failure,
        };
        let hint = error.hint();
        let error = Self::caused_by(status, &error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

impl From<ModelError> for CliError {
    fn from(error: ModelError) -> Self {
        let status = match error {
            ModelError::Config { .. } | ModelError::UnknownName { .. } => Status::Usage,
            _ => Status::Failure,
        };
        Self::caused_by(status, &error)
    }
}

impl From<EvalError> for CliError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Data(error) => error.into(),
            error => Self::caused_by(Status::Failure, &error),
        }
    }
}

impl From<ReportError> for CliError {
    fn from(error: ReportError) -> Self {
        Self::caused_by(Status::Failure, &error)
    }
}

impl From<NpyError> for CliError {
    fn from(error: NpyError) -> Self {
        Self::caused_by(Status::Failure, &error)
    }
}

impl From<TrainError> for CliError {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Data(error) => error.into(),
            TrainError::Eval(error) => error.into(),
            TrainError::Model(error) => error.into(),
            TrainError::Config(_) | TrainError::ConfigFile { .. } => {
                Self::caused_by(Status::Usage, &error)
            }
            TrainError::Changed { .. } => Self::caused_by(Status::Usage, &error)
                .hint("a run goes on as it began; ae train starts another one"),
            TrainError::RunExists { ref path } => {
                Self::caused_by(Status::Failure, &error).hint(format!(
                    "ae train --resume {} goes on with it, --force replaces it",
                    path.display()
                ))
            }
            TrainError::NotARun { .. } => {
                Self::caused_by(Status::Failure, &error).hint("--out names another directory")
            }
            TrainError::Diverged(_) => Self::caused_by(Status::Failure, &error)
                .hint("a lower --learning-rate or a --clip-norm helps in most cases"),
            error => Self::caused_by(Status::Failure, &error),
        }
    }
}

impl From<ChannelsDiffer> for CliError {
    fn from(error: ChannelsDiffer) -> Self {
        Self::failure("--model", error)
    }
}
