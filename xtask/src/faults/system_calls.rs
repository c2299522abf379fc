//! Every write, sync and rename of a checkpoint, killed or refused one after the other.
//!
//! strace (<https://strace.io>, option `--inject`) makes the k-th system call of a kind fail or kills the process as it
//! is about to make it, for every k at which an undisturbed run calls upon its directory.

use std::fs;
use std::path::Path;

use super::archives::at;
use super::bench::{Bench, broken, is_there};
use super::checkpoints::{FAMILY, check_same_model, go_on, undisturbed};
use super::{Case, Trouble};

/// Calls that change what is on the disk, by what they do.
const KINDS: [(&str, &str); 6] = [
    ("opening", "openat"),
    ("write", "write"),
    ("sync", "fsync,fdatasync"),
    ("rename", "rename,renameat,renameat2,link,linkat"),
    ("new folder", "mkdir,mkdirat"),
    ("removal", "unlink,unlinkat,rmdir"),
];

/// What happens at the k-th call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    NoSpace,
    InputOutput,
    Quota,
}

impl Fault {
    const fn injection(self) -> &'static str {
        match self {
            Self::Kill => "signal=SIGKILL",
            Self::NoSpace => "error=ENOSPC",
            Self::InputOutput => "error=EIO",
            Self::Quota => "error=EDQUOT",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "killed",
            Self::NoSpace => "no space",
            Self::InputOutput => "I/O error",
            Self::Quota => "over quota",
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, calls) in KINDS {
        for fault in [
            Fault::Kill,
            Fault::NoSpace,
            Fault::InputOutput,
            Fault::Quota,
        ] {
            // Nothing is said to a process that asks to remove a file but that it failed, whatever the reason.
            let matters = match fault {
                Fault::Kill => true,
                Fault::NoSpace => ["opening", "write", "rename", "new folder"].contains(&kind),
                Fault::InputOutput => true,
                Fault::Quota => kind == "write",
            };
            if !matters {
                continue;
            }
            let name = format!("{} at every {kind} of a run's last epoch", fault.name());
            let case = Case::telling(FAMILY, name, move |bench| sweep(bench, calls, fault));
            cases.push(match fault {
                Fault::Kill if kind == "rename" || kind == "sync" => case,
                _ => case.slow(),
            });
        }
    }
    cases
}

fn sweep(bench: &Bench<'_>, calls: &str, fault: Fault) -> Result<String, Trouble> {
    if !is_there("strace") {
        return Err(Trouble::Skipped("strace is not there".to_owned()));
    }
    let expected = undisturbed(bench)?;
    let run = bench.copy_run("run")?;
    let found = calls_on_the_run(bench, calls)?;
    let mut harmless = 0;
    for &k in &found {
        fs::remove_dir_all(&run).map_err(broken(&run))?;
        bench.copy_run("run")?;
        let check = || -> Result<bool, Trouble> {
            let inject = format!("inject={calls}:{}:when={k}", fault.injection());
            let ended = go_on(bench, "run")
                .under(strace(bench, calls, Some(&inject)))
                .run();
            let is_harmless = match (fault, ended.code) {
                // The shell's way to tell of a process that was killed, through strace.
                (Fault::Kill, None | Some(137)) => false,
                (Fault::Kill, _) => {
                    return Err(Trouble::Failed(format!("not killed: {}", ended.said())));
                }
                // What is tidied up may fail to be.
                (_, Some(0)) => {
                    ended.check_done()?;
                    true
                }
                _ => {
                    ended.check_error(5, &["run"])?;
                    false
                }
            };
            go_on(bench, "run").run().check_done()?;
            check_same_model(&run, &expected)?;
            check_tidy(&run)?;
            Ok(is_harmless)
        };
        if check().map_err(|trouble| at(trouble, &format!("call {k}")))? {
            harmless += 1;
        }
    }
    let count = found.len();
    Ok(match harmless {
        0 => format!("{count} calls"),
        _ => format!("{count} calls, {harmless} of them harmless"),
    })
}

/// strace's options: a log of the calls, with the names of the files behind them.
fn strace(bench: &Bench<'_>, calls: &str, action: Option<&str>) -> Vec<String> {
    let log = bench.path().join("strace.log").display().to_string();
    let trace = format!("trace={calls}");
    // Signals are no business of ours, and would be lines in the log.
    let mut arguments = [
        "strace",
        "-f",
        "-q",
        "-y",
        "-o",
        &log,
        "-e",
        &trace,
        "-e",
        "signal=none",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(action) = action {
        arguments.extend(["-e".to_owned(), action.to_owned()]);
    }
    arguments
}

/// Which of an undisturbed run's calls are on the run's directory, counted from 1 as strace counts.
fn calls_on_the_run(bench: &Bench<'_>, calls: &str) -> Result<Vec<usize>, Trouble> {
    let ended = go_on(bench, "run").under(strace(bench, calls, None)).run();
    ended.check_done()?;
    let path = bench.path().join("strace.log");
    let log = fs::read_to_string(&path).map_err(broken(&path))?;
    // strace counts each thread's calls; the one that ends last is the first, which makes all that matter.
    let process = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let first = log.lines().last().and_then(process);
    let folder = format!("{}/run", bench.path().display());
    let found: Vec<usize> = log
        .lines()
        .filter(|line| process(line) == first && line.contains('('))
        .zip(1..)
        .filter(|(line, _)| line.contains(&folder) || line.contains("\"run"))
        .map(|(_, number)| number)
        .collect();
    match found.is_empty() {
        true => Err(Trouble::Failed("no such call was seen".to_owned())),
        false => Ok(found),
    }
}

/// Nothing half-written is left once a run has gone on.
fn check_tidy(run: &Path) -> Result<(), Trouble> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    };
    let mut found = names(run);
    found.extend(names(&run.join("checkpoints")));
    match found
        .iter()
        .find(|name| name.starts_with(".model-") || *name == ".staging")
    {
        None => Ok(()),
        Some(name) => Err(Trouble::Failed(format!("{name} is left"))),
    }
}
