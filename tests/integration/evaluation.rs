//! `ae eval`, `ae info`, `ae show`.

use std::fs;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};

fn number(value: &serde_json::Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_model_stands_beside_its_baselines() {
    let run = FIXTURE.argument("narrow");
    let json = done(FIXTURE.path(), &format!("eval {run} --json")).json();
    let model = &json["model"];
    for key in ["mse", "rmse", "psnr", "ssim", "bits_per_pixel"] {
        number(&model[key]);
    }
    // Twelve numbers of 32 bits for 28 x 28 pixels.
    assert_eq!(number(&model["bits_per_pixel"]), 12.0 * 32.0 / 784.0);
    let (mse, rmse, psnr) = (
        number(&model["mse"]),
        number(&model["rmse"]),
        number(&model["psnr"]),
    );
    assert!(
        (rmse * rmse - mse).abs() < 1e-9 && (psnr + 10.0 * mse.log10()).abs() < 1e-9,
        "{model}"
    );

    let baselines = json["baselines"].as_array().expect("a list");
    let names: Vec<_> = baselines
        .iter()
        .filter_map(|baseline| baseline["name"].as_str())
        .collect();
    for name in ["identity", "mean image", "pca", "jpeg"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    for baseline in baselines {
        for key in ["mse", "rmse", "ssim"] {
            number(&baseline[key]);
        }
        assert!(baseline.get("psnr").is_some() && baseline.get("bits_per_pixel").is_some());
    }
    let identity = &baselines[0];
    assert_eq!(
        (
            number(&identity["mse"]),
            number(&identity["bits_per_pixel"])
        ),
        (0.0, 8.0)
    );
}

#[test]
fn noise_brings_in_the_filters() {
    let run = FIXTURE.argument("plain");
    let clean = done(FIXTURE.path(), &format!("eval {run} --json")).json();
    let line = format!("eval {run} --json --noise gaussian:0.3");
    let noisy = done(FIXTURE.path(), &line).json();
    let names = |json: &serde_json::Value| -> Vec<String> {
        let baselines = json["baselines"].as_array().expect("a list").iter();
        baselines
            .filter_map(|b| Some(b["name"].as_str()?.to_owned()))
            .collect()
    };
    for filter in ["median", "gaussian", "non-local means"] {
        assert!(names(&noisy).iter().any(|name| name == filter), "{filter}");
        assert!(!names(&clean).iter().any(|name| name == filter), "{filter}");
    }
    let identity_mse = number(&noisy["baselines"][0]["mse"]);
    // Clipping takes a good part of the variance of 0.09 away.
    assert!((0.03..0.09).contains(&identity_mse), "{identity_mse}");
    // The noise that a denoiser was trained with is taken by itself, from the run's own seed.
    let denoiser = FIXTURE.argument("denoiser");
    let json = done(FIXTURE.path(), &format!("eval {denoiser} --json")).json();
    assert_eq!(json["noise"], "gaussian:0.3");
    let json = done(
        FIXTURE.path(),
        &format!("eval {denoiser} --json --noise none"),
    )
    .json();
    assert_eq!(json["noise"], serde_json::Value::Null);
}

#[test]
fn the_table_names_what_was_measured() {
    let run = FIXTURE.argument("plain");
    let text = done(FIXTURE.path(), &format!("eval {run} --limit 8")).stdout;
    for part in [
        "8 images",
        "this model",
        "identity",
        "mean image",
        "quality 50",
        "no compression",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn info_counts_the_code_against_the_image() {
    let table = [
        ("plain", "conv", 28 * 28 * 8, 32 * 7 * 7, false),
        ("narrow", "conv", 28 * 28 * 8, 12, true),
    ];
    for (run, kind, image_bits, code_numbers, is_compression) in table {
        let json = done(FIXTURE.path(), &format!("info {run} --json")).json();
        assert_eq!(json["kind"], kind);
        assert_eq!(json["input_shape"], serde_json::json!([1, 28, 28]));
        assert_eq!(json["code"]["image_bits"], image_bits);
        assert_eq!(json["code"]["code_numbers"], code_numbers);
        assert_eq!(json["code"]["code_bits"], code_numbers * 32);
        assert_eq!(json["is_compression"], is_compression);
        // By its file, the same.
        let file = format!("{run}/model.safetensors");
        let by_file = done(FIXTURE.path(), &format!("info {file} --json")).json();
        assert_eq!(by_file["parameters"], json["parameters"]);
    }
    let text = done(FIXTURE.path(), "info denoiser").stdout;
    assert!(text.contains("gaussian:0.3"), "{text}");
}

#[test]
fn pictures_are_drawn() {
    let folder = scratch();
    let (plain, denoiser) = (FIXTURE.argument("plain"), FIXTURE.argument("denoiser"));
    let data = FIXTURE.argument("drawings");
    for line in [
        format!("show {plain} --data {data} -o codes.png --count 4"),
        format!("show {denoiser} --data {data} -o noisy.png"),
        format!("show {plain} --losses -o losses.png"),
        format!("data show {data} -o grid.png"),
        format!("data noise {data} -o noises.png --count 5"),
    ] {
        done(folder.path(), &line);
    }
    for name in ["codes", "noisy", "losses", "grid", "noises"] {
        let picture = image::open(folder.path().join(format!("{name}.png"))).expect(name);
        let (width, height) = (picture.width(), picture.height());
        assert!(
            (300..=1700).contains(&width) && (100..=1300).contains(&height),
            "{name}"
        );
        let colours = picture
            .to_rgb8()
            .pixels()
            .collect::<std::collections::HashSet<_>>()
            .len();
        assert!(colours > 8, "{name} has {colours} colours");
    }
    // Nothing is drawn over.
    let before = fs::read(folder.path().join("grid.png")).expect("there");
    let ended = ae(
        folder.path(),
        &format!("data show {data} -o grid.png --count 3"),
    );
    assert_eq!(ended.code, 5, "{ended:?}");
    assert_eq!(
        fs::read(folder.path().join("grid.png")).expect("there"),
        before
    );
}
