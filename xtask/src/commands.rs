//! Other programs, run to their end.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a program in `folder`; its standard output is dropped, its errors are seen.
///
/// # Errors
/// It cannot be started, or fails.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{program} {}: {status}", arguments.join(" ")).into())
    }
}
