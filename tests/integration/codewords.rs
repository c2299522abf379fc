//! The kinds with codewords, `vq` and `fsq`: their figures, files by `ae compress`, images from their tables, and what is refused.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::command::{ae, done};
use crate::compression::check_names_threads_and_groups;
use crate::fixture::{files_in, scratch, write_set};

/// The set `drawings`, and the runs `vq` and `fsq` of it.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 64, 24);
    for kind in ["vq --codewords 64", "fsq --levels 4,4,4"] {
        let name = &kind[..kind.find(' ').unwrap_or(0)];
        let line = format!(
            "train --data drawings --seed 3 --model {kind} --widths 8,16 --batch-size 16 --learning-rate 0.01 \
             --backend flex --epochs 40 --quiet -o {name}"
        );
        done(folder.path(), &line);
    }
    folder
});

/// The runs' kinds, which are their names.
const KINDS: [&str; 2] = ["vq", "fsq"];

fn trained(name: &str) -> String {
    TRAINED.path().join(name).display().to_string()
}

fn number(told: &serde_json::Value, key: &str) -> f64 {
    told[key].as_f64().expect("a number")
}

#[test]
fn files_hold_indices_and_give_the_model_s_images() {
    for kind in KINDS {
        let folder = scratch();
        let path = folder.path();
        let (model, drawings) = (trained(kind), trained("drawings"));
        let line =
            format!("compress {drawings} --part test --model {model} -o a.aez --json --quiet");
        let told = done(path, &line).json();
        let bytes = fs::metadata(path.join("a.aez")).expect("a file").len();
        assert_eq!(told["bytes"], bytes, "{told}");
        // Fewer than the six bits of each of 49 indices.
        assert!(
            number(&told, "bits_per_pixel") < 49.0 * 6.0 / 784.0,
            "{told}"
        );
        let line = format!("decompress a.aez --model {model} -o a.npy --json --quiet");
        let decompressed = done(path, &line).json();
        assert_eq!(decompressed["images"], 24);
        assert_eq!(decompressed["model_hash"], told["model_hash"]);

        // Pixels are those of a reconstruction, but for rounding.
        let line = format!("reconstruct {model} --part test -o out/ --quiet");
        done(path, &line);
        let evaluated = done(path, &format!("eval {model} --json --quiet")).json();
        let psnr = number(&evaluated["model"], "psnr");
        assert!((number(&told, "psnr") - psnr).abs() < 0.05, "{told} {psnr}");
        let codes = &evaluated["codes"];
        assert_eq!(codes["kind"], "codewords");
        assert_eq!(
            (&codes["codewords"], &codes["indices"]),
            (&64.into(), &1176.into())
        );
        let (used, perplexity) = (number(codes, "used"), number(codes, "perplexity"));
        assert!(
            1.0 < perplexity && perplexity <= used && used <= 64.0,
            "{codes}"
        );
        assert_eq!(evaluated["model"]["code_bits"], 294);

        let info = done(path, "info a.aez --json").json();
        assert_eq!(info["codec"], "indices");
        assert_eq!(info["model_hash"], told["model_hash"]);
        let text = done(path, "info a.aez").stdout;
        assert!(text.contains("with losses"), "{text}");
        let text = done(path, &format!("info {model}")).stdout;
        assert!(text.contains("294 bits"), "{text}");
    }
}

#[test]
fn names_are_kept_and_threads_and_groups_change_no_image() {
    for kind in KINDS {
        check_names_threads_and_groups(&trained(kind), 4);
    }
}

#[test]
fn codes_are_codewords_and_images_are_drawn_from_the_tables() {
    for kind in KINDS {
        let folder = scratch();
        let path = folder.path();
        let model = trained(kind);
        let encoded = done(path, &format!("encode {model} -o codes.npy --json --quiet")).json();
        let channels = if kind == "vq" { 8 } else { 3 };
        assert_eq!(encoded["shape"], serde_json::json!([24, channels, 7, 7]));
        done(
            path,
            &format!("decode codes.npy --model {model} -o images/ --quiet"),
        );
        assert_eq!(files_in(&path.join("images")).len(), 24);
        let draw = |out: &str, seed: u32| {
            let line = format!("generate {model} --count 12 --seed {seed} -o {out} --json --quiet");
            let told = done(path, &line).json();
            assert_eq!(told["codes"], "the tables of its codewords");
            image::open(path.join(out)).expect("a picture").into_bytes()
        };
        let first = draw("a.png", 1);
        assert_eq!(first, draw("b.png", 1));
        assert_ne!(first, draw("c.png", 2));
        let told = done(
            path,
            &format!("eval {model} --rate-distortion -o curves --json --quiet"),
        )
        .json();
        assert_eq!(told["kind"], kind);
        assert_eq!(told["curve"]["points"].as_array().expect("points").len(), 1);
    }
}

fn check(path: &Path, line: &str, status: i32, expected: &str) {
    let ended = ae(path, line);
    assert_eq!(ended.code, status, "{line}: {}", ended.stderr);
    assert!(ended.stderr.contains(expected), "{line}: {}", ended.stderr);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = scratch();
    let path = folder.path();
    let (drawings, vq, fsq) = (trained("drawings"), trained("vq"), trained("fsq"));
    check(
        path,
        &format!("compress {drawings} --model {vq} --quality 1 -o a.aez"),
        2,
        "has one quality, there is nothing to choose",
    );
    check(
        path,
        &format!("compress {drawings} --model {vq} --near 2 -o a.aez"),
        2,
        "error: --near: not for a vq model",
    );
    assert!(!path.join("a.aez").exists());
    let line = format!("compress {drawings} --part test --model {vq} -o a.aez --json --quiet");
    let hash = done(path, &line).json()["model_hash"].clone();
    let ended = ae(path, &format!("decompress a.aez --model {fsq} -o a.npy"));
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let both = format!(
        "error: a.aez: coded with the model {}",
        hash.as_str().expect("text")
    );
    assert!(ended.stderr.contains(&both), "{}", ended.stderr);
    check(
        path,
        "decompress a.aez -o a.npy",
        4,
        "no run under runs/ has the indices model",
    );
    // Bytes in the middle of the file are some chunk's.
    let mut bytes = fs::read(path.join("a.aez")).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(path.join("damaged.aez"), bytes).expect("written");
    check(
        path,
        &format!("decompress damaged.aez --model {vq} -o a.npy"),
        3,
        "damaged.aez: chunk 0",
    );
    assert!(!path.join("a.npy").exists());
    check(
        path,
        &format!("export {vq} -o a.onnx"),
        2,
        "a model of kind vq cannot be exported",
    );
    check(path, "train --model vq --codewords 1000", 2, "power of two");
    check(path, "train --model vq --code-channels 9", 2, "at most 8");
    check(path, "train --model fsq --levels 8,2", 2, "levels");
}

#[test]
fn a_collapse_is_warned_of_by_its_rule() {
    let folder = scratch();
    let path = folder.path();
    // Of an encoder that learns nothing all vectors are near each other, and so near few codewords.
    let line = format!(
        "train --data {} --model vq --widths 2,2 --learning-rate 1e-9 --epochs 1 --backend flex -o run",
        trained("drawings")
    );
    let ended = ae(path, &line);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("codewords on training images:"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("perplexity"), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("the codewords collapsed: on the training images their perplexity is"),
        "{}",
        ended.stderr
    );
}
