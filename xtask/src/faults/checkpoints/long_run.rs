//! A run that trains until it is told to stop.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::faults::bench::Bench;
use crate::faults::process::Started;
use crate::faults::trouble::Trouble;

/// A run that goes on until it is told to stop, once its first epoch is saved.
pub(super) fn start_long(bench: &Bench<'_>) -> Result<Started, Trouble> {
    let more = [
        "--epochs",
        "1000000",
        "--checkpoint-every",
        "1h",
        "--schedule",
        "constant",
    ];
    let started = bench.train("long", &more).start();
    let model = bench.path().join("long/last.safetensors");
    let begin = Instant::now();
    while !model.exists() {
        if begin.elapsed() > Duration::from_secs(30) {
            return Err(Trouble::Failed("no epoch within 30 s".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(started)
}

/// Goes on with the run of [`start_long`], which has more epochs behind it than it is asked for.
pub(super) fn end_long(bench: &Bench<'_>) -> Result<(), Trouble> {
    let until = |epochs: &str| {
        let again = ["train", "--resume", "long", "--epochs", epochs];
        bench.ae(again).args(["--backend", "flex", "--quiet"]).run()
    };
    // An epoch that is begun is not taken back: the refusal says which one that is.
    let first = until("1");
    let begun = first.stderr.split("--resume long --epochs ").nth(1);
    match begun.and_then(|rest| rest.split_whitespace().next()) {
        Some(epochs) => Ok(until(epochs).check_done()?),
        None => Ok(first.check_done()?),
    }
}

pub(super) fn send(started: &Started, signal: Signal) -> Result<(), Trouble> {
    let process = Pid::from_raw(started.child.id() as i32);
    kill(process, signal).map_err(|error| Trouble::Failed(format!("harness: kill: {error}")))
}
