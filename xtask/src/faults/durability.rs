//! What has taken its final name is on the disk: its content was brought there before, the name itself after.
//!
//! A sync that is missing harms nobody until the power goes, so no kill shows it; the log of system calls does. Every
//! write makes a file one that has to be brought to the disk, every new name makes its folder one, and a sync settles
//! that. A rename wants what it moves settled. Removals want the folders above settled, so that what replaces the
//! removed is there first; and so does the end.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::bench::Bench;
use super::case::Case;
use super::process::{Run, is_there};
use super::trouble::{Trouble, broken};
use super::{command_line, downloads, resumption};
use crate::loopback::Behaviour;

const CALLS: &str = "write,pwrite64,writev,ftruncate,openat,mkdir,mkdirat,fsync,fdatasync,rename,renameat,renameat2,link,\
                     linkat,unlink,unlinkat,rmdir";

/// What a crash may leave as it likes: a lock without the process that held it, and the folder of unfinished downloads.
const OF_NO_CONSEQUENCE: [&str; 2] = ["lock", ".partial"];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::telling(
            resumption::FAMILY,
            "on the disk before it has a name: a new run",
            |bench| {
                let more = ["--epochs", "3", "--checkpoint-every", "2steps"];
                check(bench, bench.train("run", &more), "run", 12)
            },
        ),
        Case::telling(
            resumption::FAMILY,
            "on the disk before it has a name: a run gone on with",
            |bench| {
                bench.copy_run("run")?;
                check(bench, resumption::go_on(bench, "run"), "run", 5)
            },
        ),
        Case::telling(
            command_line::FAMILY,
            "on the disk before it has a name: results",
            |bench| {
                let mut told = Vec::new();
                let (run, set) = (bench.run(), bench.set());
                let several = ["reconstruct", &run, "--data", &set, "-o", "out/a/b"];
                let several = several.iter().chain(&["--backend", "flex"]);
                let mut all = command_line::writers(bench, "out/x.png");
                all.push(several.map(|&word| word.to_owned()).collect());
                for arguments in all {
                    let folder = bench.path().join("out");
                    fs::create_dir(&folder).map_err(broken(&folder))?;
                    check(bench, bench.ae(&arguments), "out", 1)?;
                    fs::remove_dir_all(&folder).map_err(broken(&folder))?;
                    told.push(arguments[0].clone());
                }
                Ok(told.join(", "))
            },
        ),
        Case::telling(
            downloads::FAMILY,
            "on the disk before it has a name",
            |bench| {
                let site = downloads::Site::open(bench, &[Behaviour::Honest])?;
                let told = check(bench, site.download()?, "data", 1)?;
                site.check_there()?;
                Ok(told)
            },
        ),
    ]
}

/// Runs a command to its end and follows what becomes of the files in `folder`, in which `least` names are taken.
fn check(bench: &Bench<'_>, run: Run<'_>, folder: &str, least: usize) -> Result<String, Trouble> {
    if !is_there("strace") {
        return Err(Trouble::Skipped("strace is not there".to_owned()));
    }
    let log = bench.path().join("strace.log");
    let wrapper = ["strace", "-f", "-q", "-y", "-e", "signal=none", "-o"];
    let trace = format!("trace={CALLS}");
    let log_name = log.display().to_string();
    let wrapper = wrapper.iter().copied().chain([&*log_name, "-e", &trace]);
    run.under(wrapper).run().check_done()?;
    let log = fs::read_to_string(&log).map_err(broken(&log))?;
    let mut disk = Disk::new(bench.path(), folder);
    log.lines().try_for_each(|line| disk.follow(line))?;
    disk.check_settled(&disk.folder)?;
    match disk.renames >= least {
        true => Ok(format!("{} names, {} syncs", disk.renames, disk.syncs)),
        false => Err(Trouble::Failed(format!("{} names alone", disk.renames))),
    }
}

/// What is not known to be on the disk.
struct Disk<'a> {
    /// Where relative paths begin.
    begin: &'a Path,
    folder: PathBuf,
    unsettled: BTreeSet<PathBuf>,
    renames: usize,
    syncs: usize,
}

impl<'a> Disk<'a> {
    fn new(begin: &'a Path, folder: &str) -> Self {
        Self {
            begin,
            folder: begin.join(folder),
            unsettled: BTreeSet::new(),
            renames: 0,
            syncs: 0,
        }
    }

