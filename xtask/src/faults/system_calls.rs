//! Every write, sync and rename of a checkpoint, killed or refused one after the other.
//!
//! strace (<https://strace.io>, option `--inject`) makes the k-th system call of a kind fail or kills the process as it
//! is about to make it, for every k at which an undisturbed run calls upon its directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::bench::Bench;
use super::case::Case;
use super::process::is_there;
use super::resumption::{FAMILY, check_same_model, go_on, undisturbed};
use super::trouble::{Trouble, at, broken};

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
    for (call, number) in &found {
        fs::remove_dir_all(&run).map_err(broken(&run))?;
        bench.copy_run("run")?;
        let check = || -> Result<bool, Trouble> {
            let inject = format!("inject={call}:{}:when={number}", fault.injection());
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
        if check().map_err(|trouble| at(trouble, &format!("{call} {number}")))? {
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

/// A call on the run's directory: its name, and its number among the calls of that name, as strace counts.
type Call = (String, usize);

/// Which of an undisturbed run's calls are on its directory.
fn calls_on_the_run(bench: &Bench<'_>, calls: &str) -> Result<Vec<Call>, Trouble> {
    let ended = go_on(bench, "run").under(strace(bench, calls, None)).run();
    ended.check_done()?;
    let path = bench.path().join("strace.log");
    let log = fs::read_to_string(&path).map_err(broken(&path))?;
    let found = numbered(&log, &format!("{}/run", bench.path().display()));
    match found.is_empty() {
        true => Err(Trouble::Failed("no such call was seen".to_owned())),
        false => Ok(found),
    }
}

/// Finds them in a log.
fn numbered(log: &str, folder: &str) -> Vec<Call> {
    let process = |line: &str| line.split_whitespace().next().map(str::to_owned);
    // strace counts each thread's calls; the one that ends last is the first, which makes all that matter.
    let first = log.lines().last().and_then(process);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in log.lines().filter(|line| process(line) == first) {
        let Some((before, arguments)) = line.split_once('(') else {
            continue;
        };
        let name = before.split_whitespace().last().unwrap_or_default();
        let count = counts.entry(name).or_default();
        *count += 1;
        // What is said of the run on standard output is no call on it.
        let is_output = name == "write" && arguments.starts_with("1<");
        let is_on_it = arguments.contains(folder) || arguments.contains("\"run");
        if is_on_it && !is_output {
            found.push((name.to_owned(), *count));
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_on_the_run_have_their_own_numbers() {
        let log = "\
7 +++ exited with 0 +++
5 fsync(3</tmp/x/other>) = 0
5 fsync(3</tmp/x/run>) = 0
5 write(1</dev/null>, \"{\\n \\\"run\\\": \\\"run/a\\\"\", 20) = 20
6 fsync(4</tmp/x/run/b>) = 0
5 rename(\"run/a\", \"run/b\") = 0
5 fsync(3</tmp/x/run/a> <unfinished ...>
5 <... fsync resumed>) = 0
5 fdatasync(3</tmp/x/run/log>) = 0
5 +++ exited with 0 +++
";
        let expected = [("fsync", 2), ("rename", 1), ("fsync", 3), ("fdatasync", 1)];
        let expected = expected.map(|(name, number)| (name.to_owned(), number));
        assert_eq!(numbered(log, "/tmp/x/run"), expected);
    }
}
