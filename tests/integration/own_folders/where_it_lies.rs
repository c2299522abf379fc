//! The own set is found from every folder, another in its place is refused, and a moved one can be named.

use std::fs;
use std::path::Path;

use super::inputs::{scene, write, write_discs};
use crate::command::{ae, done};
use crate::fixture::scratch;

fn train(folder: &Path) {
    done(
        folder,
        "train --data data --model dense --widths 8,4 --epochs 1 --out run --backend flex --quiet",
    );
}

fn write_scenes(folder: &Path, name: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        write(
            folder,
            format!("{name}/{number:03}.png"),
            &scene(32, 32, 1, number).png(),
        );
    }
}

#[test]
fn another_working_directory_has_another_set_of_that_name() {
    let folder = scratch();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    write_discs(&one, "data", 0..40);
    write_scenes(&two, "data", 0..40);
    train(&one);
    let eval = |folder: &Path, run: &str| {
        let ended = done(folder, &format!("eval {run} --backend flex --json"));
        assert!(ended.lines("warning").is_empty(), "{ended:?}");
        ended.json()
    };
    let expected = eval(&one, "run");
    let found = eval(&two, "../one/run");
    assert_eq!(found["model"]["mse"], expected["model"]["mse"]);
    assert_eq!(
        (&found["relation"], &found["part"]),
        (&"own".into(), &"test".into())
    );
    // A copy of the file alone.
    fs::copy(one.join("run/model.safetensors"), two.join("m.safetensors")).expect("copied");
    let found = eval(&two, "m.safetensors");
    assert_eq!(found["model"]["mse"], expected["model"]["mse"]);
    // By its name, the other set is another set.
    let ended = done(&two, "eval ../one/run --data data --backend flex --json");
    assert_eq!(ended.json()["relation"], "foreign");
    assert_eq!(ended.json()["images"], 40);
}

#[test]
fn another_set_in_its_place_is_refused_with_both_fingerprints() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "data", 0..40);
    train(path);
    fs::rename(path.join("data"), path.join("moved")).expect("moved");
    write_scenes(path, "data", 0..25);
    let info = done(path, "info run --json").json();
    let digest = info["data_card"]["fingerprint"]["digest"]
        .as_str()
        .expect("a digest");
    for command in [
        "eval run",
        "encode run -o c.npy",
        "map run -o m.png",
        "probe run",
    ] {
        let ended = ae(path, &format!("{command} --backend flex"));
        assert_eq!(ended.code, 3, "{ended:?}");
        let lines = ended.lines("error: ");
        let [line] = lines.as_slice() else {
            panic!("{ended:?}");
        };
        assert!(line.contains(&digest[..12]), "{line}");
        let words = line.split(|c: char| !c.is_ascii_hexdigit());
        assert_eq!(words.filter(|word| word.len() == 12).count(), 2, "{line}");
        assert!(ended.lines("hint: ")[0].contains("--data"), "{ended:?}");
        assert!(!path.join("c.npy").exists() && !path.join("m.png").exists());
    }
    let ended = done(path, "eval run --data moved --backend flex --json");
    assert_eq!(
        (&ended.json()["relation"], &ended.json()["part"]),
        (&"own".into(), &"test".into())
    );
    // Named, what is there now is measured whole, and both are told.
    let ended = done(path, "eval run --data data --backend flex --json");
    assert_eq!(
        (&ended.json()["relation"], &ended.json()["images"]),
        (&"foreign".into(), &25.into())
    );
    assert!(ended.stderr.contains(&digest[..12]), "{ended:?}");
}

#[test]
fn a_set_that_is_gone_is_an_error_that_says_where_it_was() {
    let folder = scratch();
    let path = folder.path();
    write_discs(path, "data", 0..40);
    train(path);
    let expected = done(path, "eval run --backend flex --json").json();
    let place = path.join("data").canonicalize().expect("a folder");
    fs::rename(path.join("data"), path.join("moved")).expect("moved");
    for command in [
        "eval run",
        "reconstruct run -o again",
        "traverse run -o t.png",
    ] {
        let ended = ae(path, &format!("{command} --backend flex"));
        assert_eq!(ended.code, 5, "{ended:?}");
        let line = format!("error: {}: there is no longer the set", place.display());
        assert_eq!(ended.lines(&line).len(), 1, "{ended:?}");
    }
    let found = done(path, "eval run --data moved --backend flex --json").json();
    assert_eq!(found["model"]["mse"], expected["model"]["mse"]);
    assert_eq!(found["relation"], "own");
}
