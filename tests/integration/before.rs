//! What `ae` wrote before its crates were divided anew opens, measures and resumes as it did: see `before/README.md`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::codes::read_npy;
use crate::command::done;
use crate::fixture::{files_in, scratch, write_set};

const MODELS: [&str; 8] = [
    "conv",
    "conv-latent",
    "transposed",
    "denoiser",
    "dense",
    "vae",
    "sparse",
    "contractive",
];

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/integration/before")
        .join(name)
}

/// Whether this machine computes with the instructions that the files were made with.
fn same_instructions() -> bool {
    #[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
    let same = std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512vl");
    #[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
    let same = false;
    same
}

fn check_number(what: &str, expected: f64, found: f64) {
    let tolerance = match same_instructions() {
        true => 0.0,
        false => 1e-4 * (1.0 + expected.abs()),
    };
    assert!(
        (expected - found).abs() <= tolerance,
        "{what}: {found} instead of {expected}"
    );
}

/// Whether all that was told then is told now; more may be.
fn check_json(what: &str, expected: &Value, found: &Value) {
    match expected {
        Value::Object(fields) => {
            for (key, value) in fields {
                check_json(&format!("{what}.{key}"), value, &found[key]);
            }
        }
        Value::Array(values) => {
            assert_eq!(found.as_array().map(Vec::len), Some(values.len()), "{what}");
            for (index, value) in values.iter().enumerate() {
                check_json(&format!("{what}[{index}]"), value, &found[index]);
            }
        }
        Value::Number(number) if number.is_f64() => {
            let found = found.as_f64().unwrap_or(f64::NAN);
            check_number(what, number.as_f64().unwrap_or(f64::NAN), found);
        }
        _ => assert_eq!(expected, found, "{what}"),
    }
}

/// The numbers of a model file, all of them 32-bit, and what stands before them.
fn tensors(path: &Path) -> (Vec<u8>, Vec<f32>) {
    let bytes = fs::read(path).expect("a model");
    let (length, rest) = bytes.split_first_chunk().expect("a length");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let numbers = data
        .as_chunks()
        .0
        .iter()
        .map(|&four| f32::from_le_bytes(four));
    (header.to_vec(), numbers.collect())
}

#[test]
fn models_of_every_kind_evaluate_and_encode_as_they_did() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 24, 8);
    for name in MODELS {
        let file = format!("{name}.safetensors");
        fs::copy(kept(&file), path.join(&file)).expect("copied");
        let data = "--data drawings --size 12x12 --backend flex --quiet";
        let found = done(path, &format!("eval {file} {data} --json")).json();
        let text = fs::read_to_string(kept(&format!("{name}.json"))).expect("kept");
        check_json(name, &serde_json::from_str(&text).expect("JSON"), &found);
        done(
            path,
            &format!("encode {file} {data} --part test --limit 2 -o {name}.npy"),
        );
        let (shape, expected) = read_npy(&kept(&format!("{name}.npy")));
        let (found_shape, found) = read_npy(&path.join(format!("{name}.npy")));
        assert_eq!(found_shape, shape, "{name}");
        for (expected, found) in expected.into_iter().zip(found) {
            check_number(name, expected.into(), found.into());
        }
    }
}

#[test]
fn an_interrupted_run_resumes_to_what_it_would_have_been() {
    let folder = scratch();
    let path = folder.path();
    write_set(&path.join("drawings"), 24, 8);
    for file in files_in(&kept("run")) {
        let to = path.join("run").join(&file);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(kept("run").join(&file), to).expect("copied");
    }
    let ended = done(path, "train --resume run --backend flex");
    assert!(ended.stderr.contains("step 25"), "{}", ended.stderr);
    // What it chose its epoch by then, it chooses by now, and says so.
    let said = "its epochs are compared on the test images";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(ended.lines("epoch ")[0].matches("  test mse ").count(), 1);
    for name in ["last", "model"] {
        let (header, expected) = tensors(&kept(&format!("ended-{name}.safetensors")));
        let (found_header, found) = tensors(&path.join(format!("run/{name}.safetensors")));
        assert!(
            found_header == header,
            "{name}: {}",
            String::from_utf8_lossy(&found_header)
        );
        assert_eq!(found.len(), expected.len());
        for (expected, found) in expected.into_iter().zip(found) {
            check_number(name, expected.into(), found.into());
        }
    }
}
