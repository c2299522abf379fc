//! The codec: `ae train --model pixel`, `ae compress`, `ae decompress`, and `ae info` of what they make.

mod damage;
mod pictures;
mod pipes;
mod resuming;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::command::{Ended, ae, command, done};
use crate::fixture::{SIDE, drawing, files_in, scratch, write_set};

/// The set `drawings`, the run `first`, trained on it, and `second`, with another seed.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    write_set(&folder.path().join("drawings"), 48, 16);
    for (run, seed) in [("first", 1), ("second", 2)] {
        train(folder.path(), run, seed);
    }
    folder
});

fn train(folder: &Path, run: &str, seed: u32) -> Ended {
    done(
        folder,
        &format!(
            "train --model pixel --data drawings -o {run} --steps 30 --batch-size 64 --seed {seed} --json --quiet"
        ),
    )
}

/// Checks that files by a model with losses keep names, and that neither threads nor groups nor a pipe change an image.
pub(crate) fn check_names_threads_and_groups(model: &str, threads: usize) {
    let folder = scratch();
    let path = folder.path();
    done(
        path,
        &format!("reconstruct {model} --part test -o letters/"),
    );
    let mut files = Vec::new();
    for (threads, group) in [(1, 64), (threads, 64), (2, 1)] {
        let file = format!("{threads}-{group}.aez");
        let line = format!(
            "compress letters --model {model} --threads {threads} --group {group} -o {file} --quiet"
        );
        done(path, &line);
        let out = format!("out-{threads}-{group}");
        done(
            path,
            &format!("decompress {file} --model {model} -o {out}/ --quiet"),
        );
        assert_eq!(files_in(&path.join(&out)), files_in(&path.join("letters")));
        let images: Vec<Vec<u8>> = files_in(&path.join(&out))
            .iter()
            .map(|name| fs::read(path.join(&out).join(name)).expect("a file"))
            .collect();
        files.push((fs::read(path.join(file)).expect("a file"), images));
    }
    assert_eq!(files[0].0, files[1].0, "threads change no byte");
    assert_eq!(files[0].1, files[1].1);
    assert_eq!(files[0].1, files[2].1);
    // Through pipes it is the same.
    let line = format!("compress letters --model {model} -o - --quiet");
    let piped = command(path, &line).output().expect("it runs");
    assert_eq!(piped.stdout, files[0].0);
}

/// A path of what was trained, as an argument.
fn trained(name: &str) -> String {
    TRAINED.path().join(name).display().to_string()
}

fn gray(pixels: &[u8]) -> image::GrayImage {
    image::GrayImage::from_raw(SIDE as u32, SIDE as u32, pixels.to_vec()).expect("an image")
}

/// A folder `letters` of drawings with names of many kinds.
fn write_letters(folder: &Path) {
    let names = [
        "A/first.png",
        "A/with a blank.png",
        "A/1.png",
        "A/10.png",
        "A/2.png",
        "B/Grüße.png",
        "B/two.dots.png",
        "B/deeper/x.png",
        "B/UPPER.PNG",
        "C/gray.png",
        "C/gray.tif",
        "top.pgm",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let path = folder.join("letters").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        gray(&drawing(number * 5)).save(path).expect("written");
    }
}

fn pixels(path: &Path) -> image::GrayImage {
    image::open(path).expect("a picture").into_luma8()
}

/// Whether `now` has the files of `before` and no others, with the same pixels but for `near`.
fn check_same(before: &Path, now: &Path, near: u8) {
    assert_eq!(files_in(before), files_in(now));
    for file in files_in(before) {
        let (before, now) = (pixels(&before.join(&file)), pixels(&now.join(&file)));
        assert_eq!(before.dimensions(), now.dimensions());
        let differences = before.iter().zip(now.iter()).map(|(a, b)| a.abs_diff(*b));
        assert!(differences.max() <= Some(near), "{}", file.display());
    }
}

