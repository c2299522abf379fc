//! Published training protocols: what they need is configuration, and `ae verify` runs them.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{scratch, write_set};

/// Burda et al.'s protocol in small: tanh, epsilon, stages of one and two epochs.
const BURDA: &str = "train --data drawings --model vae --network dense --widths 20,4 --activation tanh \
    --binarize dynamic --batch-size 20 --adam-epsilon 1e-4 --learning-rate 1e-3 --warmup-steps 0 \
    --milestone-epochs 1,3 --milestone-factor .7196856730011522 --select last --backend flex --quiet";

#[test]
fn a_protocol_s_training_is_configuration_and_is_resumed_to_the_same_bytes() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    done(path, &format!("{BURDA} --epochs 4 --out whole"));
    let text = fs::read_to_string(path.join("whole/config.toml")).expect("there");
    let config: toml::Table = text.parse().expect("a table");
    let train = &config["train"];
    assert_eq!(train["schedule"]["kind"].as_str(), Some("epoch-milestones"));
    assert_eq!(
        train["schedule"]["factor"].as_float(),
        Some(0.719_685_673_001_152_2)
    );
    assert_eq!(train["optimizer"]["epsilon"].as_float(), Some(1e-4));
    assert_eq!(train["select"].as_str(), Some("last"));
    assert_eq!(
        config["model"]["network"]["activation"].as_str(),
        Some("tanh")
    );
    // The rates of the log are those of the stages.
    let log = fs::read_to_string(path.join("whole/metrics.jsonl")).expect("a log");
    let rates: Vec<f64> = log
        .lines()
        .filter(|line| line.contains("\"kind\":\"step\""))
        .map(|line| {
            let step: serde_json::Value = serde_json::from_str(line).expect("a line");
            step["learning_rate"].as_f64().expect("a rate")
        })
        .collect();
    let factor = 0.719_685_673_001_152_2_f64;
    for (step, rate) in rates.iter().enumerate() {
        let stage = [0, 1, 1, 2][step * 4 / rates.len()];
        assert!((rate / (1e-3 * factor.powi(stage)) - 1.0).abs() < 1e-9);
    }

    // In two parts, across a milestone, and once more by the file.
    done(path, &format!("{BURDA} --epochs 2 --out parts"));
    done(
        path,
        "train --resume parts --epochs 4 --backend flex --quiet",
    );
    done(
        path,
        "train --config whole/config.toml --out again --backend flex --quiet",
    );
    let last = |run: &str| fs::read(path.join(run).join("last.safetensors")).expect("there");
    assert!(last("parts") == last("whole"), "the weights differ");
    assert!(last("again") == last("whole"), "the weights differ");
    assert!(!text.contains("segments"));
    let parts = fs::read_to_string(path.join("parts/config.toml")).expect("there");
    assert!(!parts.contains("segments"), "{parts}");
    let ended = ae(path, "train --resume parts --milestone-factor .1");
    assert_eq!(ended.code, 2, "{ended:#?}");
}

#[test]
fn settings_of_protocols_are_checked() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 16, 4);
    let check = |options: &str, expected: &str| {
        let ended = ae(path, &format!("train --data drawings {options}"));
        assert_eq!(ended.code, 2, "{options}: {ended:#?}");
        assert!(ended.stderr.contains(expected), "{options}: {ended:#?}");
    };
    check("--adam-epsilon 0", "--adam-epsilon");
    check(
        "--optimizer rmsprop --adam-epsilon 1e-4",
        "--adam-epsilon: not for rmsprop, but for adam and adamw",
    );
    check("--milestone-epochs 0,3", "--milestone-epochs");
    check("--milestone-epochs 4,3", "schedule.epochs");
    check(
        "--milestone-factor .5",
        "--milestone-factor: needs --milestones or --milestone-epochs",
    );
    check(
        "--milestone-epochs 2 --schedule step",
        "cannot be used with",
    );
    check(
        "--model vae --activation tanh",
        "--activation: not for a convolutional network",
    );
    check("--model dense --activation gelu", "gelu");
}

/// A protocol's row, of a set of a few drawings.
const ROW: &str =
    "verify --only '784-400-40, static, 10 epochs' --data . --seeds 1 --keep kept --json --quiet";

fn row(folder: &Path, more: &str) -> serde_json::Value {
    done(folder, &format!("{ROW} {more}")).json()["rows"][0].clone()
}

#[test]
fn a_kept_row_is_not_trained_again_and_goes_on_where_it_was() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("mnist-10k"), 40, 10);
    let first = row(path, "--epochs-limit 1");
    assert_eq!(first["verdict"], "partial");
    assert_eq!(first["results"][0]["epochs"], 1);
    let run = path.join("kept/vae-784-400-40-static-10-epochs-on-mnist-10k");
    for name in [
        "seed-1.toml",
        "seed-1/config.toml",
        "seed-1/metrics.jsonl",
        "seed-1/model.safetensors",
    ] {
        assert!(run.join(name).is_file(), "{name}");
    }
    // The same seconds: it was read.
    assert_eq!(row(path, "--epochs-limit 1"), first);
    // Two epochs in two parts are two epochs.
    let resumed = row(path, "--epochs-limit 2");
    fs::rename(path.join("kept"), path.join("parts")).expect("renamed");
    let straight = row(path, "--epochs-limit 2");
    assert_eq!(
        resumed["results"][0]["value"],
        straight["results"][0]["value"]
    );
    assert_ne!(resumed["results"][0]["value"], first["results"][0]["value"]);
    let table = done(
        path,
        &format!("{} --epochs-limit 2", ROW.replace(" --json", "")),
    );
    assert!(
        table
            .stdout
            .contains("partial: 2 of 10 epochs, 1 of 3 seeds"),
        "{}",
        table.stdout
    );
}

#[test]
fn protocols_are_listed_without_their_data() {
    let folder = scratch();
    let ended = done(folder.path(), "verify --list");
    for part in [
        "IWAE 784-200-200-50, k = 50, dynamic, 3,280 epochs\n",
        "ours, after Burda et al. 2016",
        "Adam with beta 0.9 and 0.999 and epsilon 1e-4, batches of 20, no clipping",
        "within two standard errors over 3 seeds and the rounding of the printed number, or better",
    ] {
        assert!(ended.stdout.contains(part), "{part} in {}", ended.stdout);
    }
    let json = done(folder.path(), "verify --list --only Keras --json").json();
    let listed = json["protocols"].as_array().expect("a list");
    assert!(listed.len() >= 5, "{json}");
    assert_eq!(ae(folder.path(), "verify --quick").code, 2);
}
