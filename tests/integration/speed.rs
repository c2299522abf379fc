//! Threads change the speed and no bit; `ae bench` measures it.

use std::fs;

use crate::command::done;
use crate::fixture::{FIXTURE, scratch, write_set};

#[test]
fn two_hundred_steps_give_the_same_bytes_on_any_number_of_threads() {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 80, 16);
    for backend in ["flex", "ndarray"] {
        let model = |threads: &str| {
            let out = format!("{backend}-{threads}");
            let arguments = [
                "train",
                "--data",
                "drawings",
                "--widths",
                "8,32,48",
                "--batch-size",
                "40",
                "--epochs",
                "100",
                "--quiet",
                "--noise",
                "gaussian:0.3",
                "--backend",
                backend,
                "--threads",
                threads,
                "--out",
                &out,
            ];
            let ended = done(folder.path(), &arguments);
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
    let arguments = |more: &[&str]| {
        let mut arguments = vec![
            "bench",
            &model,
            "--batch-size",
            "4",
            "--steps",
            "2",
            "--rounds",
            "2",
            "--json",
            "--backend",
            "flex",
        ];
        arguments.extend(more);
        done(folder.path(), &arguments).json()
    };
    for more in [&[][..], &["--burn-operations", "--noise", "gaussian:0.5"]] {
        let json = arguments(more);
        for task in ["train", "infer"] {
            let measured = &json[format!("{task}_images_per_second")];
            assert_eq!(measured["rounds"].as_array().map(Vec::len), Some(2));
            assert!(measured["median"].as_f64() > Some(0.0));
        }
    }
}
