//! Pictures of any sizes: `ae train --model pixel --patch`, `ae compress`, `ae decompress`.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::check_same;
use crate::command::{ae, done};
use crate::fixture::{files_in, scratch};

/// The folder `photos`, of pictures of different sizes, and the run `run` that was trained on patches of them.
static TRAINED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    write_photos(&folder.path().join("photos"), 14);
    done(
        folder.path(),
        "train --model pixel --data photos --patch 16 -o run --steps 40 --batch-size 64 --quiet",
    );
    folder
});

/// Pictures with slopes, edges and grain; every fourth is of 1 pixel or a row.
fn write_photos(folder: &Path, count: u32) {
    fs::create_dir_all(folder.join("in/here")).expect("a folder");
    for number in 0..count {
        let (width, height) = match number % 4 {
            0 => (40, 24),
            1 => (17, 33),
            2 => (32, 32),
            _ => (19 + number, 21),
        };
        let mut state = number + 1;
        let photo = image::GrayImage::from_fn(width, height, |x, y| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let edge = if x + number < 2 * y { 50 } else { 0 };
            image::Luma([(20 + x + 2 * y + edge + (state >> 29)) as u8])
        });
        let name = match number % 3 {
            0 => format!("{number}.png"),
            1 => format!("in/{number}.tif"),
            _ => format!("in/here/{number}.pgm"),
        };
        photo.save(folder.join(name)).expect("written");
    }
}

fn run() -> String {
    TRAINED.path().join("run").display().to_string()
}

fn photos() -> String {
    TRAINED.path().join("photos").display().to_string()
}

#[test]
fn pictures_of_any_sizes_come_back() {
    let folder = scratch();
    let path = folder.path();
    let (run, photos) = (run(), photos());
    let information = done(path, &format!("info {run} --json")).json();
    assert_eq!(information["kind"], "pixel");
    assert!(information["height"].is_null());
    assert!(
        information["run"]["measured"]["test_bits_per_pixel"].is_number(),
        "{information}"
    );
    for threads in [1, 4] {
        let line =
            format!("compress {photos} --model {run} -o {threads}.aez --threads {threads} --json");
        let compressed = done(path, &line).json();
        assert_eq!(compressed["images"], 14);
        assert_eq!(compressed["group"], 1);
        assert!(compressed["width"].is_null());
        assert!(
            compressed["bits_per_pixel"].as_f64() < Some(8.0),
            "{compressed}"
        );
        done(
            path,
            &format!("decompress {threads}.aez --model {run} -o {threads} --threads {threads}"),
        );
        check_same(Path::new(&photos), &path.join(threads.to_string()), 0);
    }
    let bytes = |name: &str| fs::read(path.join(name)).expect(name);
    assert!(bytes("1.aez") == bytes("4.aez"));
    done(
        path,
        &format!("compress {photos} --model {run} -o near.aez --near 4 --group 5"),
    );
    done(path, &format!("decompress near.aez --model {run} -o near"));
    check_same(Path::new(&photos), &path.join("near"), 4);
    let information = done(path, "info near.aez --json").json();
    assert_eq!(information["codec"], "picture");
    assert_eq!(information["chunks"], 3);
    assert!(information["width"].is_null());
    let text = done(path, "info near.aez").stdout;
    assert!(text.contains("14 of different sizes"), "{text}");

    // One file cannot hold them; pictures of one size it can.
    let ended = ae(path, &format!("decompress near.aez --model {run} -o x.npy"));
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.stderr.contains("different sizes"), "{ended:#?}");
    let one = format!("{photos}/0.png");
    done(path, &format!("compress {one} --model {run} -o one.aez"));
    // A single picture comes back as the file that is named.
    let text = done(
        path,
        &format!("decompress one.aez --model {run} -o one.png"),
    )
    .stdout;
    assert!(text.starts_with("1 image in one.png"), "{text}");
    let written = image::open(path.join("one.png")).expect("a picture");
    assert!(written.into_luma8() == image::open(&one).expect("a picture").into_luma8());
    let ended = ae(path, &format!("decompress near.aez --model {run} -o x.png"));
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.stderr.contains("there are 14 images"), "{ended:#?}");
    assert!(!path.join("x.png").exists());
    done(
        path,
        &format!("decompress one.aez --model {run} -o one.npy"),
    );
    done(
        path,
        &format!("compress one.npy --model {run} -o again.aez"),
    );
    done(
        path,
        &format!("decompress again.aez --model {run} -o again"),
    );
    let again = image::open(path.join("again/000000.png")).expect("a picture");
    assert!(again.into_luma8() == image::open(one).expect("a picture").into_luma8());
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let folder = scratch();
    let path = folder.path();
    let (run, photos) = (run(), photos());
    fs::create_dir(path.join("color")).expect("a folder");
    for side in [20, 24, 30, 40] {
        let file = path.join(format!("color/{side}.png"));
        image::RgbImage::new(side, side)
            .save(file)
            .expect("written");
    }
    for (line, code, part) in [
        (format!("compress {photos} -o y.aez"), 4, "--model"),
        (
            format!("compress {photos} --model glyphs -o y.aez"),
            3,
            "differ",
        ),
        (
            format!("compress color --model {run} -o y.aez"),
            3,
            "channels",
        ),
        (
            "train --model pixel --data color --patch 8".to_owned(),
            3,
            "channels",
        ),
        (
            format!("train --model pixel --data {photos} --patch 500"),
            3,
            "500",
        ),
        (format!("train --resume {run}"), 2, "trained to its end"),
    ] {
        let ended = ae(path, &line);
        assert!(
            ended.code == code || ended.code == 2,
            "ae {line}: {ended:#?}"
        );
        let errors = ended.lines("error:");
        assert!(
            errors.len() == 1 && errors[0].contains(part),
            "ae {line}: {ended:#?}"
        );
        assert_eq!(files_in(path).len(), 4, "ae {line}");
    }
    // In gray they are pictures like others.
    done(
        path,
        &format!("compress color --channels gray --model {run} -o y.aez"),
    );
    // Without --model the newest that codes pictures of any sizes is found.
    done(
        path,
        &format!(
            "train --model pixel --data {photos} --patch 16 --steps 2 --batch-size 16 --quiet"
        ),
    );
    done(path, &format!("compress {photos} -o found.aez"));
    done(path, "decompress found.aez -o found");
    check_same(Path::new(&photos), &path.join("found"), 0);
}

