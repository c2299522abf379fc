//! Threads change the speed and no bit; `ae bench` measures it.

use std::fs;
use std::path::Path;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch, write_set};

#[test]
fn two_hundred_steps_give_the_same_bytes_on_any_number_of_threads() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 80, 16);
    for backend in ["flex", "ndarray"] {
        let model = |threads: &str| {
            let out = format!("{backend}-{threads}");
            let line = format!(
                "train --data drawings --widths 8,32,48 --batch-size 40 --epochs 100 --quiet --noise gaussian:0.3 \
                 --backend {backend} --threads {threads} --out {out}"
            );
            let ended = done(folder.path(), &line);
            assert!(ended.stdout.contains("200 steps"), "{}", ended.stdout);
            fs::read(folder.path().join(out).join("model.safetensors")).expect("a model")
        };
        let one = model("1");
        assert!(model("2") == one, "{backend}, 2 threads");
        assert!(model("3") == one, "{backend}, 3 threads");
    }
}

#[test]
fn bench_measures_training_and_inference() {
    let folder = scratch();
    let model = FIXTURE.argument("plain");
    let bench = |more: &str| {
        let line = format!(
            "bench {model} --batch-size 4 --steps 2 --rounds 2 --json --backend flex {more}"
        );
        done(folder.path(), &line).json()
    };
    for more in ["", "--burn-operations --noise gaussian:0.5"] {
        let json = bench(more);
        for task in ["train", "infer"] {
            let measured = &json[format!("{task}_images_per_second")];
            assert_eq!(measured["rounds"].as_array().map(Vec::len), Some(2));
            assert!(measured["median"].as_f64() > Some(0.0));
        }
    }
}

#[test]
fn a_run_by_burns_operations_is_the_same_run_computed_otherwise() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 32, 8);
    for kind in [
        "",
        "--model vae --latent 4",
        "--model sparse --latent 8",
        "--model contractive --latent 4",
    ] {
        let run = |name: &str, more: &str| {
            let fixed = "train --data drawings --batch-size 8 --backend flex --quiet --force --widths 4,8 \
                         --learning-rate 1e-3 --schedule constant";
            done(
                folder.path(),
                &format!("{fixed} --out {name} {more} {kind}"),
            );
            folder.path().join(name)
        };
        let config = |run: &Path| fs::read_to_string(run.join("config.toml")).expect("a file");
        let (kernels, burn) = (
            run("kernels", "--epochs 4"),
            run("burn", "--burn-operations --epochs 4"),
        );
        let (expected, found) = (losses(&kernels), losses(&burn));
        assert_eq!(found.len(), 12);
        // Were they one and the same computation, this would show nothing.
        assert_ne!(expected, found, "{kind}");
        for (expected, found) in expected.iter().zip(&found) {
            let off = (expected / found - 1.0).abs();
            assert!(off < 1e-5, "{kind}: {expected} and {found}");
        }
        // The run says what it is, and its model file does not.
        assert!(config(&burn).contains("convolutions = \"burn\""));
        assert!(!config(&kernels).contains("convolutions"));
        assert_eq!(header(&burn), header(&kernels), "{kind}");
        // Who goes on with it, goes on so.
        let halves = run("halves", "--burn-operations --epochs 2");
        done(
            folder.path(),
            "train --resume halves --epochs 4 --quiet --backend flex",
        );
        assert_eq!(losses(&halves), found, "{kind}");
    }
    let ended = ae(folder.path(), "train --resume kernels --burn-operations");
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("--burn-operations"),
        "{}",
        ended.stderr
    );
}

/// The loss of each step, as `metrics.jsonl` has it.
fn losses(run: &Path) -> Vec<f64> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .filter(|line| line["kind"] == "step")
        .map(|line| line["loss"].as_f64().expect("a loss"))
        .collect()
}

/// The header of a run's model file: names, shapes and what the file tells of itself.
fn header(run: &Path) -> Vec<u8> {
    let bytes = fs::read(run.join("model.safetensors")).expect("a file");
    let (length, rest) = bytes.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("8 bytes"));
    rest[..length as usize].to_vec()
}
