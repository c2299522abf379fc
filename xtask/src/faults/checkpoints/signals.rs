//! Signals while it trains.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::long_run::{end_long, send, start_long};
use crate::faults::case::Case;
use crate::faults::resumption::{FAMILY, checkpoints};
use crate::faults::trouble::Trouble;

pub(in crate::faults) fn cases() -> Vec<Case> {
    let stops = |signal: Signal, code: i32| {
        Case::new(
            FAMILY,
            format!("{signal} saves, and a second signal is not needed"),
            move |bench| {
                let started = start_long(bench)?;
                send(&started, signal)?;
                let ended = started.wait();
                if ended.code != Some(code) {
                    return Err(Trouble::Failed(format!(
                        "exit code {:?}: {}",
                        ended.code,
                        ended.said()
                    )));
                }
                if !ended.stderr.contains("resume with: ae train --resume long") {
                    return Err(Trouble::Failed(ended.said()));
                }
                end_long(bench)
            },
        )
    };
    vec![
        stops(Signal::SIGINT, 130),
        stops(Signal::SIGTERM, 143),
        stops(Signal::SIGHUP, 143),
        Case::new(FAMILY, "SIGUSR1 saves and goes on", |bench| {
            let started = start_long(bench)?;
            let begin = Instant::now();
            // Epochs end at multiples of three steps.
            let within_an_epoch = || {
                checkpoints(&bench.path().join("long")).iter().any(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    name.trim_start_matches("step-")
                        .parse::<u64>()
                        .is_ok_and(|step| step % 3 != 0)
                })
            };
            while !within_an_epoch() && begin.elapsed() < Duration::from_secs(20) {
                send(&started, Signal::SIGUSR1)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            let saved = begin.elapsed() < Duration::from_secs(20);
            send(&started, Signal::SIGTERM)?;
            let ended = started.wait();
            match (saved, ended.code) {
                (true, Some(143)) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "saved {saved}, then {:?}",
                    ended.code
                ))),
            }
        }),
        Case::new(
            FAMILY,
            "a second signal ends at once, and nothing is lost",
            |bench| {
                let started = start_long(bench)?;
                // Both arrive before the step is over: the process does not run meanwhile.
                for signal in [
                    Signal::SIGSTOP,
                    Signal::SIGINT,
                    Signal::SIGTERM,
                    Signal::SIGCONT,
                ] {
                    send(&started, signal)?;
                }
                let ended = started.wait();
                if ![Some(130), Some(143)].contains(&ended.code) {
                    return Err(Trouble::Failed(format!("exit code {:?}", ended.code)));
                }
                end_long(bench)
            },
        ),
    ]
}
