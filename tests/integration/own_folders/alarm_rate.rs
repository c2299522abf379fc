//! A1: the rate of false alarms on normal images that the run never saw is the one asked for.

use std::fs;

use serde_json::Value;

use super::inputs::{Picture, disc, write};
use super::parts_run::PARTS;
use crate::command::{ae, done};
use crate::fixture::scratch;

fn anomaly(line: &str) -> Value {
    let (run, fresh) = (PARTS.argument("run"), PARTS.argument("fresh"));
    let line = format!("anomaly {run} --threads 1 --json {line}").replace("FRESH", &fresh);
    done(PARTS.path(), &line).json()
}

fn numbers(files: &Value, key: &str) -> Vec<f64> {
    let files = files.as_array().expect("a list").iter();
    files
        .map(|file| file[key].as_f64().expect("a number"))
        .collect()
}

#[test]
fn fresh_normal_images_are_called_anomalous_as_seldom_as_was_asked() {
    for (score, rate) in [
        ("error", 0.05),
        ("error", 0.2),
        ("complexity", 0.2),
        ("distance", 0.2),
    ] {
        let json = anomaly(&format!(
            "--data FRESH --score {score} --false-alarm-rate {rate}"
        ));
        let share = json["judged"]["anomalous_share"].as_f64().expect("a share");
        let interval = &json["calibration"]["rate_interval"];
        let [low, high] = [0, 1].map(|end| interval[end].as_f64().expect("a rate"));
        // The interval holds the rate with nine in ten; three times its width holds it always.
        let slack = high - low;
        assert!(
            (low - slack..high + slack).contains(&share),
            "{score} at {rate}: {share}, not {low} to {high}"
        );
        let expected = json["calibration"]["expected_rate"].as_f64();
        assert!(expected.is_some_and(|expected| expected <= rate), "{json}");
    }
    // The run is one that a threshold from its training images would be wrong for by far.
    let of_part = |part: &str| {
        numbers(
            &anomaly(&format!("--part {part}"))["judged"]["files"],
            "score",
        )
    };
    let (mut train, fresh) = (of_part("train"), anomaly("--data FRESH --score error"));
    train.sort_by(f64::total_cmp);
    let naive = train[train.len() * 19 / 20];
    let fresh = numbers(&fresh["judged"]["files"], "score");
    let above = fresh.iter().filter(|&&score| score > naive).count();
    assert!(above * 5 > fresh.len(), "{above} of {}", fresh.len());
}

#[test]
fn p_values_count_the_validation_images_that_score_as_high() {
    let validation = anomaly("--part validation");
    let validation = numbers(&validation["judged"]["files"], "score");
    let json = anomaly("--data FRESH --false-alarm-rate 0.1");
    assert_eq!(json["calibration"]["images"], validation.len());
    let files = &json["judged"]["files"];
    let (scores, p_values) = (numbers(files, "score"), numbers(files, "p_value"));
    for (index, (score, p_value)) in scores.iter().zip(p_values).enumerate() {
        let as_high = validation.iter().filter(|&other| other >= score).count();
        let expected = (1 + as_high) as f64 / (1 + validation.len()) as f64;
        assert!((p_value - expected).abs() < 1e-12, "{index}");
        let verdict = if p_value <= 0.1 {
            "anomalous"
        } else {
            "normal"
        };
        assert_eq!(files[index]["verdict"], verdict, "{index}: {p_value}");
    }
}

#[test]
fn a_rate_that_takes_more_images_has_no_threshold() {
    let (run, fresh) = (PARTS.argument("run"), PARTS.argument("fresh"));
    let line = format!("anomaly {run} --data {fresh} --threads 1 --false-alarm-rate 0.001");
    let told = done(PARTS.path(), &line);
    assert!(told.stdout.contains("no threshold"), "{told:?}");
    let warning = told.lines("warning: no threshold").join("\n");
    assert!(warning.contains("takes 999"), "{told:?}");
    let json = done(PARTS.path(), &format!("{line} --json")).json();
    assert!(json["threshold"].is_null() && json["judged"]["anomalous"].is_null());
    let smallest = json["calibration"]["smallest_rate"].as_f64();
    let images = json["calibration"]["images"].as_f64().expect("a number");
    assert!(smallest.is_some_and(|rate| (rate - 1.0 / (images + 1.0)).abs() < 1e-12));
    let file = &json["judged"]["files"][0];
    assert!(file["score"].is_number() && file["p_value"].is_number());
    assert!(file["verdict"].is_null());
}

