//! A2: every file of a delivery is judged, by name.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::inputs::{cut, defect, disc, write};
use super::parts_run::PARTS;
use crate::command::{ae, done};
use crate::fixture::scratch;

/// Twenty parts of which every fifth has a defect, a cut picture and a text.
fn deliver(folder: &Path) {
    for number in 0..20 {
        let (name, picture) = match number % 5 {
            0 => ("bad", defect(5_000 + number).0),
            _ => ("ok", disc(5_000 + number)),
        };
        write(
            folder,
            format!("delivery/{name}_{number:02}.png"),
            &picture.png(),
        );
    }
    write(folder, "delivery/ok_05b.png", &cut(&disc(1).png(), 50));
    write(folder, "delivery/notes.txt", b"from the supplier");
}

fn line(more: &str) -> String {
    format!("anomaly {} --threads 1 {more}", PARTS.argument("run"))
}

fn names(json: &Value) -> Vec<String> {
    let files = json["judged"]["files"].as_array().expect("a list").iter();
    files
        .map(|file| file["file"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn every_file_is_judged_in_the_folders_order_and_unreadable_ones_are_listed() {
    let folder = scratch();
    deliver(folder.path());
    let json = done(folder.path(), &line("--data delivery --json")).json();
    let mut expected: Vec<String> = fs::read_dir(folder.path().join("delivery"))
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name != "notes.txt")
        .collect();
    expected.sort();
    assert_eq!(names(&json), expected);
    assert_eq!(json["judged"]["images"], 20);
    assert_eq!(json["judged"]["unreadable"], 1);
    let files = json["judged"]["files"].as_array().expect("a list");
    for file in files {
        let name = file["file"].as_str().expect("a name");
        let is_unreadable = name == "ok_05b.png";
        assert_eq!(file["verdict"] == "unreadable", is_unreadable, "{file}");
        assert_eq!(file["score"].is_null(), is_unreadable, "{file}");
        assert_eq!(file["reason"].is_string(), is_unreadable, "{file}");
    }
    // A black square of 25 pixels is seen by any model; a bright one on a bright disc may not be.
    let bad = files.iter().filter(|file| {
        file["file"]
            .as_str()
            .is_some_and(|name| name.starts_with("bad"))
    });
    let highest = files
        .iter()
        .filter_map(|file| file["score"].as_f64())
        .fold(f64::NEG_INFINITY, f64::max);
    assert!(
        bad.into_iter()
            .any(|file| file["score"].as_f64() == Some(highest)),
        "{json}"
    );
    // Text has a line for each, in the same order.
    let text = done(folder.path(), &line("--data delivery")).stdout;
    let listed: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.ends_with(".png"))
        .collect();
    assert_eq!(listed, expected);
    assert!(text.contains("unreadable"), "{text}");
}

#[test]
fn files_are_sorted_by_score_and_written_as_csv() {
    let folder = scratch();
    deliver(folder.path());
    let sorted = line("--data delivery --sort score --csv verdicts.csv --json");
    let json = done(folder.path(), &sorted).json();
    let scores: Vec<f64> = json["judged"]["files"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|file| file["score"].as_f64())
        .collect();
    assert!(
        scores.len() == 20 && scores.is_sorted_by(|a, b| a >= b),
        "{scores:?}"
    );
    let csv = fs::read_to_string(folder.path().join("verdicts.csv")).expect("a file");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "set,file,class,score,p_value,verdict,reason");
    let files: Vec<&str> = rows[1..]
        .iter()
        .filter_map(|row| row.split(',').nth(1))
        .collect();
    assert_eq!(files, names(&json));
    let first: f64 = rows
        .iter()
        .skip(1)
        .find_map(|row| row.split(',').nth(3)?.parse().ok())
        .expect("a score");
    assert_eq!(first, scores[0]);
    // A file that exists is not written over.
    let again = ae(folder.path(), &sorted);
    assert_ne!(again.code, 0);
    assert!(again.stderr.contains("exists"), "{again:?}");
}

