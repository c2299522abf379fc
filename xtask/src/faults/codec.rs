//! The codec: sets that are compressed and decompressed, and trainings of its models, while files cannot be read, disks are full
//! or the process is killed.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use ae_random::{Draw, Purpose};

use super::bench::Bench;
use super::case::Case;
use super::process::{Run, is_there};
use super::snapshot::sha256_of;
use super::trouble::{Trouble, at, broken};
use super::{command_line, resumption};

/// A training of a second or so.
const TRAIN: [&str; 11] = [
    "--model",
    "pixel",
    "--batch-size",
    "32",
    "--steps",
    "200",
    "--checkpoint-every",
    "10steps",
    "--threads",
    "1",
    "--quiet",
];

pub(super) fn cases() -> Vec<Case> {
    let kills = |patch: &'static [&'static str], what: &str, kills: u64| {
        let name = format!("{kills} kills of the training of a model of kind pixel, {what}");
        Case::telling(resumption::FAMILY, name, move |bench| {
            kill_trainings(bench, patch, kills)
        })
    };
    vec![
        kills(&[], "for images of one size", 10),
        kills(&["--patch", "6"], "for pictures of any sizes", 10),
        Case::telling(
            resumption::FAMILY,
            "a quota on a file's size while a model of kind pixel is trained",
            quota_on_a_training,
        ),
        Case::telling(
            command_line::FAMILY,
            "a quota on a file's size while a set is compressed and decompressed",
            quotas_on_results,
        ),
        Case::telling(
            command_line::FAMILY,
            "kills while a set is compressed and decompressed",
            kill_compressions,
        ),
        Case::telling(
            command_line::FAMILY,
            "an I/O error while a set or a container is read",
            read_errors,
        ),
    ]
}

fn train<'a>(bench: &'a Bench<'_>, out: &str, more: &[&str]) -> Run<'a> {
    bench
        .ae(["train", "--data", &bench.set(), "--out", out])
        .args(TRAIN)
        .args(more)
}

fn resume<'a>(bench: &'a Bench<'_>, run: &str) -> Run<'a> {
    bench.ae(["train", "--resume", run, "--threads", "1", "--quiet"])
}

fn model(bench: &Bench<'_>, run: &str) -> Result<String, Trouble> {
    Ok(sha256_of(&bench.path().join(run).join("model.aepixel"))?)
}

fn check_same(found: &str, expected: &str) -> Result<(), Trouble> {
    match found == expected {
        true => Ok(()),
        false => Err(Trouble::Failed("the model is another one".to_owned())),
    }
}

fn kill_trainings(bench: &Bench<'_>, patch: &[&str], kills: u64) -> Result<String, Trouble> {
    let begin = Instant::now();
    train(bench, "whole", patch).run().check_done()?;
    let expected = model(bench, "whole")?;
    let undisturbed = begin.elapsed().max(Duration::from_millis(200));
    let mut random = Draw {
        seed: bench.seed,
        purpose: Purpose::Display,
        epoch: 0,
        index: 1,
    }
    .stream();
    let run = bench.path().join("killed");
    let begin_or_resume = || match run.join("config.toml").exists() {
        true => resume(bench, "killed"),
        false => train(bench, "killed", patch),
    };
    let (mut killed, mut resumed) = (0, 0);
    while killed < kills {
        resumed += usize::from(run.join("training").exists());
        let mut started = begin_or_resume().start();
        std::thread::sleep(undisturbed.mul_f64(0.6 * random.uniform_f64()));
        let has_ended = started.has_ended();
        if has_ended {
            started.wait().check_done()?;
        } else {
            started.kill();
            started.wait();
            killed += 1;
        }
        // Also what was killed between its last file and its end is whole.
        let is_whole = run.join("model.aepixel").exists() && !run.join("training").exists();
        if has_ended || is_whole {
            check_same(&model(bench, "killed")?, &expected)?;
            fs::remove_dir_all(&run).map_err(broken(&run))?;
        }
    }
    begin_or_resume().run().check_done()?;
    check_same(&model(bench, "killed")?, &expected)?;
    Ok(format!(
        "{kills} kills, {resumed} times resumed from a state"
    ))
}

fn quota_on_a_training(bench: &Bench<'_>) -> Result<String, Trouble> {
    train(bench, "whole", &[]).run().check_done()?;
    let expected = model(bench, "whole")?;
    let mut refused = 0;
    // In blocks of 512 bytes: the state has some 500 KiB, the model some 90 KiB.
    for blocks in [1, 100, 300, 900] {
        let name = format!("run-{blocks}");
        let ended = train(bench, &name, &[])
            .ulimit(&format!("-f {blocks}"))
            .run();
        if ended.code != Some(0) {
            refused += 1;
            ended
                .check_error(5, &[&name, "ile too large"])
                .map_err(|reason| Trouble::Failed(format!("{blocks} blocks: {reason}")))?;
            let again = match bench.path().join(&name).join("config.toml").exists() {
                true => resume(bench, &name),
                false => train(bench, &name, &[]),
            };
            again.run().check_done()?;
        }
        let found = model(bench, &name)?;
        check_same(&found, &expected)
            .map_err(|trouble| at(trouble, &format!("{blocks} blocks")))?;
    }
    match refused {
        0 => Err(Trouble::Failed("the quota was never met".to_owned())),
        _ => Ok(format!("{refused} of 4 refused")),
    }
}

/// The images that are compressed.
fn images(bench: &Bench<'_>) -> String {
    format!("{}/train-images-idx3-ubyte", bench.set())
}

