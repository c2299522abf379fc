//! A program of somebody else's: `ae` with one kind of model more, which it trains, loses, resumes and evaluates.
//!
//! Started by cargo it is the test, which starts itself as that program.

mod kind;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use ae_models::Registry;

use crate::kind::ProjectionConfig;

/// What tells this binary that it is the program and not the test.
const AS_PROGRAM: &str = "AE_WITH_A_CUSTOM_MODEL";
const NAME: &str = "a_custom_model_is_trained_killed_resumed_and_evaluated";

/// Twelve steps an epoch; the learning rate does not depend on how many epochs there are.
const CONFIGURATION: &str = "\
[data]
source = \"glyphs\"
limit = 96

[model]
kind = \"projection\"
latent = 6
bound = 0.2

[train]
epochs = 30
batch_size = 8
noise = \"gaussian:0.2\"
";

fn main() -> ExitCode {
    if std::env::var_os(AS_PROGRAM).is_some() {
        let registry = Registry::builtin().with::<ProjectionConfig>();
        return ae_cli::run_with(registry, std::env::args_os());
    }
    // What the standard test harness is told: names to choose by, and that tests be listed.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--list") {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    let mut names = words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .peekable();
    if names.peek().is_none() || names.any(|name| NAME.contains(name.as_str())) {
        a_custom_model_is_trained_killed_resumed_and_evaluated();
        println!("test {NAME} ... ok");
    }
    ExitCode::SUCCESS
}

/// This program with a command line, in `folder`.
fn program(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command
        .args(line.split_whitespace())
        .current_dir(folder)
        .env(AS_PROGRAM, "1")
        .env("CI", "true")
        .stdin(Stdio::null());
    command
}

fn done(folder: &Path, line: &str) -> Output {
    let output = program(folder, line).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}");
    output
}

fn json(folder: &Path, line: &str) -> serde_json::Value {
    serde_json::from_slice(&done(folder, line).stdout).expect("JSON")
}

fn a_custom_model_is_trained_killed_resumed_and_evaluated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join("custom.toml"), CONFIGURATION).expect("written");
    let train = "train --config custom.toml --backend flex --quiet --checkpoint-every 7steps";
    done(path, &format!("{train} --out whole"));

    // Killed within an epoch, with a checkpoint behind it and most of the run before it.
    let mut process = program(path, &format!("{train} --out killed"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let checkpoints = path.join("killed/checkpoints");
    let begun = || fs::read_dir(&checkpoints).is_ok_and(|entries| entries.flatten().count() > 1);
    while !begun() {
        assert!(
            process.try_wait().expect("a process").is_none(),
            "it is over"
        );
        sleep(Duration::from_millis(1));
    }
    process.kill().expect("it runs");
    process.wait().expect("a process");
    assert!(!path.join("killed/pictures").exists(), "it was over");
    done(path, "train --resume killed --backend flex --quiet");
    for name in ["last", "model"] {
        let model = |run: &str| {
            fs::read(path.join(run).join(format!("{name}.safetensors"))).expect("a model")
        };
        assert!(model("killed") == model("whole"), "{name}");
    }

    // What the file says is enough to open it, in the run or by itself.
    let evaluation = json(path, "eval killed --json");
    assert_eq!(evaluation["model"]["kind"], "projection");
    assert_eq!(evaluation["model"]["code_numbers"], 6);
    let mse = evaluation["model"]["mse"].as_f64().expect("a number");
    assert!(mse < 0.2, "{mse}");
    let file = json(
        path,
        "eval killed/model.safetensors --data glyphs --limit 96 --json",
    );
    assert_eq!(file["model"]["mse"], evaluation["model"]["mse"]);
    done(path, "encode killed -o codes.npy --quiet");
    done(path, "reconstruct killed -o images --quiet");

    // Its settings are in the help, and the command line knows it by name.
    let help = String::from_utf8(done(path, "train --help").stdout).expect("text");
    for part in ["projection", "--bound <SIZE>"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let line = "train --model projection --bound 0.1 --latent 3 --limit 8 --epochs 1 --backend flex --json";
    assert_eq!(json(path, line)["model"]["kind"], "projection");

    // Another program says which kinds it knows.
    let stranger = Command::new(env!("CARGO_BIN_EXE_ae"))
        .args(["info", "killed"])
        .current_dir(path)
        .output()
        .expect("ae starts");
    let said = String::from_utf8_lossy(&stranger.stderr);
    assert_eq!(stranger.status.code(), Some(4), "{said}");
    assert!(
        said.contains("projection") && said.contains("contractive"),
        "{said}"
    );
}
