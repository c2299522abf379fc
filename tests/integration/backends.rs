//! The same checkpoint on every backend, and which of them is taken.

use crate::codes::read_npy;
use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};
use crate::skipping::is_there;

/// What `ae devices` lists for `--backend`.
fn listed() -> Vec<serde_json::Value> {
    let json = done(FIXTURE.path(), "devices --json").json();
    json["devices"].as_array().expect("a list").clone()
}

/// The wgpu adapter to test on: a hardware one before a software one.
fn adapter(test: &str) -> Option<String> {
    let names: Vec<_> = listed()
        .iter()
        .filter_map(|device| Some(device["backend"].as_str()?.to_owned()))
        .collect();
    let found = names.into_iter().find(|name| name.starts_with("wgpu"));
    let test = format!("backends::{test} on wgpu");
    is_there(&test, "a wgpu adapter", found.is_some());
    found
}

#[test]
fn devices_lists_what_the_build_has_and_marks_one_for_auto() {
    let devices = listed();
    let automatic: Vec<_> = devices
        .iter()
        .filter(|device| device["auto"] == true)
        .collect();
    assert_eq!(automatic.len(), 1, "{devices:?}");
    assert_ne!(automatic[0]["backend"], "wgpu:cpu");
    let names: Vec<_> = devices
        .iter()
        .filter_map(|device| device["backend"].as_str())
        .collect();
    assert!(
        names.contains(&"flex") && names.contains(&"ndarray"),
        "{names:?}"
    );
    let json = done(FIXTURE.path(), "devices --json").json();
    assert!(
        json["backends"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|backend| backend["built"] == true)
    );
    let text = done(FIXTURE.path(), "devices").stdout;
    assert!(text.contains("taken by --backend auto"), "{text}");
}

#[test]
fn auto_never_takes_a_software_adapter() {
    let hardware = listed().iter().any(|device| device["software"] == false);
    let test = "backends::auto_never_takes_a_software_adapter";
    if !is_there(test, "a machine without a hardware GPU", !hardware) {
        return;
    }
    let folder = scratch();
    let data = FIXTURE.argument("drawings");
    let train =
        format!("train --data {data} --widths 4,4 --limit 4 --epochs 1 --json --quiet --backend");
    let json = done(folder.path(), &format!("{train} auto")).json();
    assert_eq!(json["device"], "flex (CPU)");
    // Asked for by name, a GPU that isn't there is an error, not a software adapter.
    let ended = ae(folder.path(), &format!("{train} wgpu"));
    assert_eq!(ended.code, 8, "{ended:#?}");
    assert_eq!(
        ended.lines("error:"),
        ["error: --backend wgpu: this machine has no hardware GPU that wgpu reaches"]
    );
}

#[test]
fn the_same_checkpoint_gives_the_same_outputs_on_every_backend() {
    let folder = scratch();
    let data = FIXTURE.argument("drawings");
    let wgpu = adapter("the_same_checkpoint_gives_the_same_outputs_on_every_backend");
    let others = ["ndarray"].into_iter().chain(wgpu.as_deref());
    let outputs = |command: &str, run: &str, backend: &str| {
        let out = format!("{command}-{}.npy", backend.replace(':', "-"));
        let line = format!(
            "{command} {run} --data {data} --part test --limit 3 --backend {backend} -o {out} --force"
        );
        done(folder.path(), &line);
        read_npy(&folder.path().join(out))
    };
    for other in others {
        for (command, run) in [
            ("encode", "plain"),
            ("reconstruct", "plain"),
            ("reconstruct", "narrow"),
        ] {
            let run = FIXTURE.argument(run);
            let (shape, expected) = outputs(command, &run, "flex");
            let (other_shape, found) = outputs(command, &run, other);
            assert_eq!(shape, other_shape);
            assert!(
                expected.iter().any(|value| *value > 0.01),
                "nothing to compare"
            );
            let furthest = expected
                .iter()
                .zip(&found)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(furthest <= 1e-4, "{command} on {other}: {furthest}");
            println!("{command} {run} on {other}: furthest {furthest:e}");
        }
    }
}

#[test]
fn a_model_trains_on_every_backend() {
    let folder = scratch();
    let data = FIXTURE.argument("drawings");
    let wgpu = adapter("a_model_trains_on_every_backend");
    let mut first_losses = Vec::new();
    for backend in ["flex", "ndarray"].into_iter().chain(wgpu.as_deref()) {
        let out = backend.replace(':', "-");
        let line = format!(
            "train --data {data} --widths 4,4 --limit 4 --batch-size 2 --epochs 1 --backend {backend} --out {out} \
             --json --quiet"
        );
        let json = done(folder.path(), &line).json();
        assert_eq!(json["steps"], 2, "{backend}");
        let log =
            std::fs::read_to_string(folder.path().join(&out).join("metrics.jsonl")).expect("a log");
        let first: serde_json::Value =
            serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
        first_losses.push(first["loss"].as_f64().expect("a number"));
    }
    // The same initial weights, the same batch.
    for loss in &first_losses {
        assert!((loss - first_losses[0]).abs() < 1e-5, "{first_losses:?}");
    }
}

#[test]
fn threads_do_not_change_a_result() {
    let folder = scratch();
    let (run, data) = (FIXTURE.argument("plain"), FIXTURE.argument("drawings"));
    let codes = |threads: &str| {
        let out = format!("{threads}.npy");
        done(
            folder.path(),
            &format!("encode {run} --data {data} --backend flex --threads {threads} -o {out}"),
        );
        read_npy(&folder.path().join(out)).1
    };
    assert!(codes("1") == codes("3"));
}
