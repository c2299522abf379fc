//! Trainings that `mpirun` starts in several processes, in a build with the feature `mpi`.

#[path = "../integration/command.rs"]
#[allow(dead_code, reason = "of the other package")]
mod command;
#[path = "../skipping.rs"]
#[allow(dead_code, reason = "of the other package")]
mod skipping;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command::{Arguments as _, ae};
use skipping::is_there;

/// 22 steps an epoch, the last of 4 images.
const TRAIN: &str =
    "train --data glyphs --limit 214 --batch-size 10 --widths 4,8,8 --backend flex --threads 1";

fn mpirun(test: &str) -> bool {
    let found = Command::new("mpirun").arg("--version").output().is_ok();
    is_there(test, "mpirun", found)
}

/// `ae` in so many processes; the machine may have fewer processors.
fn ranks(folder: &Path, count: usize, line: &str) -> Command {
    let mut command = Command::new("mpirun");
    command
        .args([
            "--allow-run-as-root",
            "--oversubscribe",
            "--bind-to",
            "none",
        ])
        .args(["--mca", "mpi_yield_when_idle", "1"])
        .args(["-n", &count.to_string(), env!("CARGO_BIN_EXE_ae")])
        .args(line.words())
        .current_dir(folder)
        .env("CI", "true")
        .stdin(Stdio::null());
    command
}

fn done(folder: &Path, count: usize, line: &str) -> String {
    let output = ranks(folder, count, line).output().expect("mpirun starts");
    let said = said(&output);
    assert!(output.status.success(), "{count} ranks: {said}");
    said
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn model(folder: &Path, run: &str) -> Vec<u8> {
    fs::read(folder.join(run).join("model.safetensors")).expect("a model")
}

/// Waits for the first checkpoint of a run, whichever it is: a quick run may have removed step 3's again between two looks.
fn wait_for_a_checkpoint(run: &Path) {
    let checkpoints = run.join("checkpoints");
    for _ in 0..6_000 {
        let mut entries = fs::read_dir(&checkpoints).into_iter().flatten().flatten();
        if entries.any(|entry| entry.file_name().to_string_lossy().starts_with("step-")) {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("no checkpoint of {} within a minute", run.display());
}

/// The processes of `ae` that a launcher has started.
fn processes_of(launcher: &Child) -> Vec<String> {
    let children = format!("/proc/{0}/task/{0}/children", launcher.id());
    let found = fs::read_to_string(children).unwrap_or_default();
    found.split_whitespace().map(str::to_owned).collect()
}

fn signal(name: &str, process: &str) {
    let sent = Command::new("kill").args([name, process]).status();
    assert!(sent.expect("kill runs").success(), "{name} {process}");
}

#[test]
fn any_number_of_ranks_trains_the_model_of_one_process() {
    if !mpirun("any_number_of_ranks_trains_the_model_of_one_process") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let alone = ae(
        folder,
        &format!("{TRAIN} --epochs 4 --batch-parts 8 --out alone"),
    );
    assert_eq!(alone.code, 0, "{alone:#?}");
    for count in [1, 2, 4] {
        let run = format!("ranks-{count}");
        let said = done(folder, count, &format!("{TRAIN} --epochs 4 --out {run}"));
        assert!(
            model(folder, &run) == model(folder, "alone"),
            "{count} ranks"
        );
        // One of them speaks.
        assert_eq!(said.matches("\nrun: ").count(), 1, "{said}");
    }
    let variational = "--model vae --latent 4 --seed 3";
    for (count, run) in [(2, "vae-2"), (3, "vae-3")] {
        done(
            folder,
            count,
            &format!("{TRAIN} --epochs 4 {variational} --out {run}"),
        );
    }
    assert!(model(folder, "vae-2") == model(folder, "vae-3"));
}

#[test]
fn a_rank_that_is_killed_ends_all_and_the_run_is_resumed_by_others() {
    if !mpirun("a_rank_that_is_killed_ends_all_and_the_run_is_resumed_by_others") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let line = format!("{TRAIN} --epochs 12 --checkpoint-every 3steps");
    done(folder, 2, &format!("{line} --out straight"));
    for (asked, code) in [("-KILL", 137), ("-TERM", 143)] {
        let run = format!("run{asked}");
        let mut launched = ranks(folder, 2, &format!("{line} --out {run}"));
        let launched = launched.stderr(Stdio::piped()).stdout(Stdio::null());
        let child = launched.spawn().expect("mpirun starts");
        wait_for_a_checkpoint(&folder.join(&run));
        // To one rank; `srun` sends SIGTERM to all, and so does `mpirun`.
        let process = processes_of(&child).pop().expect("a rank");
        signal(asked, &process);
        let output = child.wait_with_output().expect("mpirun ends");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        if asked == "-KILL" {
            assert!(said.contains("exited on signal 9"), "{said}");
        } else {
            assert_eq!(said.matches("everything is saved").count(), 1, "{said}");
        }
        done(
            folder,
            3,
            &format!("train --resume {run} --threads 1 --backend flex"),
        );
        assert!(model(folder, &run) == model(folder, "straight"), "{asked}");
    }
}

#[test]
fn shards_are_streamed_by_any_number_of_ranks() {
    if !mpirun("shards_are_streamed_by_any_number_of_ranks") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let sharding = ae(
        folder,
        "data shard glyphs --limit 214 --images-per-shard 40 -o shards/",
    );
    assert_eq!(sharding.code, 0, "{sharding:#?}");
    let line = "train --data shards/*.tar --stream --shuffle-buffer 50 --batch-size 10 --widths 4,8,8 --backend flex \
                --threads 1 --loader-threads 1 --epochs 6 --checkpoint-every 3steps";
    let alone = ae(folder, &format!("{line} --batch-parts 8 --out alone"));
    assert_eq!(alone.code, 0, "{alone:#?}");
    for count in [1, 2, 4] {
        let run = format!("ranks-{count}");
        done(folder, count, &format!("{line} --out {run}"));
        assert!(
            model(folder, &run) == model(folder, "alone"),
            "{count} ranks"
        );
    }
    let launched = ranks(folder, 2, &format!("{line} --out killed"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mpirun starts");
    wait_for_a_checkpoint(&folder.join("killed"));
    signal("-KILL", &processes_of(&launched).pop().expect("a rank"));
    let output = launched.wait_with_output().expect("mpirun ends");
    assert_eq!(output.status.code(), Some(137), "{}", said(&output));
    done(
        folder,
        3,
        "train --resume killed --threads 1 --loader-threads 1 --backend flex",
    );
    assert!(model(folder, "killed") == model(folder, "alone"));
}

#[test]
fn what_is_wrong_is_told_once() {
    if !mpirun("what_is_wrong_is_told_once") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    for (line, code, expected) in [
        ("train --data nowhere/", 2, "error: "),
        ("train --data glyphs --limit 8 --batch-size 0", 2, "error: "),
        (
            "train --data glyphs --limit 32 --model sparse --latent 8 --sparsity kl:0.05:1 --threads 1",
            2,
            "error: a batch cannot be computed in parts",
        ),
        (
            "train --data glyphs --limit 64 --learning-rate 1e30 --clip-norm off --optimizer sgd --backend flex --epochs 3 --widths 4,8,8 --threads 1",
            7,
            "error: training diverged",
        ),
    ] {
        let output = ranks(folder, 2, line).output().expect("mpirun starts");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert_eq!(said.matches("error: ").count(), 1, "{line}: {said}");
        assert!(said.contains(expected), "{line}: {said}");
    }
}
