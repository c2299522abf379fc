//! A set that the run was not trained on is measured whole, by every command, and a part means the same in all of them.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use super::inputs::{scene, write, write_discs};
use crate::command::{ae, done};
use crate::fixture::scratch;

/// A run on forty discs, and sets that it was not trained on: `flat`, and `divided` by its own folders.
static RUN: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "own", 0..40);
    write_discs(path, "flat", 100..130);
    for (part, numbers) in [("train", 200..212), ("val", 212..217), ("test", 217..225)] {
        write_discs(path, &format!("divided/{part}/good"), numbers);
    }
    done(
        path,
        "train --data own --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
    folder
});

/// Runs a command of the run and counts the images that it saw.
fn images(line: &str) -> (usize, Value) {
    let results = scratch();
    let out = |name: &str| results.path().join(name).display().to_string();
    let (command, more) = line.split_once(' ').unwrap_or((line, ""));
    let out = match command {
        "encode" => format!("-o {}", out("codes.npy")),
        "reconstruct" => format!("-o {}", out("again")),
        "map" => format!("--method pca -o {}", out("map.html")),
        _ => String::new(),
    };
    let line = format!("{command} run {more} {out} --backend flex --json");
    let json = done(RUN.path(), &line).json();
    let count = match command {
        "encode" => json["shape"][0].as_u64(),
        "reconstruct" => json["images"].as_array().map(|images| images.len() as u64),
        _ => json["images"].as_u64(),
    };
    (count.expect("a number of images") as usize, json)
}

#[test]
fn a_set_that_was_not_trained_on_is_measured_whole() {
    for command in ["eval", "encode", "reconstruct", "map"] {
        for (set, expected) in [("flat", 30), ("divided", 25)] {
            for part in ["", "--part all"] {
                let (count, json) = images(&format!("{command} --data {set} {part}"));
                assert_eq!(count, expected, "{command} {set} {part}");
                assert_eq!(json["data"], set, "{command}");
                assert_eq!(
                    (&json["part"], &json["relation"]),
                    (&"all".into(), &"foreign".into())
                );
            }
        }
    }
}

#[test]
fn a_part_means_the_same_in_every_command() {
    let part = |command: &str, part: &str| images(&format!("{command} --part {part}")).0;
    let parts = ["train", "validation", "test"].map(|name| part("encode", name));
    assert!(parts.iter().all(|&count| count > 0), "{parts:?}");
    assert_eq!(parts.iter().sum::<usize>(), 40);
    for command in ["eval", "reconstruct", "map"] {
        let found = ["train", "validation", "test"].map(|name| part(command, name));
        assert_eq!(found, parts, "{command}");
        assert_eq!(part(command, "all"), 40, "{command}");
    }
    for command in ["eval", "encode", "reconstruct", "map"] {
        // Of the own set the test images are the usual ones, whether it is named or not.
        for line in [command.to_owned(), format!("{command} --data own")] {
            let (count, json) = images(&line);
            assert_eq!(count, parts[2], "{line}");
            assert_eq!(
                (&json["part"], &json["relation"]),
                (&"test".into(), &"own".into())
            );
        }
    }
    for (name, expected) in [("train", 12), ("validation", 5), ("test", 8)] {
        for command in ["eval", "encode", "reconstruct", "map"] {
            let (count, json) = images(&format!("{command} --data divided --part {name}"));
            assert_eq!(count, expected, "{command} {name}");
            assert_eq!(json["part"], name);
        }
    }
}

#[test]
fn a_part_of_a_set_that_nobody_divided_is_refused() {
    let folder = RUN.path();
    for command in [
        "eval",
        "encode -o {}/c.npy",
        "reconstruct -o {}/r",
        "show -o {}/s.png",
    ] {
        for part in ["train", "validation", "test"] {
            let results = scratch();
            let (command, more) = command.split_once(' ').unwrap_or((command, ""));
            let more = more.replace("{}", &results.path().display().to_string());
            let line = format!("{command} run --data flat --part {part} {more} --backend flex");
            let ended = ae(folder, &line);
            let expected = format!("error: flat: no {part} images: ");
            assert_eq!(ended.code, 2, "{ended:?}");
            assert_eq!(ended.lines(&expected).len(), 1, "{ended:?}");
        }
    }
}

