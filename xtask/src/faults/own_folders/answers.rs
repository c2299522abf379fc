//! What a command answered, and the sets that most cases begin with.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::bench::Bench;
use super::super::process::Run;
use super::super::snapshot::Snapshot;
use super::super::synthetic::inputs::draw::disc;
use super::super::trouble::{Trouble, broken};

pub(super) const FAMILY: &str = "own folders";

/// The smallest model that learns discs, in a fraction of a second.
pub(super) const TRAIN: [&str; 13] = [
    "--model",
    "dense",
    "--widths",
    "16,4",
    "--epochs",
    "1",
    "--batch-size",
    "16",
    "--threads",
    "1",
    "--backend",
    "flex",
    "--quiet",
];

/// Fails with what was not as it should be.
pub(super) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Trouble> {
    match holds {
        true => Ok(()),
        false => Err(Trouble::Failed(otherwise())),
    }
}

/// Discs as `NAME/000.png` and so on.
pub(super) fn discs(
    bench: &Bench<'_>,
    name: &str,
    numbers: std::ops::Range<u64>,
) -> Result<(), Trouble> {
    for number in numbers {
        bench.write(format!("{name}/{number:03}.png"), &disc(number).png())?;
    }
    Ok(())
}

/// A command that is done, and what it printed.
pub(super) fn done(run: Run<'_>) -> Result<String, Trouble> {
    let ended = run.run();
    ended.check_done()?;
    Ok(ended.stdout)
}

/// A command that is done, and all that it said.
pub(super) fn said(run: Run<'_>) -> Result<String, Trouble> {
    let ended = run.run();
    ended.check_done()?;
    Ok(format!("{}{}", ended.stdout, ended.stderr))
}

/// The JSON object that a command prints.
pub(super) fn json(run: Run<'_>) -> Result<Value, Trouble> {
    let text = done(run.arg("--json"))?;
    serde_json::from_str(&text).map_err(|error| Trouble::Failed(format!("{error}: {text}")))
}

/// A number in a JSON object, at a path such as `/model/mse`.
pub(super) fn number(value: &Value, path: &str) -> Result<f64, Trouble> {
    let number = value.pointer(path).and_then(Value::as_f64);
    number.ok_or_else(|| Trouble::Failed(format!("no number at {path} of {value}")))
}

/// Trains the smallest model on a set.
pub(super) fn train<'a>(bench: &'a Bench<'_>, data: &str, out: &str) -> Run<'a> {
    bench
        .ae(["train", "--data", data, "--out", out])
        .args(TRAIN)
}

/// The same for so many epochs.
pub(super) fn train_for<'a>(bench: &'a Bench<'_>, data: &str, out: &str, epochs: &str) -> Run<'a> {
    let training = train(bench, data, out).without(&["--epochs", "1"]);
    training.args(["--epochs", epochs])
}

/// The model's error on what `ae eval` measures by itself, and how many images that is.
pub(super) fn evaluated(bench: &Bench<'_>, arguments: &[&str]) -> Result<(f64, usize), Trouble> {
    let run = bench.ae(["eval"]).args(arguments).args(BACKEND);
    let found = json(run)?;
    Ok((
        number(&found, "/model/mse")?,
        number(&found, "/images")? as usize,
    ))
}

pub(super) const BACKEND: [&str; 4] = ["--backend", "flex", "--threads", "1"];

/// The files' names of a part of the run's set, as `ae reconstruct` writes them.
pub(super) fn part(
    bench: &Bench<'_>,
    run: &str,
    part: &str,
    more: &[&str],
) -> Result<BTreeSet<String>, Trouble> {
    let out = format!("part-{part}");
    let command = bench
        .ae(["reconstruct", run, "--part", part, "-o", &out])
        .args(more)
        .args(BACKEND);
    command.run().check_done()?;
    let folder = bench.path().join(&out);
    let names = Snapshot::of(&folder);
    let names = names.names().map(|name| name.display().to_string());
    let names = names.collect();
    fs::remove_dir_all(&folder).map_err(broken(&folder))?;
    Ok(names)
}

/// The content of a file in the case's folder.
pub(super) fn content(bench: &Bench<'_>, name: impl AsRef<Path>) -> Result<Vec<u8>, Trouble> {
    let path = bench.path().join(name);
    fs::read(&path).map_err(broken(&path))
}

/// The lines of a run's log of one kind.
pub(super) fn log(bench: &Bench<'_>, run: &str, kind: &str) -> Result<Vec<Value>, Trouble> {
    let text = content(bench, format!("{run}/metrics.jsonl"))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let lines: Result<Vec<Value>, _> = lines.collect();
    let mut lines = lines.map_err(|error| Trouble::Failed(format!("metrics.jsonl: {error}")))?;
    lines.retain(|line| line["kind"] == kind);
    Ok(lines)
}