#[test]
fn a_run_says_what_it_was_trained_on_and_the_same_is_trained_again() {
    let run = TRAINED.path().join("first");
    let config = fs::read_to_string(run.join("config.toml")).expect("a configuration");
    for part in [
        "kind = \"pixel\"",
        "steps = 30",
        "height = 28",
        "channels = 1",
        "drawings",
        "[data.fingerprint]",
        "division = ",
        "test_bits_per_pixel",
    ] {
        assert!(config.contains(part), "{part} in {config}");
    }
    let again = train(TRAINED.path(), "again", 1).json();
    assert_eq!(again["test_images"], 16);
    assert!(again["test_bits_per_pixel"].as_f64() < Some(8.0), "{again}");
    assert!(
        again["validation_bits_per_pixel"].as_f64() > Some(0.0),
        "{again}"
    );
    let model = |run: &str| fs::read(TRAINED.path().join(run).join("model.aepixel")).expect(run);
    assert!(model("first") == model("again"));
    assert!(model("first") != model("second"));
    let information = done(TRAINED.path(), "info first --json").json();
    assert_eq!(information["kind"], "pixel");
    assert_eq!(information["model_hash"], again["model_hash"]);
    assert_eq!(information["run"]["train"]["steps"], 30);
    let text = done(TRAINED.path(), "info first").stdout;
    assert!(
        text.contains("28x28x1") && text.contains("bits per pixel"),
        "{text}"
    );
}

#[test]
fn a_folder_comes_back_with_its_names() {
    let folder = scratch();
    write_letters(folder.path());
    let first = trained("first");
    let compressed = done(
        folder.path(),
        &format!("compress letters --model {first} -o x.aez --json"),
    )
    .json();
    assert_eq!(compressed["images"], 12);
    assert_eq!(compressed["has_names"], true);
    let bytes = fs::metadata(folder.path().join("x.aez"))
        .expect("a file")
        .len();
    assert_eq!(compressed["bytes"], bytes);
    assert!(compressed["png_bytes"].as_u64() > Some(0));
    for out in ["back", "back.again/"] {
        done(
            folder.path(),
            &format!("decompress x.aez --model {first} -o {out}"),
        );
        check_same(&folder.path().join("letters"), &folder.path().join(out), 0);
    }
    let near = done(
        folder.path(),
        &format!("compress letters --model {first} -o near.aez --near 3 --group 5 --json"),
    )
    .json();
    assert!(
        near["bytes"].as_u64() < compressed["bytes"].as_u64(),
        "{near}"
    );
    done(
        folder.path(),
        &format!("decompress near.aez --model {first} -o near/"),
    );
    check_same(
        &folder.path().join("letters"),
        &folder.path().join("near"),
        3,
    );
    let information = done(folder.path(), "info near.aez --json").json();
    assert_eq!(information["near"], 3);
    assert_eq!(information["chunks"], 3);
    assert_eq!(information["images"], 12);
    assert_eq!(information["model_hash"], near["model_hash"]);
}

#[test]
fn what_would_lose_something_becomes_png() {
    let folder = scratch();
    let letters = folder.path().join("letters");
    fs::create_dir(&letters).expect("a folder");
    let file = fs::File::create(letters.join("a.jpg")).expect("a file");
    let encoder = jpeg_encoder::Encoder::new(file, 90);
    let side = SIDE as u16;
    encoder
        .encode(&drawing(3), side, side, jpeg_encoder::ColorType::Luma)
        .expect("written");
    let first = trained("first");
    done(
        folder.path(),
        &format!("compress letters --model {first} -o x.aez"),
    );
    let ended = done(
        folder.path(),
        &format!("decompress x.aez --model {first} -o back"),
    );
    assert!(ended.stderr.contains("1 name"), "{ended:#?}");
    assert_eq!(
        files_in(&folder.path().join("back")),
        [Path::new("a.jpg.png")]
    );
    let now = pixels(&folder.path().join("back/a.jpg.png"));
    assert!(now == pixels(&letters.join("a.jpg")));
}