#[test]
fn the_pictures_that_need_a_set_take_all_of_it() {
    let results = scratch();
    let out = |name: &str| results.path().join(name).display().to_string();
    for (command, part) in [("show", "all"), ("traverse", "all")] {
        let file = out(&format!("{command}.png"));
        let line = format!("{command} run --data divided -o {file} --backend flex --json");
        let json = done(RUN.path(), &line).json();
        assert_eq!(
            (&json["part"], &json["relation"]),
            (&part.into(), &"foreign".into())
        );
        assert_eq!(json["data"], "divided");
    }
}

#[test]
fn what_learns_beside_the_model_learns_on_its_training_images() {
    let names = |json: &Value| -> Vec<String> {
        let all = json["baselines"].as_array().expect("baselines");
        let names = all.iter().map(|baseline| baseline["name"].to_string());
        names.collect()
    };
    let mean_of = |json: &Value| {
        let all = json["baselines"].as_array().expect("baselines");
        let mean = all.iter().find(|baseline| baseline["name"] == "mean image");
        mean.expect("the mean image")["mse"]
            .as_f64()
            .expect("a number")
    };
    // One image, measured alone: the error of the mean image says what the mean was taken of.
    let folder = RUN.path();
    write_discs(folder, "one", 150..151);
    let (count, json) = images("eval --data one");
    assert_eq!(count, 1);
    assert!(
        mean_of(&json) > 1e-4,
        "not the mean of what is measured: {json}"
    );

    // Where they are gone it is said, and what learns nothing is measured alone.
    let moved = scratch();
    let copy = moved.path().join("model.safetensors");
    std::fs::copy(folder.join("run/model.safetensors"), &copy).expect("copied");
    write(moved.path(), "other/a.png", &scene(32, 32, 1, 5).png());
    let away = scratch();
    write_discs(away.path(), "own", 0..40);
    done(
        away.path(),
        "train --data own --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
    std::fs::rename(away.path().join("own"), away.path().join("moved")).expect("moved");
    write_discs(away.path(), "flat", 100..104);
    let ended = done(away.path(), "eval run --data flat --backend flex --json");
    assert_eq!(
        ended
            .lines("warning: baselines that learn are left out")
            .len(),
        1,
        "{ended:?}"
    );
    let found = names(&ended.json());
    assert!(
        found
            .iter()
            .all(|name| name.contains("identity") || name.contains("jpeg")),
        "{found:?}"
    );
    assert!(!found.is_empty());
}

#[test]
fn classes_keep_their_names() {
    let folder = scratch();
    let path: &Path = folder.path();
    for class in 'A'..='L' {
        for number in 0..6 {
            let file = format!("letters/{class}/{number}.png");
            write(
                path,
                file,
                &scene(16, 16, 1, u64::from(class as u32) * 10 + number).png(),
            );
        }
    }
    done(
        path,
        "train --data letters --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
    let json = done(path, "probe run --neighbors 1 --backend flex --json").json();
    let expected: Vec<Value> = ('A'..='L').map(|class| class.to_string().into()).collect();
    assert_eq!(json["class_names"].as_array(), Some(&expected));
    let text = done(path, "probe run --neighbors 1 --backend flex").stdout;
    assert!(text.contains("12 classes of letters (A, B, C, "), "{text}");
    done(
        path,
        "map run --part all --method pca -o map.html --backend flex",
    );
    let page = std::fs::read_to_string(path.join("map.html")).expect("a page");
    // Each with its name; the eleventh has another shape than the first, whose color it has.
    for (index, class) in ('A'..='L').enumerate() {
        let entry = page.find(&format!("[\"{class}\",\"#")).expect("a class");
        let end = page[entry..].find(']').expect("an end");
        let shape = format!(",{}", index / 10);
        assert!(page[entry..entry + end].ends_with(&shape), "{class}");
    }
    let info = done(path, "info run").stdout;
    assert!(info.contains("12: A, B, C, D"), "{info}");
}
