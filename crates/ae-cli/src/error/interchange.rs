//! Errors of `ae-interchange` as the user reads them.

use ae_interchange::InterchangeError;

use super::{CliError, Status};

impl From<InterchangeError> for CliError {
    fn from(error: InterchangeError) -> Self {
        let message = error.to_string();
        match error {
            InterchangeError::Model(error) => error.into(),
            InterchangeError::Io { .. } => Self::caused_by(Status::Files, &error),
            InterchangeError::NotDescribed { .. } | InterchangeError::NoHalves { .. } => {
                Self::new(Status::Usage, message)
            }
            InterchangeError::Configuration { .. } => Self::new(Status::Usage, message).hint(
                "input_shape = [channels, height, width], then [model] as in a run's config.toml; ae import --help shows one",
            ),
            InterchangeError::Weights { .. } => Self::new(Status::Model, message),
            InterchangeError::Form { path, .. } => Self::new(Status::Model, message).hint(format!(
                "python -c 'import torch, safetensors.torch as s; s.save_file(torch.load(\"{}\", weights_only=True), \"weights.safetensors\")'",
                path.display()
            )),
            _ => Self::new(Status::Usage, message),
        }
    }
}
