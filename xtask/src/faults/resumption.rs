//! The fixture's run, resumed: what most cases about checkpoints come down to.

use std::fs;
use std::path::{Path, PathBuf};

use super::bench::Bench;
use super::process::Run;
use super::snapshot::sha256_of;
use super::trouble::{Trouble, broken};

pub(super) const FAMILY: &str = "checkpoints";

/// The fixture's run again, longer: six steps are done, so these are three more. Its learning rate is constant, as one
/// that falls by the number of epochs would be another one from here on.
pub(super) const GO_ON: [&str; 6] = ["--epochs", "3", "--backend", "flex", "--quiet", "--json"];

/// Goes on with the run in `run` to its third epoch.
pub(super) fn go_on<'a>(bench: &'a Bench<'_>, run: &str) -> Run<'a> {
    bench.ae(["train", "--resume", run]).args(GO_ON)
}

/// The SHA-256 of the models, the last and the best, that the fixture's run ends with when nothing happens to it.
pub(super) fn undisturbed(bench: &Bench<'_>) -> Result<String, Trouble> {
    let run = bench.copy_run("undisturbed")?;
    go_on(bench, "undisturbed").run().check_done()?;
    let sums = sums(&run)?;
    fs::remove_dir_all(&run).map_err(broken(&run))?;
    Ok(sums)
}

pub(super) fn sums(run: &Path) -> Result<String, Trouble> {
    let last = sha256_of(&run.join("last.safetensors"))?;
    let best = sha256_of(&run.join("model.safetensors"))?;
    Ok(format!("{last} {best}"))
}

/// Whether a run ended with the very same models.
pub(super) fn check_same_model(run: &Path, expected: &str) -> Result<(), Trouble> {
    match sums(run)? == expected {
        true => Ok(()),
        false => Err(Trouble::Failed(format!(
            "{}: the weights are other ones",
            run.display()
        ))),
    }
}

/// The run's checkpoints, the newest first.
pub(super) fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(run.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("step-"))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}
