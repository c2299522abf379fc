//! `--binarize`: images in black and white by chance.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{scratch, write_set};

/// Trains a variational model for two epochs.
fn train(folder: &Path, out: &str, more: &str) -> serde_json::Value {
    let line = format!(
        "train --data drawings --out {out} --epochs 2 --model vae --network dense --widths 16,3 --batch-size 16 \
         --backend flex --json --quiet {more}"
    );
    done(folder, &line).json()
}

/// The negative log-likelihood that `ae eval` finds.
fn likelihood(folder: &Path, more: &str) -> f64 {
    let json = done(folder, &format!("eval --nll 4 --json {more}")).json();
    json["likelihood"]["negative_log_likelihood"]
        .as_f64()
        .expect("a number")
}

#[test]
fn a_run_keeps_to_the_images_it_was_trained_on() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    assert!(train(path, "gray", "")["binarize"].is_null());
    assert_eq!(
        train(path, "static", "--binarize static")["binarize"],
        "static"
    );
    assert_eq!(
        train(path, "dynamic", "--binarize dynamic")["binarize"],
        "dynamic"
    );
    let config = |run: &str| fs::read_to_string(path.join(run).join("config.toml")).expect("there");
    assert!(!config("gray").contains("binarize"));
    assert!(config("static").contains("binarize = \"static\""));
    assert!(config("dynamic").contains("binarize = \"dynamic\""));

    let own = likelihood(path, "static");
    // Named or not, they are the same images; in greys they are others.
    assert_eq!(likelihood(path, "static --data drawings"), own);
    assert_ne!(likelihood(path, "static --binarize none"), own);
    assert_ne!(likelihood(path, "dynamic"), own);
    let text = done(path, "eval static").stdout;
    assert!(
        text.contains("16 images of the test set, black and white by chance"),
        "{text}"
    );
    // The configuration gives the same run again.
    train(path, "again", "--config static/config.toml");
    let model = |run: &str| fs::read(path.join(run).join("model.safetensors")).expect("there");
    assert_eq!(model("again"), model("static"));
    assert_ne!(model("dynamic"), model("static"));
    let ended = ae(path, "train --resume static --binarize none");
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert_eq!(
        ended.lines("error:"),
        ["error: --binarize: cannot be changed while resuming static"]
    );
    let ended = ae(path, "train --binarize sometimes");
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.lines("error:")[0].contains("sometimes"), "{ended:#?}");
}

#[test]
fn a_set_is_looked_at_in_black_and_white() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 8, 4);
    let info = |more: &str| done(path, &format!("data info drawings --json {more}")).json();
    assert_eq!(info("")["train"]["maximum"], 230);
    let binarized = info("--binarize static");
    assert_eq!(binarized["train"]["maximum"], 255);
    assert_ne!(info("")["train"]["mean"], binarized["train"]["mean"]);
}
