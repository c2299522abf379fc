//! Runs too short to learn: the rate rises all the same, and the user is told.

use std::fs;
use std::path::Path;

use super::inputs::write_discs;
use crate::command::{Ended, done};
use crate::fixture::scratch;

const SMALL: &str =
    "train --data discs --model dense --widths 16 --latent 4 --backend flex --threads 1";

fn train(folder: &Path, more: &str) -> Ended {
    done(folder, &format!("{SMALL} {more}"))
}

/// The learning rate of every step of a run.
fn rates(run: &Path) -> Vec<f64> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let steps = lines.filter(|line: &serde_json::Value| line["kind"] == "step");
    steps
        .map(|line| line["learning_rate"].as_f64().expect("a rate"))
        .collect()
}

#[test]
fn the_warm_up_of_a_short_run_is_over_before_the_run_and_a_short_run_is_told_of() {
    let folder = scratch();
    write_discs(folder.path(), "discs", 0..40);
    // One step an epoch, and two.
    for (out, options, steps) in [
        ("one", "--epochs 10", 10),
        ("two", "--epochs 12 --batch-size 20", 24),
        ("single", "--epochs 1", 1),
    ] {
        let ended = train(
            folder.path(),
            &format!("{options} --schedule constant --out {out}"),
        );
        let rates = rates(&folder.path().join(out));
        assert_eq!(rates.len(), steps, "{out}");
        let risen = rates.iter().filter(|&&rate| rate == 0.008).count();
        assert!(risen >= steps - steps / 10, "{out}: {rates:?}");
        let told = ended.lines("warning: ");
        let said = |text: &str| told.iter().filter(|line| line.contains(text)).count();
        assert_eq!(
            said("in all: too few to learn much; more --epochs"),
            1,
            "{told:?}"
        );
        assert_eq!(said("warm-up"), 0, "{told:?}");
    }
}

#[test]
fn a_warm_up_that_was_asked_for_is_kept_with_a_warning() {
    let folder = scratch();
    write_discs(folder.path(), "discs", 0..40);
    let options = "--epochs 10 --schedule constant";
    let ended = train(
        folder.path(),
        &format!("{options} --warmup-steps 50 --out long"),
    );
    let expected: Vec<f64> = (1..=10)
        .map(|step| 0.008 * f64::from(step) / 50.0)
        .collect();
    let found = rates(&folder.path().join("long"));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
    let told =
        ended.lines("warning: the warm-up of 50 steps is not over when the run is, after 10 steps");
    assert_eq!(told.len(), 1, "{}", ended.stderr);
    // The file says what was asked for, and gives the same run.
    let config = fs::read_to_string(folder.path().join("long/config.toml")).expect("there");
    assert!(config.contains("warmup_steps = 50"), "{config}");
    done(
        folder.path(),
        "train --config long/config.toml --backend flex --out again --quiet",
    );
    assert_eq!(rates(&folder.path().join("again")), found);
    // A twentieth of the run is nothing to speak of.
    let ended = train(folder.path(), "--epochs 100 --warmup-steps 5 --out fine");
    assert!(
        ended.lines("warning: the warm-up").is_empty(),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_run_of_usual_length_is_not_warned_of() {
    let folder = scratch();
    write_discs(folder.path(), "discs", 0..40);
    let ended = train(folder.path(), "--epochs 60 --batch-size 8 --out run");
    let told = ended.lines("warning: ");
    assert!(
        !told
            .iter()
            .any(|line| line.contains("too few") || line.contains("warm-up")),
        "{told:?}"
    );
    let config = fs::read_to_string(folder.path().join("run/config.toml")).expect("there");
    assert!(config.contains("warmup_steps = \"auto\""), "{config}");
}