#[test]
fn the_measured_rate_stands_beside_the_one_asked_for_and_disagreement_is_warned_of() {
    let folder = scratch();
    let brighter = |picture: &Picture| {
        let values = picture.bytes().iter().map(|byte| byte.saturating_add(30));
        Picture::new(32, 32, 1, values.collect())
    };
    for number in 0..30 {
        let (normal, other) = (disc(2_000 + number), brighter(&disc(3_000 + number)));
        write(
            folder.path(),
            format!("alike/good/{number:02}.png"),
            &normal.png(),
        );
        write(
            folder.path(),
            format!("other/good/{number:02}.png"),
            &other.png(),
        );
    }
    let run = PARTS.argument("run");
    for (set, agrees) in [("alike", true), ("other", false)] {
        let line = format!("anomaly {run} --data {set} --threads 1");
        let told = done(folder.path(), &line);
        let false_alarms = "of 30 normal images";
        assert!(told.stdout.contains(false_alarms), "{set}: {told:?}");
        let warned = told
            .lines("warning: ")
            .iter()
            .any(|line| line.contains("false alarms"));
        assert_eq!(warned, !agrees, "{set}: {told:?}");
        let json = done(folder.path(), &format!("{line} --json")).json();
        let measured = &json["false_alarms"];
        assert_eq!(measured["disagrees"], !agrees, "{json}");
        let files = json["judged"]["files"].as_array().expect("a list").iter();
        let alarms = files.filter(|file| file["verdict"] == "anomalous").count();
        assert_eq!(measured["alarms"], alarms);
        // One class alone is nothing to tell apart.
        assert!(json["auroc"].is_null());
    }
}

#[test]
fn the_own_set_is_judged_by_images_that_are_not_calibrated_on() {
    let json = anomaly("");
    assert_eq!(
        (&json["judged"]["relation"], &json["judged"]["part"]),
        (&"own".into(), &"test".into())
    );
    let test = anomaly("--part test");
    let of = |json: &Value| -> Vec<String> {
        let files = json["judged"]["files"].as_array().expect("a list").iter();
        files.map(|file| file["file"].to_string()).collect()
    };
    let validation = of(&anomaly("--part validation"));
    assert_eq!(of(&json), of(&test));
    assert!(of(&json).iter().all(|file| !validation.contains(file)));
    assert_eq!(json["false_alarms"]["images"], json["judged"]["images"]);
}

#[test]
fn without_the_own_set_there_is_no_threshold_unless_normal_images_are_named() {
    let folder = scratch();
    let elsewhere = scratch();
    let copy = PARTS.copied_model(folder.path());
    let (fresh, normal) = (PARTS.argument("fresh"), elsewhere.path().join("moved"));
    // The set that was trained on, moved and the original out of reach of the copy: named, it is known again.
    fs::create_dir(&normal).expect("a folder");
    for entry in fs::read_dir(PARTS.path().join("normal")).expect("a folder") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), normal.join(entry.file_name())).expect("copied");
    }
    let line = format!(
        "anomaly {} --data {fresh} --threads 1 --json",
        copy.display()
    );
    let usual = done(folder.path(), &line).json();
    let named = done(
        folder.path(),
        &format!("{line} --normal {}", normal.display()),
    )
    .json();
    assert_eq!(
        named["calibration"]["images"],
        usual["calibration"]["images"]
    );
    assert_eq!(named["threshold"], usual["threshold"]);
    // Other normal images are calibrated on as a whole.
    let other = format!(
        "anomaly {} --data {fresh} --normal {fresh} --threads 1 --json",
        copy.display()
    );
    assert_eq!(
        done(folder.path(), &other).json()["calibration"]["images"],
        200
    );
    let refused = ae(folder.path(), &format!("{line} --normal nowhere"));
    assert_ne!(refused.code, 0, "{refused:?}");
}
