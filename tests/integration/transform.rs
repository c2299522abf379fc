//! The codec `transform`: a run of several qualities, `ae compress` and `ae decompress` by it, and `ae eval --rate-distortion`.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::command::{ae, done};
use crate::compression::check_names_threads_and_groups;
use crate::fixture::{scratch, write_set};

/// The set `drawings`; the run `row`, of two qualities, `one`, of one, and `lossless`, of kind pixel.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 64, 24);
    let train = |line: &str| {
        let line = format!("train --data drawings --seed 3 --quiet {line}");
        done(folder.path(), &line)
    };
    let small = "--model transform --widths 8,16 --code-channels 4 --batch-size 16 --learning-rate 0.01 --backend flex";
    train(&format!("{small} --lambda 0.03,0.003 --epochs 60 -o row"));
    train(&format!("{small} --lambda 0.01 --epochs 3 -o one"));
    train("--model pixel --steps 30 --batch-size 64 -o lossless");
    folder
});

fn trained(name: &str) -> String {
    TRAINED.path().join(name).display().to_string()
}

fn compressed(folder: &Path, quality: u32, out: &str) -> serde_json::Value {
    let line = format!(
        "compress {} --part test --model {} --quality {quality} -o {out} --json --quiet",
        trained("drawings"),
        trained("row")
    );
    done(folder, &line).json()
}

#[test]
fn qualities_are_files_of_fewer_and_of_more_bits() {
    let folder = scratch();
    let path = folder.path();
    let (few, many) = (
        compressed(path, 1, "few.aez"),
        compressed(path, 2, "many.aez"),
    );
    for (told, file) in [(&few, "few.aez"), (&many, "many.aez")] {
        let bytes = fs::metadata(path.join(file)).expect("a file").len();
        assert_eq!(told["bytes"], bytes, "{told}");
        let bits = bytes as f64 * 8.0 / (24.0 * 784.0);
        let found = told["bits_per_pixel"].as_f64().expect("a number");
        assert!((found - bits).abs() < 1e-12, "{told} {bits}");
        let out = file.replace(".aez", ".npy");
        let line = format!(
            "decompress {file} --model {} -o {out} --json --quiet",
            trained("row")
        );
        let decompressed = done(path, &line).json();
        assert_eq!(decompressed["images"], 24);
        assert_eq!(decompressed["model_hash"], told["model_hash"]);
        // The PSNR that was told is that of what comes out.
        let npy = fs::read(path.join(out)).expect("a file");
        let pixels = &npy[npy.len() - 24 * 784..];
        let idx = fs::read(TRAINED.path().join("drawings/t10k-images-idx3-ubyte")).expect("a file");
        let pairs = pixels.iter().zip(&idx[16..]);
        let squares: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
        let psnr = 10.0 * (255.0_f64.powi(2) * 24.0 * 784.0 / squares).log10();
        let found = told["psnr"].as_f64().expect("a number");
        assert!((found - psnr).abs() < 0.02, "{found} {psnr}");
    }
    let number = |told: &serde_json::Value, key: &str| told[key].as_f64().expect("a number");
    assert!(
        number(&few, "bytes") < number(&many, "bytes"),
        "{few} {many}"
    );
    assert!(number(&few, "psnr") < number(&many, "psnr"), "{few} {many}");
    assert!(number(&many, "bits_per_pixel") < 1.0, "{many}");
    assert!(number(&many, "psnr") > 17.0, "{many}");

    let info = done(path, "info many.aez --json").json();
    assert_eq!(
        (&info["codec"], &info["quality"]),
        (&"transform".into(), &2.into())
    );
    assert_eq!(info["model_hash"], many["model_hash"]);
}