#[test]
fn the_same_threshold_judges_one_file_and_many() {
    let folder = scratch();
    deliver(folder.path());
    fs::create_dir(folder.path().join("one")).expect("a folder");
    fs::copy(
        folder.path().join("delivery/bad_00.png"),
        folder.path().join("one/bad_00.png"),
    )
    .expect("copied");
    let many = done(folder.path(), &line("--data delivery --json")).json();
    let one = done(folder.path(), &line("--data one --json")).json();
    assert_eq!(one["threshold"], many["threshold"]);
    let (alone, beside) = (&one["judged"]["files"][0], &many["judged"]["files"][0]);
    for key in ["file", "p_value", "verdict"] {
        assert_eq!(alone[key], beside[key], "{key}");
    }
    assert_eq!(one["judged"]["images"], 1);
}

#[test]
fn good_beside_other_folders_is_measured_by_auroc_beside_trivial_scores() {
    let folder = scratch();
    for number in 0..12 {
        let good = disc(6_000 + number);
        write(
            folder.path(),
            format!("set/good/{number:02}.png"),
            &good.png(),
        );
        let (broken, _) = defect(7_000 + number);
        write(
            folder.path(),
            format!("set/broken/{number:02}.png"),
            &broken.png(),
        );
    }
    let json = done(folder.path(), &line("--data set --json")).json();
    let files = json["judged"]["files"].as_array().expect("a list");
    let of = |class: &str| -> Vec<f64> {
        let files = files.iter().filter(|file| file["class"] == class);
        files.filter_map(|file| file["score"].as_f64()).collect()
    };
    let (good, broken) = (of("good"), of("broken"));
    assert_eq!((good.len(), broken.len()), (12, 12));
    let pairs = good.iter().flat_map(|a| broken.iter().map(move |b| (a, b)));
    let expected = pairs.filter(|(a, b)| b > a).count() as f64 / 144.0;
    let found = json["auroc"].as_f64().expect("a number");
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    let scores = json["detections"][0]["scores"].as_array().expect("a list");
    let names: Vec<&str> = scores
        .iter()
        .filter_map(|row| row["name"].as_str())
        .collect();
    for name in [
        "error",
        "complexity",
        "distance",
        "mean brightness",
        "PNG length",
        "2 nearest in pixels",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    assert_eq!(json["false_alarms"]["images"], 12);
    let text = done(folder.path(), &line("--data set -o maps.png")).stdout;
    assert!(
        text.contains("AUROC") && text.contains("mean brightness"),
        "{text}"
    );
    let picture = image::open(folder.path().join("maps.png")).expect("a picture");
    assert!(picture.width() > 600 && picture.height() > 400);
}

#[test]
fn masks_say_how_well_the_place_of_a_defect_is_found() {
    let folder = scratch();
    for number in 0..8 {
        let good = disc(8_000 + number);
        write(
            folder.path(),
            format!("mvtec/train/good/{number:03}.png"),
            &disc(8_100 + number).png(),
        );
        write(
            folder.path(),
            format!("mvtec/test/good/{number:03}.png"),
            &good.png(),
        );
        let (broken, mask) = defect(8_200 + number);
        write(
            folder.path(),
            format!("mvtec/test/broken/{number:03}.png"),
            &broken.png(),
        );
        let name = format!("mvtec/ground_truth/broken/{number:03}_mask.png");
        write(folder.path(), name, &mask.png());
    }
    let text = done(folder.path(), &line("--data mvtec --part test")).stdout;
    assert!(text.contains("per-region overlap"), "{text}");
    let json = done(folder.path(), &line("--data mvtec --part test --json")).json();
    assert_eq!(json["judged"]["images"], 16);
    let found = &json["detections"][0]["localization"];
    assert_eq!(found["regions"], 8);
    // A square that is black or bright where parts are not is a large error at its pixels.
    for measure in ["pixel_auroc", "per_region_overlap"] {
        let value = found[measure].as_f64().expect("a number");
        assert!((0.7..=1.0).contains(&value), "{measure}: {json}");
    }
    // All of a set that the run was not trained on is judged where no part is named.
    let all = done(folder.path(), &line("--data mvtec --json")).json();
    assert_eq!(all["judged"]["images"], 24);
}