fn compress<'a>(bench: &'a Bench<'_>, out: &str) -> Run<'a> {
    let images = images(bench);
    bench.ae([
        "compress", &images, "--model", "model", "-o", out, "--quiet",
    ])
}

fn decompress<'a>(bench: &'a Bench<'_>, file: &str, out: &str) -> Run<'a> {
    bench.ae(["decompress", file, "--model", "model", "-o", out, "--quiet"])
}

/// Trains `model` and compresses the images to `whole.aez`.
fn prepared(bench: &Bench<'_>) -> Result<(), Trouble> {
    train(bench, "model", &["--steps", "20"])
        .without(&["--steps", "200"])
        .run()
        .check_done()?;
    compress(bench, "whole.aez").run().check_done()?;
    decompress(bench, "whole.aez", "whole-idx3-ubyte")
        .run()
        .check_done()?;
    let (found, expected) = (
        sha256_of(&bench.path().join("whole-idx3-ubyte"))?,
        sha256_of(Path::new(&images(bench)))?,
    );
    match found == expected {
        true => Ok(()),
        false => Err(Trouble::Failed("other images came back".to_owned())),
    }
}

/// Whether a result is not there, or is the whole one.
fn check_whole_or_none(bench: &Bench<'_>, out: &str, whole: &str) -> Result<bool, Trouble> {
    let path = bench.path().join(out);
    if !path.exists() {
        return Ok(false);
    }
    match sha256_of(&path)? == sha256_of(&bench.path().join(whole))? {
        true => Ok(true),
        false => Err(Trouble::Failed(format!("{out} is not whole"))),
    }
}

fn quotas_on_results(bench: &Bench<'_>) -> Result<String, Trouble> {
    prepared(bench)?;
    let runs = |out: &str| match out.ends_with(".aez") {
        true => compress(bench, out),
        false => decompress(bench, "whole.aez", out),
    };
    // The images have 1,536 bytes, coded less.
    for (out, whole) in [("x.aez", "whole.aez"), ("x-idx3-ubyte", "whole-idx3-ubyte")] {
        let ended = runs(out).ulimit("-f 1").run();
        match ended.code {
            Some(0) => ended.check_done()?,
            _ => ended.check_error(5, &[out, "ile too large"])?,
        }
        if ended.code != Some(0) && bench.path().join(out).exists() {
            return Err(Trouble::Failed(format!("{out} is there")));
        }
        if ended.code != Some(0) {
            runs(out).run().check_done()?;
        }
        check_whole_or_none(bench, out, whole)?;
    }
    let ended = decompress(bench, "whole.aez", "x-idx3-ubyte").run();
    ended.check_error(5, &["x-idx3-ubyte", "exists"])?;
    Ok("both".to_owned())
}

fn kill_compressions(bench: &Bench<'_>) -> Result<String, Trouble> {
    prepared(bench)?;
    let begin = Instant::now();
    compress(bench, "timed.aez").run().check_done()?;
    let undisturbed = begin.elapsed();
    let mut random = Draw {
        seed: bench.seed,
        purpose: Purpose::Display,
        epoch: 0,
        index: 2,
    }
    .stream();
    let mut whole_ones = 0;
    for kill in 0..20 {
        let (out, whole) = match kill % 2 {
            0 => ("x.aez", "whole.aez"),
            _ => ("x-idx3-ubyte", "whole-idx3-ubyte"),
        };
        let mut started = match kill % 2 {
            0 => compress(bench, out),
            _ => decompress(bench, "whole.aez", out),
        }
        .start();
        std::thread::sleep(undisturbed.mul_f64(1.1 * random.uniform_f64()));
        started.kill();
        started.wait();
        if check_whole_or_none(bench, out, whole)? {
            whole_ones += 1;
            let path = bench.path().join(out);
            fs::remove_file(&path).map_err(broken(&path))?;
        }
    }
    compress(bench, "x.aez").run().check_done()?;
    check_whole_or_none(bench, "x.aez", "whole.aez")?;
    Ok(format!(
        "20 kills, {whole_ones} after the file had its name"
    ))
}

fn read_errors(bench: &Bench<'_>) -> Result<String, Trouble> {
    if !is_there("strace") {
        return Err(Trouble::Skipped("strace is not there".to_owned()));
    }
    prepared(bench)?;
    let container = bench.path().join("whole.aez").display().to_string();
    let model = bench
        .path()
        .join("model/model.aepixel")
        .display()
        .to_string();
    let images = images(bench);
    let mut met = 0;
    for (file, out) in [
        (&images, "x.aez"),
        (&model, "x.aez"),
        (&container, "x-idx3-ubyte"),
        (&model, "x-idx3-ubyte"),
    ] {
        let run = match out == "x.aez" {
            true => compress(bench, out),
            false => decompress(bench, "whole.aez", out),
        };
        let log = bench.path().join("strace.log").display().to_string();
        let wrapper = [
            "strace",
            "-f",
            "-q",
            "-o",
            &log,
            "-P",
            file,
            "-e",
            "trace=read,pread64,mmap",
            "-e",
            "inject=read,pread64:error=EIO:when=1+",
        ];
        let ended = run.under(wrapper).run();
        if ended.code == Some(0) {
            return Err(Trouble::Failed(format!("{file} was read all the same")));
        }
        let name = Path::new(file).file_name().unwrap_or_default();
        ended.check_error(5, &[&name.to_string_lossy(), "nput/output error"])?;
        if bench.path().join(out).exists() {
            return Err(Trouble::Failed(format!("{out} is there")));
        }
        met += 1;
    }
    Ok(format!("{met} files"))
}