    /// Follows a line of strace's log: `7 rename("run/a", "run/b") = 0`.
    fn follow(&mut self, line: &str) -> Result<(), String> {
        let Some((before, rest)) = line.split_once('(') else {
            return Ok(());
        };
        let (arguments, result) = rest.rsplit_once(" = ").unwrap_or((rest, ""));
        if result.starts_with('-') {
            return Ok(());
        }
        let name = before.split_whitespace().last().unwrap_or_default();
        let paths = self.paths(arguments);
        match (name, paths.as_slice()) {
            ("write" | "pwrite64" | "writev" | "ftruncate", _) => {
                self.unsettle(described(arguments))
            }
            ("openat", [path, ..]) if arguments.contains("O_CREAT") => {
                self.unsettle(path.parent().map(Path::to_owned))
            }
            ("mkdir" | "mkdirat", [path, ..]) => self.unsettle(path.parent().map(Path::to_owned)),
            ("fsync" | "fdatasync", _) => {
                if let Some(path) = described(arguments) {
                    self.unsettled.remove(&path);
                    self.syncs += usize::from(path.starts_with(&self.folder));
                }
            }
            ("rename" | "renameat" | "renameat2" | "link" | "linkat", [from, to])
                if to.starts_with(&self.folder) =>
            {
                self.check_settled(from)?;
                // A checkpoint tells the log's length.
                if to
                    .parent()
                    .is_some_and(|parent| parent.ends_with("checkpoints"))
                {
                    self.check_settled(&self.folder.join("metrics.jsonl"))?;
                }
                self.renames += 1;
                self.unsettle(to.parent().map(Path::to_owned));
            }
            ("unlink" | "unlinkat" | "rmdir", [path, ..]) => {
                if let Some(above) = path
                    .ancestors()
                    .skip(1)
                    .find(|above| self.unsettled.contains(*above))
                {
                    return Err(format!(
                        "{} is removed before what is new in {} is on the disk",
                        self.short(path),
                        self.short(above)
                    ));
                }
                self.unsettled.remove(path);
            }
            _ => {}
        }
        Ok(())
    }

    fn unsettle(&mut self, path: Option<PathBuf>) {
        let path = path.filter(|path| path.starts_with(&self.folder));
        self.unsettled
            .extend(path.filter(|path| !OF_NO_CONSEQUENCE.iter().any(|name| path.ends_with(name))));
    }

    /// Whether a file, or a folder and all in it, is on the disk.
    fn check_settled(&self, path: &Path) -> Result<(), String> {
        match self
            .unsettled
            .iter()
            .find(|unsettled| unsettled.starts_with(path))
        {
            None => Ok(()),
            Some(unsettled) => Err(format!(
                "{} is not brought to the disk",
                self.short(unsettled)
            )),
        }
    }

    fn short(&self, path: &Path) -> String {
        path.strip_prefix(self.begin)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// The paths among a call's arguments: texts, each relative to the folder that was described before it, if any.
    fn paths(&self, arguments: &str) -> Vec<PathBuf> {
        let pieces: Vec<&str> = arguments.split('"').collect();
        let path = |pair: &[&str]| {
            let folder = described(pair[0]).unwrap_or_else(|| self.begin.to_owned());
            // Without `.` and the like.
            folder
                .join(pair[1])
                .components()
                .filter(|part| *part != Component::CurDir)
                .collect()
        };
        pieces.chunks_exact(2).map(path).collect()
    }
}

/// The path that strace's `-y` puts behind a file descriptor: `3</tmp/x>`.
fn described(text: &str) -> Option<PathBuf> {
    let (_, rest) = text.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkpoint as it should be; the calls that its order hangs on stand one to a line.
    const GOOD: [&str; 14] = [
        r#"5 mkdir("run/checkpoints", 0777) = 0"#,
        r#"5 write(3</w/run/metrics.jsonl>, "{\"a\": 1}"..., 8) = 8"#,
        "5 fdatasync(3</w/run/metrics.jsonl>) = 0",
        r#"5 openat(AT_FDCWD</w>, "run/checkpoints/.staging/.t", O_RDWR|O_CREAT|O_EXCL, 0666) = 4</w/run/checkpoints/.staging/.t>"#,
        r#"5 write(4</w/run/checkpoints/.staging/.t>, "x", 1 <unfinished ...>"#,
        "5 fsync(4</w/run/checkpoints/.staging/.t> <unfinished ...>",
        "5 <... fsync resumed>) = 0",
        r#"5 rename("run/checkpoints/.staging/.t", "run/checkpoints/.staging/m") = 0"#,
        "5 fsync(4</w/run/checkpoints/.staging>) = 0",
        r#"5 renameat2(AT_FDCWD</w>, "./run/checkpoints/.staging", AT_FDCWD</w>, "run/checkpoints/step-2", 0) = 0"#,
        "5 fsync(4</w/run/checkpoints>) = 0",
        "5 fsync(4</w/run>) = 0",
        r#"5 unlinkat(6</w/run/checkpoints/step-1>, "m", 0) = 0"#,
        r#"5 unlink("run/no") = -1 ENOENT (No such file or directory)"#,
    ];

    fn judge(lines: &[&str]) -> Result<usize, String> {
        let mut disk = Disk::new(Path::new("/w"), "run");
        lines.iter().try_for_each(|line| disk.follow(line))?;
        disk.check_settled(&disk.folder)?;
        Ok(disk.renames)
    }

    #[test]
    fn every_sync_that_is_left_out_is_missed() {
        assert_eq!(judge(&GOOD), Ok(2));
        for (left_out, reason) in [
            (2, "run/metrics.jsonl is not brought"),
            (5, "run/checkpoints/.staging/.t is not brought"),
            (8, "run/checkpoints/.staging is not brought"),
            (
                10,
                "run/checkpoints/step-1/m is removed before what is new in run/checkpoints is",
            ),
            (
                11,
                "run/checkpoints/step-1/m is removed before what is new in run is",
            ),
        ] {
            let mut lines = GOOD.to_vec();
            lines.remove(left_out);
            let error = judge(&lines).unwrap_err();
            assert!(error.contains(reason), "{left_out}: {error}");
        }
        let without_removals = [&GOOD[..10], &GOOD[11..12]].concat();
        let error = judge(&without_removals).unwrap_err();
        assert!(error.contains("run/checkpoints is not brought"), "{error}");
    }
}
