//! Other programs, run to their end.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a program in `folder`; its standard output is dropped, its errors are seen.
///
/// # Errors
/// It cannot be started, or fails.
pub(crate) fn run(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
) -> Result<(), Box<dyn Error>> {
    let program = program.as_ref();
    let name = program.display();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("{name}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name} {}: {status}", arguments.join(" ")).into())
    }
}

/// The JSON that a program prints.
///
/// # Errors
/// The last line of its errors, or why it could not be started or understood.
pub(crate) fn output_of(command: &mut Command) -> Result<Value, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(text.lines().next_back().unwrap_or("failed").to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// The cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Builds `ae` as a release and says where it is.
///
/// # Errors
/// It does not build.
pub(crate) fn build_ae(root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let cargo = cargo();
    run(
        root,
        &cargo,
        &[
            "build",
            "--release",
            "-p",
            "ae-cli",
            "--features",
            "ndarray",
        ],
    )?;
    Ok(built_ae(root, "release"))
}

/// Where cargo puts the `ae` of a profile's folder.
pub(crate) fn built_ae(root: &Path, profile_folder: &str) -> PathBuf {
    let name = format!("ae{}", std::env::consts::EXE_SUFFIX);
    root.join(target_folder()).join(profile_folder).join(name)
}

/// Cargo's folder for what it builds, from the checkout.
pub(crate) fn target_folder() -> OsString {
    std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())
}