#[test]
fn pictures_of_a_set_with_parts_are_whole() {
    let folder = scratch();
    let path = folder.path();
    write_photos(&path.join("divided/train"), 6);
    write_photos(&path.join("divided/test"), 3);
    let run = run();
    let compressed = done(
        path,
        &format!("compress divided --model {run} -o all.aez --json"),
    )
    .json();
    assert_eq!(compressed["images"], 9);
    done(path, &format!("decompress all.aez --model {run} -o back"));
    check_same(&path.join("divided"), &path.join("back"), 0);
    let line = format!("compress divided --model {run} --limit 7 -o some.aez --json");
    assert_eq!(done(path, &line).json()["images"], 7);
    // Curves are of whole pictures, too, also of the run's own.
    for (data, images) in [("--data divided", 9), ("", 2)] {
        let line =
            format!("eval {run} --rate-distortion {data} -o curves{images} --limit 9 --json");
        let measured = done(path, &line).json();
        assert_eq!(measured["images"], images, "{measured}");
    }
}

#[test]
fn names_that_would_be_one_are_refused() {
    let folder = scratch();
    let path = folder.path();
    write_photos(&path.join("photos"), 1);
    let photo = path.join("photos/0.png");
    fs::copy(&photo, path.join("photos/a.jpg.png")).expect("written");
    image::open(&photo)
        .expect("a picture")
        .save(path.join("photos/a.jpg"))
        .expect("written");
    let ended = ae(path, &format!("compress photos --model {} -o x.aez", run()));
    assert_eq!(ended.code, 3, "{ended:#?}");
    assert!(
        ended
            .stderr
            .contains("a.jpg.png: a.jpg has the same name once it is unpacked"),
        "{ended:#?}"
    );
    assert!(!path.join("x.aez").exists());
}
