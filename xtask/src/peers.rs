//! `cargo xtask peers`: the peers that `bench` measures `ae` against, a Python environment and a build of candle.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::{cargo, run};

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

/// The peer that is written with candle.
pub(crate) fn candle(root: &Path) -> PathBuf {
    let name = format!("candle-peer{}", std::env::consts::EXE_SUFFIX);
    folder(root).join("candle/release").join(name)
}

/// Makes the environment, installs the versions that `xtask/peers/requirements.txt` pins, and builds candle.
///
/// # Errors
/// There is no Python 3, or a package cannot be installed or built.
pub fn peers(root: &Path) -> Result<(), Box<dyn Error>> {
    let folder = folder(root);
    fs::create_dir_all(&folder)?;
    let text = folder.display().to_string();
    run(root, "python3", &["-m", "venv", &text])?;
    let python = python(root).display().to_string();
    let requirements = "xtask/peers/requirements.txt";
    run(root, &python, &["-m", "pip", "install", "-r", requirements])?;
    build_candle(root, &folder.join("candle"))?;
    println!("{text}");
    Ok(())
}

/// Builds it for this very processor, as its own repository does.
fn build_candle(root: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(cargo())
        .args(["build", "--release", "--locked", "--manifest-path"])
        .arg(root.join("xtask/peers/candle/Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .env("RUSTFLAGS", "-C target-cpu=native")
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo build of candle: {status}").into())
    }
}
