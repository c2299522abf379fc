//! Devices that are not there, fail, or have no memory left.

use std::fs;

use super::bench::Bench;
use super::case::Case;
use super::process::Ended;
use super::snapshot::Snapshot;
use super::trouble::{Trouble, broken};

const FAMILY: &str = "devices";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(FAMILY, "no GPU where one is named", |bench| {
            if has_gpu(bench) {
                return Err(Trouble::Skipped("this machine has a GPU".to_owned()));
            }
            let run = bench
                .train("run", &["--epochs", "1"])
                .without(&["--backend", "flex"]);
            let before = Snapshot::of(bench.path());
            let ended = run.args(["--backend", "wgpu"]).run();
            match ended.stderr.contains("not in this build") {
                true => ended.check_error(2, &["--backend wgpu"])?,
                false => ended.check_error(8, &["--backend wgpu", "no hardware GPU"])?,
            }
            Ok(before.check_same(&Snapshot::of(bench.path()), |_| false)?)
        }),
        Case::new(FAMILY, "a GPU beyond the last", |bench| {
            let run = bench
                .train("run", &["--epochs", "1"])
                .without(&["--backend", "flex"]);
            let ended = run.args(["--backend", "wgpu:63"]).run();
            match ended.stderr.contains("not in this build") {
                true => Ok(ended.check_error(2, &["wgpu"])?),
                false => Ok(ended.check_error(8, &["--backend wgpu:63"])?),
            }
        }),
        Case::new(FAMILY, "no software adapter", |bench| {
            let ended = software(bench)
                .env("VK_ICD_FILENAMES", "/nowhere.json")
                .env("VK_DRIVER_FILES", "/nowhere.json")
                .env("LIBGL_DRIVERS_PATH", "/nowhere")
                .run();
            match ended.stderr.contains("not in this build") {
                true => Err(Trouble::Skipped("ae was built without wgpu".to_owned())),
                // OpenGL may have an adapter of its own left.
                false if ended.code == Some(0) => Err(Trouble::Skipped(
                    "another software adapter is there".to_owned(),
                )),
                false => Ok(ended.check_error(8, &["--backend wgpu:cpu"])?),
            }
        }),
        Case::telling(FAMILY, "memory that ends while an adapter works", |bench| {
            let probe = software(bench).address_space(64 << 10).run();
            if probe.stderr.contains("not in this build") || probe.code == Some(8) {
                return Err(Trouble::Skipped("there is no software adapter".to_owned()));
            }
            probe.check_done()?;
            fs::remove_dir_all(bench.path().join("run")).map_err(broken(bench.path()))?;
            let mut refused = 0;
            for mebibytes in [256, 512, 768, 1024] {
                let ended = software(bench).address_space(mebibytes).run();
                match ended.code {
                    Some(0) => ended.check_done()?,
                    _ => {
                        refused += 1;
                        ended
                            .check_error(8, &[])
                            .map_err(|reason| format!("{mebibytes} MiB: {reason}"))?;
                    }
                }
                // A run that has begun may be there.
                let _ = fs::remove_dir_all(bench.path().join("run"));
            }
            Ok(format!("{refused} of 4 refused"))
        })
        .slow(),
        Case::telling(FAMILY, "less memory than a step takes", |bench| {
            let begin = least_address_space(bench)?;
            let mut refused = 0;
            for mebibytes in (begin..begin + 160).step_by(16) {
                let run = bench
                    .ae(["train", "--out", "run", "--epochs", "1", "--limit", "1000"])
                    .args([
                        "--batch-size",
                        "1000",
                        "--backend",
                        "flex",
                        "--threads",
                        "2",
                    ])
                    .address_space(mebibytes);
                refused += u32::from(check_exhausted(&run.run(), mebibytes)?);
                // A run that has begun may be there.
                let _ = fs::remove_dir_all(bench.path().join("run"));
            }
            told(refused)
        }),
        Case::telling(FAMILY, "memory that ends in the middle of a run", |bench| {
            let expected = super::resumption::undisturbed(bench)?;
            let begin = least_address_space(bench)?;
            let mut refused = 0;
            for mebibytes in (begin..begin + 64).step_by(4) {
                let run = bench.copy_run("run")?;
                let limited = super::resumption::go_on(bench, "run").address_space(mebibytes);
                refused += u32::from(check_exhausted(&limited.run(), mebibytes)?);
                super::resumption::go_on(bench, "run").run().check_done()?;
                super::resumption::check_same_model(&run, &expected)?;
                fs::remove_dir_all(&run).map_err(broken(&run))?;
            }
            told(refused)
        }),
        Case::new(FAMILY, "no further thread to be had", |bench| {
            let run = bench.train("run", &["--epochs", "1", "--threads", "100000"]);
            let ended = run.address_space(2048).run();
            Ok(ended.check_error(8, &["--threads 100000"])?)
        }),
        Case::new(
            FAMILY,
            "a model of more numbers than memory holds",
            |bench| {
                let run = bench.ae(["train", "--widths", "30000,30000", "--out", "run"]);
                let run = run.args(["--data", &bench.set(), "--backend", "flex"]);
                bench.refuses(run.address_space(1024), 2, &["widths"])
            },
        ),
    ]
}

/// What the system takes to load the program at all: with less, it never gets to say anything.
fn least_address_space(bench: &Bench<'_>) -> Result<u64, Trouble> {
    (16..1024)
        .step_by(4)
        .find(|&mebibytes| {
            let version = bench.ae(["--version"]).address_space(mebibytes);
            version.run().code == Some(0)
        })
        .ok_or_else(|| Trouble::Failed("ae does not start".to_owned()))
}

/// Whether a command ran out of memory, in good order.
fn check_exhausted(ended: &Ended, mebibytes: u64) -> Result<bool, Trouble> {
    let checked = match ended.code {
        Some(0) => ended.check_done(),
        _ => ended.check_error(8, &[]),
    };
    match checked {
        Ok(()) => Ok(ended.code != Some(0)),
        Err(reason) => Err(Trouble::Failed(format!("{mebibytes} MiB: {reason}"))),
    }
}

fn told(refused: u32) -> Result<String, Trouble> {
    match refused {
        0 => Err(Trouble::Failed("there was always enough".to_owned())),
        _ => Ok(format!("{refused} refused")),
    }
}

fn has_gpu(bench: &Bench<'_>) -> bool {
    let ended = bench.ae(["devices", "--json"]).run();
    ended.stdout.contains("\"software\": false")
}

/// A little training on a software adapter.
fn software<'a>(bench: &'a Bench<'_>) -> super::process::Run<'a> {
    bench
        .train("run", &["--epochs", "1", "--limit", "4"])
        .without(&["--backend", "flex"])
        .args(["--backend", "wgpu:cpu"])
}
