//! Training on patches of pictures of any sizes, with what denoisers of the literature are trained by.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::scratch;

/// Pictures of several sizes, the smallest 24 by 20, as portable gray maps or, every third, pixmaps.
fn write_pictures(folder: &Path, count: usize, in_color: bool) {
    fs::create_dir_all(folder).expect("a folder");
    for number in 0..count {
        let (width, height) = (24 + number * 7 % 30, 20 + number * 11 % 25);
        let channels = if in_color && number % 3 == 0 { 3 } else { 1 };
        let mut bytes = format!(
            "P{} {width} {height} 255\n",
            if channels == 3 { 6 } else { 5 }
        )
        .into_bytes();
        for place in 0..width * height {
            let (x, y) = (place % width, place / width);
            let wave = ((x * (1 + number % 5)) as f64 / 6.0).sin()
                + (y as f64 / (3 + number % 4) as f64).cos();
            let edge = if x > width / 2 { 40.0 } else { 0.0 };
            bytes.extend(
                (0..channels)
                    .map(|channel| (110.0 + 40.0 * wave + edge + 10.0 * channel as f64) as u8),
            );
        }
        fs::write(folder.join(format!("{number:02}.pnm")), bytes).expect("written");
    }
}

const TRAIN: &str = "train --data photos --patch 16 --model conv --widths 4,8 --batch-size 8 --backend flex --quiet";

#[test]
fn a_denoiser_is_trained_measured_and_used() {
    let folder = scratch();
    let path = folder.path();
    write_pictures(&path.join("photos"), 20, false);
    write_pictures(&path.join("others"), 4, false);
    let line = "--steps 12 --patches-per-epoch 40 --noise gaussian:25/255 --noise-clip off --ema .9 --loss l1 \
                --milestones 4,8 --milestone-factor .1 --out run --json";
    let summary = done(path, &format!("{TRAIN} {line}")).json();
    assert_eq!(
        (&summary["steps"], &summary["epochs"]),
        (&12.into(), &3.into())
    );
    let config: toml::Table = fs::read_to_string(path.join("run/config.toml"))
        .expect("a configuration")
        .parse()
        .expect("TOML");
    assert_eq!(config["data"]["patch"].as_integer(), Some(16));
    assert_eq!(config["data"]["patches_per_epoch"].as_integer(), Some(40));
    let train = &config["train"];
    assert_eq!(
        train["noise"].as_str(),
        Some("gaussian:0.09803922,clip:off")
    );
    assert_eq!(train["steps"].as_integer(), Some(12));
    assert_eq!(train["ema"].as_float(), Some(0.9));
    assert_eq!(train["schedule"]["kind"].as_str(), Some("milestones"));
    assert_eq!(train["loss"].as_str(), Some("l1"));
    let info = done(path, "info run").stdout;
    assert!(
        info.contains("patches of 16x16 from pictures of any sizes"),
        "{info}"
    );

    // The same patches of the same pictures under the same noise.
    let evaluation = done(path, "eval run --backend flex --json").json();
    assert_eq!(evaluation["model"]["mse"], summary["model"]["mse"]);
    assert_eq!(evaluation["relation"], "own");
    assert_eq!(evaluation["noise"], "gaussian:0.09803922,clip:off");
    let noisy = evaluation["baselines"].as_array().expect("baselines");
    let noisy = noisy
        .iter()
        .find(|row| row["name"] == "identity")
        .expect("the noisy images");
    let psnr = noisy["psnr"].as_f64().expect("a number");
    // -20 log10(25/255) = 20.17, and half a decibel more where black and white are clipped.
    assert!((psnr - 20.17).abs() < 0.25, "{psnr}");
    let others = done(path, "eval run --data others --backend flex --json").json();
    assert_eq!(others["relation"], "foreign");
    assert_eq!(
        (&others["images"], &others["whole_pictures"]),
        (&4.into(), &true.into())
    );
    let patches = done(
        path,
        "eval run --data others --patch 16 --backend flex --json",
    )
    .json();
    assert_eq!(patches["images"], 16);
    assert!(patches["whole_pictures"].is_null());

    // Pictures of any size are denoised.
    let line = "denoise others/01.pnm -o clean.png --model run --noise gaussian:25/255 --noise-clip off --backend flex --json";
    let denoised = done(path, line).json();
    assert_eq!(denoised["noise"], "gaussian:0.09803922,clip:off");
    let clean = image::open(path.join("clean.png")).expect("a picture");
    assert_eq!((clean.width(), clean.height()), (31, 31));

    // Longer, and as it was told; nothing else may change.
    done(path, "train --resume run --steps 20 --backend flex --quiet");
    for option in [
        "--patch 8",
        "--patches-per-epoch 9",
        "--ema .5",
        "--noise-clip on",
        "--milestones 3",
    ] {
        let ended = ae(path, &format!("train --resume run {option}"));
        assert_eq!(ended.code, 2, "{option}: {ended:#?}");
        assert!(
            ended.stderr.contains("cannot be changed while resuming"),
            "{option}: {ended:#?}"
        );
    }
    let ended = ae(path, "train --resume run --steps 19 --backend flex");
    assert_eq!(ended.code, 2, "{ended:#?}");
    let errors = ended.lines("error: ");
    assert!(
        errors[0].ends_with("run has taken 20 steps: it cannot end with step 19"),
        "{ended:#?}"
    );
}

