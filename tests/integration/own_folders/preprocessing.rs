//! How images are brought to the model's form is in the model file, and every command uses it, wherever the file lies.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::inputs::{Picture, scene, write};
use crate::codes::read_npy;
use crate::command::{ae, done};
use crate::fixture::scratch;

/// A picture wider than high, of its own for every number.
fn wide(channels: usize, number: u64) -> Picture {
    scene(48, 16, channels, number)
}

/// Writes pictures, some as PNG and some as TIFF.
fn write_wide(folder: &Path, name: &str, channels: usize, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let picture = wide(channels, number);
        let (ending, bytes) = match number % 3 {
            0 => ("tif", picture.tiff()),
            _ => ("png", picture.png()),
        };
        write(folder, format!("{name}/{number:02}.{ending}"), &bytes);
    }
}

/// The numbers of a command's `.npy` file.
fn numbers(folder: &Path, line: &str) -> Vec<f32> {
    let out = folder.join("out.npy");
    let _ = fs::remove_file(&out);
    done(folder, &format!("{line} -o out.npy --backend flex --quiet"));
    read_npy(&out).1
}

#[test]
fn a_model_file_takes_its_preprocessing_along() {
    for (channels, options) in [
        (1, "--size 16 --fit pad"),
        (1, "--size 16 --fit stretch"),
        (1, "--size 16 --fit crop"),
        (3, "--size 20x12 --fit pad --channels gray"),
        (3, "--size 16 --fit stretch --channels rgb"),
        (1, "--size 16 --fit pad --binarize static"),
        (
            1,
            "--size 16 --fit stretch --binarize dynamic --channels rgb",
        ),
    ] {
        let folder = scratch();
        let path = folder.path();
        write_wide(path, "wide", channels, 0..20);
        write_wide(path, "more", channels, 50..56);
        done(
            path,
            &format!(
                "train --data wide {options} --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet"
            ),
        );
        // Another folder, another name, no config.toml, and the set moved.
        let elsewhere = scratch();
        let away = elsewhere.path();
        fs::copy(
            path.join("run/model.safetensors"),
            away.join("m.safetensors"),
        )
        .expect("copied");
        write_wide(away, "copy", channels, 0..20);
        write_wide(away, "more", channels, 50..56);
        for (line, copied) in [
            (
                "encode run --part all",
                "encode m.safetensors --data copy --part all",
            ),
            ("encode run", "encode m.safetensors --data copy"),
            ("encode run --data more", "encode m.safetensors --data more"),
            (
                "reconstruct run --data more",
                "reconstruct m.safetensors --data more",
            ),
            ("reconstruct run", "reconstruct m.safetensors --data copy"),
            // A picture alone.
            (
                "encode run --data more/51.tif",
                "encode m.safetensors --data more/51.tif",
            ),
        ] {
            let (at_home, away) = (numbers(path, line), numbers(away, copied));
            assert!(!at_home.is_empty());
            assert!(at_home == away, "{options}: {line}");
        }
        // And by its options, on a model file that says nothing of them, the same.
        let own = numbers(path, "reconstruct run --data more");
        let explicit = numbers(path, &format!("reconstruct run --data more {options}"));
        assert!(own == explicit, "{options}");
        let info = done(away, "info m.safetensors --json").json();
        let card = &info["data_card"];
        let fit = options
            .split(' ')
            .skip_while(|&word| word != "--fit")
            .nth(1);
        assert_eq!(card["fit"].as_str(), fit, "{card}");
        let set = path.join("wide").canonicalize().expect("a folder");
        assert_eq!(card["source"].as_str(), set.to_str());
    }
}

#[test]
fn the_fit_makes_a_difference_that_is_not_forgotten() {
    let folder = scratch();
    let path = folder.path();
    write_wide(path, "wide", 1, 0..20);
    done(
        path,
        "train --data wide --size 16 --fit pad --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
    let mse = |more: &str| {
        let line = format!("reconstruct run {more} -o again --force --backend flex --json");
        done(path, &line).json()["mse"].as_f64().expect("a number")
    };
    let own = mse("--part all");
    assert_eq!(own, mse("--data wide --part all"));
    write_wide(path, "copy", 1, 0..20);
    assert_eq!(own, mse("--data copy --part all"));
    assert_ne!(own, mse("--data wide --part all --fit crop"));
}

#[test]
fn a_file_of_an_earlier_version_takes_it_from_beside_it_or_says_that_it_is_unknown() {
    let folder = scratch();
    let path = folder.path();
    write_wide(path, "wide", 1, 0..20);
    // As a build of before wrote it: a configuration without a division, and a card without data.
    done(
        path,
        "train --data wide --size 16 --fit pad --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
    let model = path.join("run/model.safetensors");
    let newer = numbers(path, "encode run --data wide --part all");
    without_data(&model);
    let config = path.join("run/config.toml");
    let text = fs::read_to_string(&config).expect("read");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("validation_share"))
        .collect();
    fs::write(&config, lines.join("\n")).expect("written");
    let line = "encode run --data wide --part all";
    assert!(newer == numbers(path, line), "from config.toml");
    fs::copy(&model, path.join("m.safetensors")).expect("copied");
    let ended = done(
        path,
        "encode m.safetensors --data wide -o unknown.npy --backend flex",
    );
    assert_eq!(
        ended
            .lines("warning: how images were brought to m.safetensors is unknown")
            .len(),
        1,
        "{ended:?}"
    );
    let refused = ae(path, "encode m.safetensors -o none.npy --backend flex");
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.stderr.contains("doesn't say where the images are"),
        "{refused:?}"
    );
    let info = done(path, "info m.safetensors").stdout;
    assert!(info.contains("unknown"), "{info}");
}

/// Makes a model file one of version 1.
fn without_data(file: &Path) {
    let bytes = fs::read(file).expect("a model");
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    let (header, tensors) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).expect("JSON");
    let metadata = header["__metadata__"].as_object_mut().expect("metadata");
    assert!(metadata.remove("data").is_some());
    metadata.insert("format_version".to_owned(), "1".into());
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    fs::write(file, [&length, &*header, tensors].concat()).expect("written");
}

#[test]
fn what_is_cropped_or_loses_its_color_is_said() {
    let folder = scratch();
    let path = folder.path();
    for number in 0..12 {
        write(
            path,
            format!("square/{number}.png"),
            &scene(16, 16, 1, number).png(),
        );
    }
    let (cropped, grayed) = ("cropped to their middle", "in color are read as gray");
    let said = |line: &str| {
        let said = done(path, line).stderr;
        (said.contains(cropped), said.contains(grayed))
    };
    let train =
        "train --data square --model dense --widths 8,4 --epochs 1 --out run --backend flex";
    assert_eq!(said(train), (false, false));
    write(path, "wide/1.png", &wide(1, 3).png());
    write(path, "color/1.png", &scene(16, 16, 3, 4).png());
    write(path, "both/1.jpg", &wide(3, 5).jpeg(90));
    for (name, expected) in [
        ("square", (false, false)),
        ("wide", (true, false)),
        ("color", (false, true)),
        ("both", (true, true)),
        ("wide --fit pad", (false, false)),
    ] {
        let line = format!("encode run --data {name} -o codes.npy --force --part all");
        assert_eq!(said(&line), expected, "{name}");
        let line = format!("anomaly run --data {name}");
        assert_eq!(said(&line), expected, "{name}");
    }
}
