//! The whole family: variational, sparse, contractive and tied models, and walks about in their codes.

use std::fs;
use std::path::Path;

use crate::codes::read_npy;
use crate::command::{ae, done};
use crate::fixture::{scratch, write_set};

/// Trains a model on small drawings for two epochs.
fn train(folder: &Path, out: &str, more: &str) -> serde_json::Value {
    let line = format!(
        "train --data drawings --out {out} --epochs 2 --batch-size 16 --warmup-steps 4 --backend flex --json --quiet \
         {more}"
    );
    done(folder, &line).json()
}

#[test]
fn every_kind_trains_saves_measures_draws_and_is_told_apart() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    let rows: [(&str, &str, usize, &str); 7] = [
        (
            "vae",
            "--model vae --widths 4,8 --latent 6",
            6,
            "variational, bernoulli likelihood, beta 1; convolutional",
        ),
        (
            "vae",
            "--model vae --network dense --widths 32,5 --likelihood logistic --importance-samples 3",
            5,
            "variational, logistic likelihood, 3 importance samples; fully connected",
        ),
        (
            "sparse",
            "--model sparse --widths 4,8 --latent 40 --sparsity top-k:4",
            40,
            "sparse, top-k:4; convolutional",
        ),
        (
            "sparse",
            "--model sparse --widths 4,8 --sparsity l1:0.001 --noise gaussian:0.2",
            32,
            "sparse, l1:0.001; convolutional",
        ),
        (
            "contractive",
            "--model contractive --network dense --widths 784,9 --tied",
            9,
            "contractive, weight 0.0001; fully connected, the decoder tied to the encoder",
        ),
        (
            "conv",
            "--widths 4,3 --upsampling transposed --latent 9",
            9,
            "convolutional, the decoder by transposed convolutions",
        ),
        (
            "dense",
            "--model dense --widths 30,7 --tied",
            7,
            "fully connected, the decoder tied to the encoder",
        ),
    ];
    for (index, (kind, options, numbers, description)) in rows.into_iter().enumerate() {
        let run = format!("run-{index}");
        let summary = train(path, &run, options);
        assert_eq!(summary["model"]["kind"], kind, "{options}");
        let information = done(path, &format!("info {run} --json")).json();
        assert_eq!(information["kind"], kind);
        assert_eq!(information["description"], description);
        assert_eq!(information["code"]["code_numbers"], numbers);
        assert_eq!(information["code"]["code_bits"], 32 * numbers);
        let evaluation = done(path, &format!("eval {run} --json")).json();
        assert_eq!(
            evaluation["model"]["mse"], summary["model"]["mse"],
            "{options}"
        );
        let report = &evaluation["codes"]["kind"];
        match kind {
            "vae" => assert_eq!(report, "variational"),
            "sparse" => assert_eq!(report, "sparse"),
            _ => assert!(report.is_null(), "{report}"),
        }
        let picture = format!("{run}.png");
        done(path, &format!("show {run} -o {picture}"));
        let codes = format!("{run}.npy");
        done(path, &format!("encode {run} -o {codes} --quiet"));
        assert_eq!(read_npy(&path.join(&codes)).0, [16, numbers]);
    }
}

#[test]
fn five_pixels_three_numbers_and_five_pixels_print_their_weights() {
    let folder = scratch();
    let line = "train --model dense --widths 5,3 --data lines --epochs 2 --out lesson --quiet";
    let printed = done(folder.path(), line).stdout;
    assert!(printed.contains("38 parameters"), "{printed}");
    let mut lines = printed.lines();
    let first = lines.find(|line| line.starts_with("encoder.0.weight"));
    // Three rows of five numbers after the name.
    assert_eq!(first.expect(&printed).split_whitespace().count(), 6);
    for _ in 0..2 {
        assert_eq!(lines.next().expect(&printed).split_whitespace().count(), 5);
    }
    for name in [
        "encoder.0.bias",
        "decoder.0.weight",
        "decoder.0.bias",
        "in ",
        "code ",
        "out ",
    ] {
        assert!(
            printed.lines().any(|line| line.starts_with(name)),
            "{name} in {printed}"
        );
    }
    let config = fs::read_to_string(folder.path().join("lesson/config.toml")).expect("there");
    assert!(
        config.contains("widths = []") && config.contains("latent = 3"),
        "{config}"
    );
}