#[test]
fn files_of_many_images_come_back_and_threads_change_nothing() {
    let folder = scratch();
    let path = folder.path();
    let first = trained("first");
    let data = trained("drawings/t10k-images-idx3-ubyte");
    for threads in [1, 4] {
        done(
            path,
            &format!(
                "compress {data} --model {first} -o {threads}.aez --group 3 --threads {threads}"
            ),
        );
    }
    let bytes = |name: &str| fs::read(path.join(name)).expect(name);
    assert!(bytes("1.aez") == bytes("4.aez"));
    let before = fs::read(&data).expect("the set");
    for (out, threads) in [("x-idx3-ubyte", 1), ("x.npy", 4), ("x.idx.gz", 2)] {
        done(
            path,
            &format!("decompress 1.aez --model {first} -o {out} --threads {threads}"),
        );
    }
    assert!(bytes("x-idx3-ubyte") == before);
    assert!(bytes("x.npy").ends_with(&before[16..]));
    let first = trained("first");
    for out in ["x.npy", "x.idx.gz"] {
        done(
            path,
            &format!("compress {out} --model {first} -o again.aez --group 3 --force"),
        );
        assert!(bytes("again.aez") == bytes("1.aez"), "{out}");
    }
    done(
        path,
        &format!("decompress 1.aez --model {first} -o numbered"),
    );
    let names = files_in(&path.join("numbered"));
    assert_eq!(names.len(), 16);
    assert_eq!(names[15], Path::new("000015.png"));
}

#[test]
fn transparent_parts_are_told_of() {
    let folder = scratch();
    let path = folder.path();
    let first = trained("first");
    fs::create_dir(path.join("letters")).expect("a folder");
    let save = |name: &str, alpha: u8| {
        let image = image::GrayAlphaImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
            let opacity = if y < 3 { alpha } else { 255 };
            image::LumaA([drawing(1)[(y * SIDE as u32 + x) as usize], opacity])
        });
        image.save(path.join(name)).expect("written");
    };
    let told = "transparent parts show white; alpha is not kept";
    for (alpha, is_told) in [(255, false), (0, true)] {
        save("letters/a.png", alpha);
        for command in [
            format!("compress letters --model {first} -o a.aez --force"),
            "data info letters".to_owned(),
        ] {
            let ended = done(path, &command);
            let text = ended.stdout + &ended.stderr;
            assert_eq!(text.contains(told), is_told, "{command}: {text}");
        }
    }
    done(path, &format!("decompress a.aez --model {first} -o back"));
    assert_eq!(pixels(&path.join("back/a.png")).get_pixel(0, 0).0, [255]);
}