#[test]
fn color_and_small_pictures_are_told_of() {
    let folder = scratch();
    let path = folder.path();
    write_pictures(&path.join("photos"), 12, true);
    fs::write(
        path.join("photos/tiny.pgm"),
        b"P5 9 30 255\n"
            .iter()
            .copied()
            .chain([7; 270])
            .collect::<Vec<_>>(),
    )
    .expect("written");
    let line = format!("{} --epochs 1 --out color", TRAIN.replace(" --quiet", ""));
    let ended = done(path, &line);
    assert!(
        ended
            .stderr
            .contains("1 picture smaller than the patch of 16x16"),
        "{ended:#?}"
    );
    assert!(
        ended
            .stderr
            .contains("left out, smaller than the patch of 16x16: tiny.pgm (9x30)"),
        "{ended:#?}"
    );
    assert!(done(path, "info color").stdout.contains("16x16x3"));
    done(
        path,
        &format!("{TRAIN} --channels gray --epochs 1 --out gray"),
    );
    assert!(done(path, "info gray").stdout.contains("16x16x1"));
    let info = done(path, "data info photos --patch 16").stdout;
    assert!(
        info.contains("left out, smaller than the patch of 16x16: tiny.pgm (9x30)"),
        "{info}"
    );
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    let folder = scratch();
    let path = folder.path();
    write_pictures(&path.join("photos"), 6, false);
    let train = "train --data photos --model conv --widths 4 --backend flex --out run";
    for (options, error, hint) in [
        (
            "--patch 64",
            "a patch of 64x64 is larger than every picture of photos; the largest is 52x39",
            "--patch 39 or less",
        ),
        (
            "--patches-per-epoch 9 --size 16",
            "--patches-per-epoch: needs a --patch",
            "",
        ),
        (
            "",
            "images differ in size: photos/00.pnm is 24x20, photos/01.pnm is 31",
            "--patch 64 cuts patches from pictures of any sizes",
        ),
    ] {
        let ended = ae(path, &format!("{train} {options}"));
        assert_eq!(ended.code, 2, "{options}: {ended:#?}");
        let errors = ended.lines("error: ");
        assert_eq!(errors.len(), 1, "{options}: {ended:#?}");
        assert!(errors[0].contains(error), "{options}: {ended:#?}");
        assert!(
            ended.lines("hint: ").concat().contains(hint),
            "{options}: {ended:#?}"
        );
        assert!(!path.join("run").exists(), "{options}");
    }
    for options in [
        "--patch 16 --size 32",
        "--patch 16 --binarize static",
        "--patch 0",
        "--steps 3 --epochs 2",
    ] {
        let ended = ae(path, &format!("{train} {options}"));
        assert_eq!(ended.code, 2, "{options}: {ended:#?}");
        assert!(ended.stderr.starts_with("error: "), "{options}: {ended:#?}");
    }
}

/// A defect is found wherever it lies, and every picture is judged once.
#[test]
fn pictures_are_judged_by_the_patches_that_cover_them() {
    let folder = scratch();
    let path = folder.path();
    write_pictures(&path.join("photos"), 60, false);
    done(
        path,
        &format!("{TRAIN} --steps 60 --patches-per-epoch 160 --validation-share .4 --out run"),
    );
    write_pictures(&path.join("delivery"), 12, false);
    write_pictures(&path.join("others"), 3, false);
    // Noise in the corner of one, which is far from its center.
    let file = path.join("delivery/05.pnm");
    let mut bytes = fs::read(&file).expect("a picture");
    let (width, pixels) = (
        24 + 5 * 7 % 30,
        bytes.len() - (24 + 5 * 7 % 30) * (20 + 55 % 25),
    );
    for (row, column) in (0..6).flat_map(|row| (0..6).map(move |column| (row, column))) {
        bytes[pixels + row * width + column] = (row * 97 + column * 61 % 7 * 40) as u8;
    }
    fs::write(&file, bytes).expect("written");
    let line = "anomaly run --data delivery --foreign others --false-alarm-rate .1 --backend flex --out heat.png --json";
    let json = done(path, line).json();
    assert_eq!(json["judged"]["images"], 12);
    assert_eq!(json["foreign"]["images"], 3);
    assert!(path.join("heat.png").is_file());
    // Validation pictures, not patches of them.
    let calibrated = json["calibration"]["images"].as_u64().expect("a number");
    assert!((10..60).contains(&calibrated), "{json:#}");
    assert!(
        json["score_is"]
            .as_str()
            .is_some_and(|words| words.contains("patches of 16x16 that cover a picture")),
        "{json:#}"
    );
    let files = json["judged"]["files"].as_array().expect("files");
    let mut scored: Vec<(f64, &str)> = files
        .iter()
        .map(|file| {
            (
                file["score"].as_f64().expect("a score"),
                file["file"].as_str().expect("a name"),
            )
        })
        .collect();
    assert!(
        scored.iter().map(|(_, name)| name).eq(&(0..12)
            .map(|number| format!("{number:02}.pnm"))
            .collect::<Vec<_>>())
    );
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert_eq!(scored[0].1, "05.pnm", "{scored:?}");
    let verdicts = files.iter().filter(|file| file["verdict"] == "anomalous");
    assert!(
        verdicts.clone().any(|file| file["file"] == "05.pnm"),
        "{json:#}"
    );
}
