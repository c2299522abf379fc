//! `cargo xtask peers`: a Python environment with the peers that `bench` measures `ae` against.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::run;

/// The environment's folder in the checkout, unless `AE_PEERS` names another.
fn folder(root: &Path) -> PathBuf {
    std::env::var_os("AE_PEERS").map_or_else(|| root.join("target/peers"), PathBuf::from)
}

/// Its Python.
pub(crate) fn python(root: &Path) -> PathBuf {
    if cfg!(windows) {
        folder(root).join("Scripts/python.exe")
    } else {
        folder(root).join("bin/python")
    }
}

/// Makes the environment and installs the versions that `xtask/peers/requirements.txt` pins.
///
/// # Errors
/// There is no Python 3, or a package cannot be installed.
pub fn peers(root: &Path) -> Result<(), Box<dyn Error>> {
    let folder = folder(root);
    fs::create_dir_all(&folder)?;
    let text = folder.display().to_string();
    run(root, "python3", &["-m", "venv", &text])?;
    let python = python(root).display().to_string();
    let requirements = "xtask/peers/requirements.txt";
    run(root, &python, &["-m", "pip", "install", "-r", requirements])?;
    println!("{text}");
    Ok(())
}
