//! `ae train`.

use std::fs;
use std::path::Path;

use crate::command::{Ended, ae, done};
use crate::fixture::{files_in, scratch, write_set};

/// A model small enough for a second of training.
const SMALL: &str =
    "train --data drawings --widths 4,8,8 --batch-size 16 --backend flex --schedule=constant";

fn train(folder: &Path, more: &str) -> Ended {
    done(folder, &format!("{SMALL} {more}"))
}

/// The lines of `metrics.jsonl` that tell of steps: those that another run repeats to the last digit.
fn steps(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    let steps: Vec<String> = text
        .lines()
        .filter(|line| line.contains("\"kind\":\"step\""))
        .map(ToOwned::to_owned)
        .collect();
    assert!(!steps.is_empty(), "{text}");
    steps
}

#[test]
fn a_run_leaves_what_was_promised_and_says_where() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 48, 16);
    let ended = train(folder.path(), "--epochs 2");
    let run = folder.path().join("runs/drawings-conv-1");
    for name in [
        "config.toml",
        "metrics.jsonl",
        "model.safetensors",
        "pictures/reconstructed.png",
        "pictures/losses.png",
    ] {
        assert!(run.join(name).is_file(), "{name} in {:?}", files_in(&run));
    }
    for part in [
        "this model",
        "mean image",
        "pictures/losses.png",
        "2 epochs, 6 steps",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    assert_eq!(ended.lines("epoch ").len(), 2, "{}", ended.stderr);
    // The next one has the next number, and JSON is one object.
    let json = train(folder.path(), "--epochs 1 --json --quiet").json();
    assert_eq!(json["run"], "runs/drawings-conv-2");
    assert_eq!(json["steps"], 3);
    let denoiser = "--epochs 1 --noise masking:0.3 --json --quiet";
    let json = train(folder.path(), denoiser).json();
    assert_eq!(json["run"], "runs/drawings-conv-denoise-1");
    assert_eq!(json["noise"], "masking:0.3");
    // Without a name, the newest run is meant.
    let info = done(folder.path(), "info --json").json();
    assert_eq!(info["model"], "runs/drawings-conv-denoise-1");
    assert_eq!(info["noise"], "masking:0.3");
}

#[test]
fn the_configuration_gives_the_same_run_again() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 48, 16);
    train(
        folder.path(),
        "--epochs 1 --seed 5 --optimizer rmsprop --out first",
    );
    let again = "train --config first/config.toml --backend flex";
    done(folder.path(), &format!("{again} --out again"));
    let config =
        |run: &str| fs::read_to_string(folder.path().join(run).join("config.toml")).expect("there");
    assert_eq!(config("first"), config("again"));
    assert_eq!(
        steps(&folder.path().join("first")),
        steps(&folder.path().join("again"))
    );
    // An option beside the file wins.
    done(folder.path(), &format!("{again} --seed 6 --out other"));
    assert!(config("other").contains("seed = 6"), "{}", config("other"));
    assert_ne!(
        steps(&folder.path().join("first")),
        steps(&folder.path().join("other"))
    );
}

#[test]
fn the_same_seed_gives_the_same_loss_with_any_number_of_loader_threads() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 70, 16);
    let run = |out: &str, threads: &str| {
        let more =
            format!("--epochs 2 --noise gaussian:0.3 --loader-threads {threads} --out {out}");
        train(folder.path(), &more);
        steps(&folder.path().join(out))
    };
    let one = run("one", "1");
    assert_eq!(one, run("three", "3"));
    assert_eq!(one, run("four", "4"));
    let model =
        |run: &str| fs::read(folder.path().join(run).join("model.safetensors")).expect("there");
    assert!(model("one") == model("three"), "the weights differ");
}

#[test]
fn a_resumed_run_goes_on_as_if_it_had_never_stopped() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 48, 16);
    train(folder.path(), "--epochs 3 --out whole");
    train(folder.path(), "--epochs 1 --out parts");
    done(
        folder.path(),
        "train --resume parts --epochs 3 --backend flex",
    );
    let whole = fs::read(folder.path().join("whole/last.safetensors")).expect("there");
    let parts = fs::read(folder.path().join("parts/last.safetensors")).expect("there");
    assert!(whole == parts, "the weights differ");
    assert_eq!(
        steps(&folder.path().join("whole")),
        steps(&folder.path().join("parts"))
    );
}

#[test]
fn a_run_is_replaced_by_force_alone() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 16, 16);
    train(folder.path(), "--epochs 1 --out run");
    let before = fs::read(folder.path().join("run/model.safetensors")).expect("there");
    let again = format!("{SMALL} --epochs 1 --seed 9 --out run");
    let ended = ae(folder.path(), &again);
    assert_eq!(ended.code, 5, "{ended:#?}");
    assert!(
        ended.lines("error:")[0].contains("run holds a run already"),
        "{ended:#?}"
    );
    assert!(ended.lines("hint:")[0].contains("--force"), "{ended:#?}");
    assert!(fs::read(folder.path().join("run/model.safetensors")).expect("there") == before);
    done(folder.path(), &format!("{again} --force"));
    assert!(fs::read(folder.path().join("run/model.safetensors")).expect("there") != before);
}

#[test]
fn a_run_that_diverges_fails_and_keeps_the_last_good_weights() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 48, 16);
    let line = format!("{SMALL} --learning-rate 1e30 --optimizer sgd --out run");
    let ended = ae(folder.path(), &line);
    assert_eq!(ended.code, 7, "{ended:#?}");
    let errors = ended.lines("error:");
    assert!(
        errors.len() == 1 && errors[0].contains("training diverged"),
        "{ended:#?}"
    );
    assert!(
        errors[0].contains("at step") && errors[0].contains("run/last.safetensors"),
        "{ended:#?}"
    );
    done(folder.path(), "info run/last.safetensors");
}

#[test]
fn training_alone_takes_the_built_in_letters() {
    let folder = scratch();
    let line = "train --limit 32 --epochs 1 --backend flex --json --quiet";
    let json = done(folder.path(), line).json();
    assert_eq!(json["run"], "runs/glyphs-conv-1");
    assert_eq!(json["model"]["parameters"], 314_625);
    assert_eq!(json["model"]["code_numbers"], 6_272);
}

#[test]
fn a_dense_model_trains_with_the_same_words() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 32, 16);
    let line = "train --data drawings --model dense --widths 32 --latent 8 --epochs 1 --loss bce --optimizer sgd \
                --backend flex --json --quiet";
    let json = done(folder.path(), line).json();
    assert_eq!(json["model"]["kind"], "dense");
    assert_eq!(json["model"]["code_numbers"], 8);
    assert_eq!(json["model"]["is_compression"], true);
}