#[test]
fn names_are_kept_and_threads_and_groups_change_no_image() {
    check_names_threads_and_groups(&trained("one"), 2);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = scratch();
    let path = folder.path();
    let (drawings, row, one) = (trained("drawings"), trained("row"), trained("one"));
    let lossless = trained("lossless");
    let check = |line: &str, status: i32, expected: &str| {
        let ended = ae(path, line);
        assert_eq!(ended.code, status, "{line}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{line}: {}", ended.stderr);
    };
    check(
        &format!("compress {drawings} --model {row} -o a.aez"),
        2,
        &format!("error: --quality: required: {row} has qualities 1 to 2"),
    );
    check(
        &format!("compress {drawings} --model {row} --quality 3 -o a.aez"),
        2,
        &format!("error: --quality 3: {row} has qualities 1 to 2"),
    );
    check(
        &format!("compress {drawings} --model {one} --quality 1 -o a.aez"),
        2,
        "has one quality, there is nothing to choose",
    );
    check(
        &format!("compress {drawings} --model {lossless} --quality 1 -o a.aez"),
        2,
        "error: --quality 1: for a model of kind transform",
    );
    check(
        &format!("compress {drawings} --model {one} --near 2 -o a.aez"),
        2,
        "error: --near: not for a transform model",
    );
    check(
        &format!("compress {drawings} --size 20 --model {one} -o a.aez"),
        3,
        "but",
    );
    assert!(!path.join("a.aez").exists());

    compressed(path, 1, "a.aez");
    let hash = |run: &str| {
        let line = format!(
            "compress {drawings} --part test --model {run} -o {run}.aez --force --json --quiet"
        );
        done(path, &line).json()["model_hash"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let (of_one, of_lossless) = (hash(&one), hash(&lossless));
    for (model, found) in [(&one, of_one), (&lossless, of_lossless)] {
        let ended = ae(path, &format!("decompress a.aez --model {model} -o a.npy"));
        assert_eq!(ended.code, 4, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("error: a.aez: coded with the model "),
            "{}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains(&format!("is {found}")),
            "{}",
            ended.stderr
        );
    }
    check(
        "decompress a.aez -o a.npy",
        4,
        "no run under runs/ has the transform model",
    );

    // A run whose training was not ended, or whose weights are others, has no tables.
    fs::create_dir(path.join("damaged")).expect("a folder");
    for file in ["config.toml", "model.safetensors"] {
        fs::copy(
            TRAINED.path().join("one").join(file),
            path.join("damaged").join(file),
        )
        .expect("copied");
    }
    check(
        &format!("compress {drawings} --model damaged -o b.aez"),
        4,
        "no model.aetransform beside it",
    );
    let tables = TRAINED.path().join("row/model.aetransform");
    fs::copy(&tables, path.join("damaged/model.aetransform")).expect("copied");
    check(
        &format!("compress {drawings} --model damaged -o b.aez"),
        4,
        "measured for another model than damaged/model.safetensors",
    );
    fs::write(path.join("damaged/model.aetransform"), "nothing").expect("written");
    check(
        &format!("compress {drawings} --model damaged -o b.aez"),
        4,
        "not the tables of a transform model",
    );
    // The tables alone, or pictures of several sizes, are told from a model and a set that would do.
    let by_name =
        format!("hint: the tables of a model with losses, which is named by its directory: {row}");
    let tables = tables.display();
    check(&format!("info {tables}"), 4, &by_name);
    let line = format!("compress {drawings} --model {tables} -o b.aez");
    check(&line, 4, &by_name);
    fs::create_dir(path.join("sizes")).expect("a folder");
    for side in [20, 28] {
        let file = path.join(format!("sizes/{side}.png"));
        image::GrayImage::new(side, side)
            .save(file)
            .expect("written");
    }
    for model in [&one, &lossless] {
        check(
            &format!("compress sizes --model {model} -o b.aez"),
            2,
            "codes pictures of any sizes",
        );
    }
    check(
        "train --model transform --lambda 0.1,0.1",
        2,
        "error: --lambda",
    );
    check("train --model transform --lambda -1", 2, "error: --lambda");
    check("train --model transform --widths 8", 2, "error: --widths");
    check(
        "train --model transform --loss l1",
        2,
        "its loss is its own, in bits per pixel",
    );
}

#[test]
fn bits_and_losses_are_drawn_beside_image_files() {
    let folder = scratch();
    let path = folder.path();
    let told = done(
        path,
        &format!(
            "eval {} --rate-distortion -o curves --json --quiet",
            trained("row")
        ),
    )
    .json();
    assert_eq!(told["images"], 24);
    assert_eq!(told["curve"]["points"].as_array().expect("points").len(), 2);
    let names: Vec<&str> = told["peers"]
        .as_array()
        .expect("peers")
        .iter()
        .map(|peer| peer["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["JPEG", "JPEG", "WebP", "WebP", "PNG", "PNG"]);
    for picture in ["curves.png", "images.png"] {
        image::open(path.join("curves").join(picture)).expect("a picture");
    }
    let file = |name: &str| {
        fs::metadata(TRAINED.path().join("row").join(name))
            .expect("a file")
            .len()
    };
    let bytes = file("model.safetensors") + file("model.aetransform");
    assert_eq!(told["model_bytes"], bytes);
    let share = told["model_bits_per_pixel"][1]["bits_per_pixel"]
        .as_f64()
        .expect("a number");
    assert!((share - bytes as f64 * 8.0 / 784_000.0).abs() < 1e-9);
    // The file is the one that ae compress writes, but for names.
    let written = compressed(path, 2, "many.aez");
    assert_eq!(told["curve"]["points"][1]["bytes"], written["bytes"]);
    let again = ae(
        path,
        &format!("eval {} --rate-distortion -o curves", trained("row")),
    );
    assert_eq!(again.code, 5, "{}", again.stderr);

    // A lossless model has a row of largest errors, the first of none.
    let line = format!("eval {} --rate-distortion -o lossless", trained("lossless"));
    let told = done(path, &line);
    assert!(told.stdout.contains("lossless"), "{}", told.stdout);
    assert!(told.stdout.contains("errors up to 4"), "{}", told.stdout);
    let refused = ae(path, "eval nothing --rate-distortion -o x");
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}
