//! One run directory, several that want to write to it.

use std::fs;

use nix::sys::signal::Signal;

use super::long_run::{send, start_long};
use crate::faults::case::Case;
use crate::faults::process::Started;
use crate::faults::resumption::{FAMILY, check_same_model, go_on, undisturbed};
use crate::faults::snapshot::sha256_of;
use crate::faults::trouble::{Trouble, broken};

pub(in crate::faults) fn cases() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "two runs in one directory", |bench| {
            let started = start_long(bench)?;
            let config = sha256_of(&bench.path().join("long/config.toml"))?;
            let who = format!("in use by process {}", started.child.id());
            let resume = bench.ae([
                "train",
                "--resume",
                "long",
                "--epochs",
                "9",
                "--backend",
                "flex",
            ]);
            let resumed = resume.run().check_error(5, &["long", &who]);
            let forced = bench
                .train("long", &["--force"])
                .run()
                .check_error(5, &["long", &who]);
            let same = sha256_of(&bench.path().join("long/config.toml"))? == config;
            send(&started, Signal::SIGTERM)?;
            let ended = started.wait();
            resumed?;
            forced?;
            match (same, ended.code) {
                (true, Some(143)) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "config the same: {same}, {:?}",
                    ended.code
                ))),
            }
        }),
        Case::new(FAMILY, "two new runs of one name at once", |bench| {
            let started: Vec<Started> = (0..2)
                .map(|_| bench.train("new", &["--epochs", "3"]).start())
                .collect();
            let ended: Vec<_> = started.into_iter().map(Started::wait).collect();
            let done = ended
                .iter()
                .filter(|ended| ended.check_done().is_ok())
                .count();
            let refused = ended
                .iter()
                .filter(|ended| ended.check_error(5, &["new"]).is_ok())
                .count();
            match (done, refused) {
                (1, 1) => Ok(()),
                _ => Err(Trouble::Failed(format!(
                    "{} | {}",
                    ended[0].said(),
                    ended[1].said()
                ))),
            }
        }),
        Case::new(FAMILY, "the lock of a process that is no more", |bench| {
            let expected = undisturbed(bench)?;
            let run = bench.copy_run("run")?;
            bench.write("run/lock", b"999999\n")?;
            go_on(bench, "run").run().check_done()?;
            check_same_model(&run, &expected)
        }),
        Case::new(FAMILY, "a lock of garbage", |bench| {
            bench.copy_run("run")?;
            bench.write("run/lock", &[0xff; 100_000])?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
        Case::new(FAMILY, "a lock that is a folder", |bench| {
            let run = bench.copy_run("run")?;
            let lock = run.join("lock");
            fs::remove_file(&lock).map_err(broken(&lock))?;
            fs::create_dir(&lock).map_err(broken(&lock))?;
            bench.refuses(go_on(bench, "run"), 5, &["run/lock"])?;
            fs::remove_dir(&lock).map_err(broken(&lock))?;
            Ok(go_on(bench, "run").run().check_done()?)
        }),
    ]
}
