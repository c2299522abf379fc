//! Whether a folder is still the set that was trained on: a new file moves no other, and a changed set is said.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::inputs::{Tiff, disc, scene, write, write_discs};
use crate::command::done;
use crate::fixture::scratch;

/// The names of the images of a part.
fn part(folder: &Path, part: &str) -> (BTreeSet<String>, Vec<String>) {
    let out = folder.join("again");
    let _ = fs::remove_dir_all(&out);
    let line = format!("reconstruct run --part {part} -o again --backend flex --json");
    let ended = done(folder, &line);
    let json = ended.json();
    let names = json["images"]
        .as_array()
        .expect("images")
        .iter()
        .map(|image| {
            let file = Path::new(image["file"].as_str().expect("a file"));
            file.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        });
    let warnings = ended
        .lines("warning: ")
        .into_iter()
        .map(str::to_owned)
        .collect();
    (names.collect(), warnings)
}

fn train(folder: &Path, more: &str) {
    done(
        folder,
        &format!(
            "train --data set --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet {more}"
        ),
    );
}

#[test]
fn a_new_file_moves_no_other() {
    for (seed, added) in [(1, 1), (2, 5), (3, 40)] {
        let folder = scratch();
        let path = folder.path();
        write_discs(path, "set", 0..60);
        train(path, &format!("--seed {seed}"));
        let before = ["train", "validation", "test"].map(|name| part(path, name));
        assert!(
            before
                .iter()
                .all(|(names, warnings)| !names.is_empty() && warnings.is_empty())
        );
        write_discs(path, "set", 500..500 + added);
        let after = ["train", "validation", "test"].map(|name| part(path, name));
        let mut seen = 0;
        for ((before, _), (after, warnings)) in before.iter().zip(&after) {
            assert!(before.is_subset(after), "{before:?} {after:?}");
            let new = after.difference(before);
            assert!(new.clone().all(|name| name.starts_with('5')), "{after:?}");
            seen += new.count();
            let [warning] = warnings.as_slice() else {
                panic!("{warnings:?}");
            };
            let digits = warning.split(|c: char| !c.is_ascii_hexdigit());
            let prints: BTreeSet<&str> = digits.filter(|word| word.len() == 12).collect();
            assert_eq!(prints.len(), 2, "both fingerprints: {warning}");
            assert!(
                warning.contains("% of the images are the same"),
                "{warning}"
            );
        }
        assert_eq!(seen, added as usize);
    }
}

#[test]
fn a_file_taken_away_is_said_and_moves_no_other() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "set", 0..60);
    train(path, "");
    let (train_names, _) = part(path, "train");
    let (test, _) = part(path, "test");
    let gone = train_names.first().expect("a name").clone();
    fs::remove_file(path.join(format!("set/{gone}.png"))).expect("removed");
    let (after, warnings) = part(path, "test");
    assert_eq!((after, warnings.len()), (test, 1));
    assert!(!part(path, "train").0.contains(&gone));
    let json = done(path, "eval run --backend flex --json").json();
    assert_eq!(
        (&json["relation"], &json["part"]),
        (&"changed".into(), &"test".into())
    );
    let changed = &json["changed"];
    assert_ne!(changed["fingerprint_then"], changed["fingerprint_now"]);
    let overlap = changed["overlap"].as_f64().expect("a share");
    assert!((overlap - 59.0 / 60.0).abs() < 1e-9, "{overlap}");
}

#[test]
fn names_formats_and_sizes_change_nothing() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "set", 0..30);
    train(path, "--size 16");
    let measured = done(path, "eval run --backend flex --json").json();
    assert_eq!(measured["relation"], "own");
    // The same pictures as TIFF, under other names, elsewhere.
    for number in 0..30 {
        let name = format!("renamed/z{:02}.tif", 99 - number);
        write(path, name, &Tiff::default().pages(&[disc(number)]));
    }
    let again = done(path, "eval run --data renamed --backend flex --json").json();
    assert_eq!(
        (&again["relation"], &again["part"]),
        (&"own".into(), &"test".into())
    );
    assert_eq!(again["model"]["mse"], measured["model"]["mse"]);
    assert_eq!(again["images"], measured["images"]);
}

#[test]
fn images_that_were_trained_on_are_known_in_another_set() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "set", 0..30);
    train(path, "");
    write_discs(path, "delivery", 0..30);
    write_discs(path, "delivery", 700..710);
    let ended = done(path, "eval run --data delivery --backend flex --json");
    let json = ended.json();
    assert_eq!(
        (&json["relation"], &json["images"]),
        (&"foreign".into(), &40.into())
    );
    let warnings = ended.lines("warning: about 75% of these images are in the set");
    assert_eq!(warnings.len(), 1, "{ended:?}");
    // None, none said.
    for number in 0..4 {
        write(
            path,
            format!("fresh/{number}.png"),
            &scene(32, 32, 1, number).png(),
        );
    }
    let ended = done(path, "eval run --data fresh --backend flex --json");
    assert!(ended.lines("warning: about").is_empty(), "{ended:?}");
}
