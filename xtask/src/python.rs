//! `cargo xtask python`: the tests of the Python package, with its extension as the workspace's tests have built the rest.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::commands::{cargo, run, target_folder};

/// How the tests ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tested {
    /// They passed.
    Passed,
    /// They were not run, for this reason.
    Skipped(&'static str),
}

/// Builds the extension with the features of the workspace's tests, so that nothing is compiled twice, puts it into a copy of
/// the package and runs `crates/ae-python/tests` there. The wheel itself is tried by [`dist`](crate::dist).
///
/// # Errors
/// It does not build, or a test fails.
pub fn test(root: &Path) -> Result<Tested, Box<dyn Error>> {
    let target = root.join(target_folder());
    let environment = target.join("python-tests");
    let python = environment.join("bin/python");
    if cfg!(not(unix)) || !succeeds(Command::new("python3").arg("--version")) {
        return Ok(Tested::Skipped("there is no python3"));
    }
    if !succeeds(Command::new(&python).args(["-c", "import numpy, pytest"])) {
        let made = succeeds(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        );
        let requirements = root.join("xtask/dist/requirements-tests.txt");
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(requirements);
        if !made || !succeeds(&mut pip) {
            return Ok(Tested::Skipped("NumPy and pytest cannot be installed"));
        }
    }
    // A test among the targets turns on the features that development dependencies have.
    run(
        root,
        cargo(),
        &["build", "--workspace", "--lib", "--test", "integration"],
    )?;
    let folder = tempfile::tempdir()?;
    let package = folder.path().join("ae_images");
    fs::create_dir(&package)?;
    for entry in fs::read_dir(root.join("crates/ae-python/python/ae_images"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|end| end == "py" || end == "pyi" || end == "typed")
        {
            fs::copy(&path, package.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let built = format!(
        "{}ae_python{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    );
    fs::copy(
        target.join("debug").join(built),
        package.join("_native.abi3.so"),
    )?;
    let status = Command::new(&python)
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .arg(root.join("crates/ae-python/tests"))
        .current_dir(folder.path())
        .env("PYTHONPATH", folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .status()?;
    match status.success() {
        true => Ok(Tested::Passed),
        false => Err(format!("pytest: {status}").into()),
    }
}

/// Whether a command succeeds, without a word of it.
fn succeeds(command: &mut Command) -> bool {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
