//! The service's errors as the user reads them.

use ae_serve::ServeError;

use super::{CliError, Status};

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Infer(error) => error.into(),
            ServeError::Bind { .. } => Self::caused_by(Status::Network, &error)
                .hint("--port 0 takes a free port, --bind another address of this machine"),
            ServeError::DuplicateName { .. }
            | ServeError::Unnamed { .. }
            | ServeError::Token { .. } => Self::caused_by(Status::Usage, &error),
            ServeError::Read { .. } => Self::caused_by(Status::Files, &error),
            error => Self::caused_by(Status::Device, &error),
        }
    }
}
