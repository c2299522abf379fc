//! For programs that hold `ae` inside: the command with its exit code as a number, devices by their name, and what the
//! command makes of a library's error.

use std::ffi::OsString;
use std::path::Path;

use ae_codec::{CodecError, LosslessModel};
use ae_infer::{Device, InferError, Registry};

use crate::backend::{self, BackendChoice};
use crate::codec::model;
use crate::error::{CliError, Status};

/// Runs `ae` as [`run_with`](crate::run_with) does, and gives the number that the process is to end with.
#[must_use]
pub fn exit_code_of(registry: &Registry, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match crate::run(registry, arguments) {
        Ok(()) => 0,
        Err(status) => status.code(),
    }
}

/// Opens the device that `--backend` calls by this name: `auto`, `flex`, `wgpu:0`.
///
/// # Errors
/// A sentence on why there is no such device: the name is none, the build lacks the backend, or the machine the device; and
/// how the command would end.
pub fn open_device(name: &str) -> Result<Device, (Status, String)> {
    let choice: BackendChoice = name
        .parse()
        .map_err(|reason| (Status::Usage, format!("backend {name:?}: {reason}")))?;
    match backend::open(choice) {
        Ok(opened) => Ok(opened.device),
        Err(error) => Err((error.status(), error.to_string())),
    }
}

/// Reads the model of the codec at `path`: a run's directory, a model file, or `glyphs`, which is built in. `None` where it is
/// none of these.
///
/// # Errors
/// How the command would end where the file is damaged, and a sentence on why.
pub fn open_codec(path: &Path) -> Result<Option<LosslessModel>, (Status, String)> {
    let said = |error: CliError| (error.status(), error.to_string());
    match model::is_built_in(path) || model::is_model(path) {
        true => model::named(path)
            .map(|named| Some(named.model))
            .map_err(said),
        false => Ok(None),
    }
}

/// How the command ends for this error, and what it says of it in one line, its causes included; without the options of
/// the command line that a person would be told of.
#[must_use]
pub fn explain(error: InferError) -> (Status, String) {
    let message = CliError::caused_by(Status::Internal, &error).to_string();
    (CliError::from(error).status(), message)
}

/// The same of an error of the codec.
#[must_use]
pub fn explain_codec(error: CodecError) -> (Status, String) {
    let message = CliError::caused_by(Status::Internal, &error).to_string();
    (CliError::from(error).status(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_by_its_name() {
        assert!(open_device("auto").is_ok());
        let (status, message) = open_device("cuda").unwrap_err();
        assert_eq!(status, Status::Usage);
        assert!(message.contains("flex"), "{message}");
    }

    #[test]
    fn an_error_has_the_command_s_status_and_none_of_its_options() {
        let runs = "runs".into();
        let (status, message) = explain(InferError::NoRun { runs });
        assert_eq!(status, Status::Model);
        assert_eq!(message, "no trained model under runs");
        let (status, message) = explain_codec(CodecError::NotAModel);
        assert_eq!((status, &*message), (Status::Model, "not a pixel model"));
    }
}