/// A command line, the exit code, and what the error must contain.
#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let folder = scratch();
    let path = folder.path();
    write_letters(path);
    fs::create_dir(path.join("empty")).expect("a folder");
    fs::create_dir_all(path.join("full")).expect("a folder");
    fs::write(path.join("full/a.txt"), "").expect("written");
    fs::create_dir(path.join("large")).expect("a folder");
    for number in 0..3 {
        let file = path.join(format!("large/{number}.png"));
        image::GrayImage::new(32, 30).save(file).expect("written");
    }
    fs::create_dir(path.join("color")).expect("a folder");
    image::RgbImage::new(28, 28)
        .save(path.join("color/a.png"))
        .expect("written");
    let (first, second) = (trained("first"), trained("second"));
    done(path, &format!("compress letters --model {first} -o x.aez"));
    let hash = |run: &str| {
        let information = done(path, &format!("info {run} --json")).json();
        information["model_hash"]
            .as_str()
            .expect("a hash")
            .to_owned()
    };
    let (hash, other_hash) = (hash(&first), hash(&second));
    fs::write(path.join("text.aez"), "no container").expect("written");
    let before = files_in(path);
    for (line, code, parts) in [
        (
            format!("decompress x.aez --model {second} -o y"),
            4,
            vec!["x.aez", &*hash, &*other_hash],
        ),
        ("decompress x.aez -o y".to_owned(), 4, vec![&*hash]),
        ("decompress text.aez -o y".to_owned(), 3, vec!["text.aez"]),
        ("decompress none.aez -o y".to_owned(), 5, vec!["none.aez"]),
        (
            format!("decompress x.aez --model {first} -o full"),
            5,
            vec!["full"],
        ),
        (
            format!("decompress x.aez --model {first} -o y.jpg"),
            2,
            vec!["y.jpg"],
        ),
        (
            format!("compress letters --model {first} -o x.aez"),
            5,
            vec!["x.aez", "exists"],
        ),
        (
            format!("compress empty --model {first} -o y.aez"),
            3,
            vec!["empty"],
        ),
        (
            format!("compress large --model {first} -o y.aez"),
            3,
            vec!["large", "32x30", "28x28"],
        ),
        (
            format!("compress color --model {first} -o y.aez"),
            3,
            vec!["color", "channels"],
        ),
        (
            format!("compress letters --model {first} -o y.aez --near 128"),
            2,
            vec!["--near"],
        ),
        (
            format!("compress letters --model {first} -o y.aez --group 0"),
            2,
            vec!["--group"],
        ),
        (
            format!("compress letters --model {first} -o y.aez --patch 8"),
            2,
            vec!["--patch"],
        ),
        (
            format!("compress letters --model {first} -o y.aez --part test"),
            2,
            vec!["--part"],
        ),
        (format!("compress --model {first} -o y.aez"), 2, vec!["SET"]),
        (
            "compress letters --model text.aez -o y.aez".to_owned(),
            4,
            vec!["text.aez"],
        ),
        (
            "compress letters --model none -o y.aez".to_owned(),
            5,
            vec!["none"],
        ),
        (
            format!("eval {first} --data letters"),
            4,
            vec!["model.safetensors"],
        ),
        (
            "train --model pixel --data letters --epochs 3".to_owned(),
            2,
            vec!["--epochs"],
        ),
        (
            "train --model pixel --data letters --latent 3".to_owned(),
            2,
            vec!["--latent"],
        ),
        (
            "train --model pixel --data letters --noise gaussian:0.1".to_owned(),
            2,
            vec!["--noise"],
        ),
        (
            "train --model pixel --data color --limit 3".to_owned(),
            3,
            vec!["color"],
        ),
        (
            format!("train --resume {first}"),
            2,
            vec!["trained to its end"],
        ),
        (
            format!("train --model pixel --data letters --steps 2 -o {second}"),
            5,
            vec!["exists"],
        ),
        (
            "train --model pixel --data letters --steps 2 -o full --force".to_owned(),
            5,
            vec!["full"],
        ),
    ] {
        let ended = ae(path, &line);
        assert_eq!(ended.code, code, "ae {line}: {ended:#?}");
        let errors = ended.lines("error:");
        assert_eq!(errors.len(), 1, "ae {line}: {ended:#?}");
        for part in parts {
            assert!(errors[0].contains(part), "{part} in ae {line}: {ended:#?}");
        }
        assert_eq!(files_in(path), before, "ae {line}");
    }
}

#[test]
fn the_newest_model_that_fits_is_taken_and_the_one_that_coded_is_found() {
    let folder = scratch();
    let path = folder.path();
    write_letters(path);
    for run in ["first", "second"] {
        let to = path.join("runs").join(run);
        fs::create_dir_all(&to).expect("a folder");
        for file in ["config.toml", "model.aepixel"] {
            fs::copy(TRAINED.path().join(run).join(file), to.join(file)).expect("copied");
        }
    }
    let built_in = done(path, "compress letters -o glyphs.aez --model glyphs --json").json();
    assert_eq!(built_in["model"], "glyphs");
    let decompressed = done(path, "decompress glyphs.aez -o by-glyphs --json").json();
    assert_eq!(decompressed["model"], "glyphs");
    check_same(&path.join("letters"), &path.join("by-glyphs"), 0);
    let old = fs::File::options()
        .append(true)
        .open(path.join("runs/first/model.aepixel"))
        .expect("a file");
    old.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .expect("set");
    let compressed = done(path, "compress letters -o x.aez --json").json();
    assert_eq!(compressed["model"], "runs/second");
    done(path, "compress letters -o y.aez --model runs/first");
    let decompressed = done(path, "decompress y.aez -o back --json").json();
    assert_eq!(decompressed["model"], "runs/first");
    check_same(&path.join("letters"), &path.join("back"), 0);
}