#[test]
fn a_variational_run_logs_its_terms_and_says_when_its_code_is_ignored() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    let options = "--model vae --widths 4,8 --latent 3";
    train(path, "run", options);
    let log = fs::read_to_string(path.join("run/metrics.jsonl")).expect("there");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if line["kind"] != "test" {
            let terms = line["terms"].as_object().expect("terms");
            assert_eq!(terms.keys().collect::<Vec<_>>(), ["kl", "reconstruction"]);
        }
        if line["kind"] != "step" {
            let divergences = line["codes"]["kl_per_dimension"]
                .as_array()
                .expect("a list");
            assert_eq!(divergences.len(), 3);
        }
    }
    let ended = done(path, "eval run --nll 5");
    assert!(ended.stdout.contains("nats per image"), "{}", ended.stdout);
    let json = done(path, "eval run --nll 5 --json").json();
    assert_eq!(json["likelihood"]["samples"], 5);
    assert!(
        ended.stdout.contains("bits per pixel of black and white"),
        "{}",
        ended.stdout
    );

    let line = format!(
        "train --data drawings --out ignored --epochs 6 {options} --beta 5000 --learning-rate 0.01 --batch-size 8"
    );
    let ended = done(path, &line);
    assert!(
        ended.lines("warning: the code is ignored").len() == 1,
        "{}",
        ended.stderr
    );
}

/// The density's own bits were negative, and stood beside the logistic's as if they were of the same.
#[test]
fn bits_of_a_gaussian_are_of_256_levels_as_the_logistics_are() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    for (likelihood, nats_of) in [
        ("gaussian:0.02", " (of a density on 0..1), "),
        ("logistic", ", "),
    ] {
        let options = format!("--model vae --widths 4,8 --latent 3 --likelihood {likelihood}");
        train(path, likelihood, &options);
        let text = done(path, &format!("eval {likelihood} --nll 5")).stdout;
        let line = text
            .lines()
            .find(|line| line.starts_with("log-likelihood"))
            .expect("a line");
        assert!(line.contains("bits per pixel of 256 levels"), "{line}");
        let json = done(path, &format!("eval {likelihood} --nll 5 --json")).json();
        let value = |key: &str| json["likelihood"][key].as_f64().expect("a number");
        let more = if likelihood == "logistic" { 0.0 } else { 8.0 };
        let bits = value("negative_log_likelihood") / std::f64::consts::LN_2 / 784.0 + more;
        assert!((value("bits_per_pixel") - bits).abs() < 1e-9, "{json}");
        let deviation = format!("+- {:.2}{nats_of}{bits:.3} bits", value("standard_error"));
        assert!(line.contains(&deviation), "{line}");
    }
}

#[test]
fn codes_are_walked_about_in_pictures() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 48, 16);
    train(path, "vae", "--model vae --widths 4,8 --latent 4");
    train(path, "conv", "--model conv --widths 4,8 --latent 4");
    done(path, "reconstruct conv --limit 2 -o images");
    let (a, b) = ("images/000000.png", "images/000001.png");
    let rows: [&str; 7] = [
        "generate vae --count 10",
        "generate conv --count 10 --mixture 2",
        &format!("interpolate {a} {b} --model vae"),
        &format!("interpolate {a} {b} --model conv --path spherical --steps 5"),
        "traverse vae --rows 3",
        &format!("traverse conv --image {a}"),
        "generate vae --count 10 --seed 1",
    ];
    let mut pictures = Vec::new();
    for (index, arguments) in rows.into_iter().enumerate() {
        let picture = format!("{index}.png");
        done(path, &format!("{arguments} -o {picture}"));
        let pixels = image::open(path.join(&picture))
            .expect("a picture")
            .to_rgb8();
        assert!(pixels.width() > 300, "{arguments}");
        pictures.push(pixels);
    }
    assert_ne!(pictures[0], pictures[6], "another seed draws other images");
    done(path, "generate vae --count 10 -o again.png");
    let again = image::open(path.join("again.png"))
        .expect("a picture")
        .to_rgb8();
    assert_eq!(pictures[0], again, "the same seed draws the same images");
    let ended = ae(path, "generate conv -o no.png");
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(
        ended.lines("error:")[0].contains("has no prior"),
        "{ended:#?}"
    );
    assert!(ended.lines("hint:")[0].contains("--mixture"), "{ended:#?}");
}
