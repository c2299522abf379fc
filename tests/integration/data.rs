//! `ae data`.

use std::fs;

use crate::command::{ae, done};
use crate::fixture::{FIXTURE, scratch};
use crate::skipping::shared_data;

#[test]
fn info_tells_counts_shape_and_range() {
    let data = FIXTURE.argument("drawings");
    let json = done(FIXTURE.path(), &format!("data info {data} --json")).json();
    assert_eq!(json["train"]["images"], 96);
    assert_eq!(json["test"]["images"], 32);
    assert_eq!(
        json["train"]["shape"],
        serde_json::json!({"channels": 1, "height": 28, "width": 28})
    );
    assert_eq!(
        json["train"]["classes"][3],
        serde_json::json!({"class": "3", "images": 24})
    );
    assert_eq!(
        (
            json["train"]["minimum"].as_u64(),
            json["train"]["maximum"].as_u64()
        ),
        (Some(0), Some(230))
    );
    let text = done(FIXTURE.path(), &format!("data info --data {data}")).stdout;
    assert!(
        text.contains("28x28x1") && text.contains("0 24, 1 24, 2 24, 3 24"),
        "{text}"
    );
}

#[test]
fn the_two_unreadable_files_of_notmnist_are_named() {
    let test = "data::the_two_unreadable_files_of_notmnist_are_named";
    let Some(archive) = shared_data(test, "notmnist-archive/notMNIST_small.tar.gz") else {
        return;
    };
    let archive = archive.display().to_string();
    let folder = scratch();
    let ended = done(folder.path(), &format!("data info {archive}"));
    assert!(
        ended.stdout.contains("2 of 1,002 files skipped"),
        "{}",
        ended.stdout
    );
    for name in [
        "A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png",
        "F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png",
    ] {
        assert!(ended.stdout.contains(name), "{name} in {}", ended.stdout);
    }
    let strict = ae(folder.path(), &format!("data info {archive} --strict"));
    assert_eq!(strict.code, 3, "{strict:#?}");
    let out = folder.path().join("grid.png").display().to_string();
    let shown = done(folder.path(), &format!("data show {archive} -o {out}"));
    assert!(
        shown
            .stderr
            .contains("2 of 1,002 files skipped as unreadable; --strict makes this an error"),
        "{}",
        shown.stderr
    );
}

#[test]
fn noises_are_drawn_from_the_seed() {
    let folder = scratch();
    let data = FIXTURE.argument("drawings");
    let draw = |out: &str, seed: &str| {
        let line = format!(
            "data noise {data} -o {out} --seed {seed} --count 3 --noise gaussian:0.5 \
             --noise masking:0.2,gaussian:0.1..0.3"
        );
        done(folder.path(), &line);
        fs::read(folder.path().join(out)).expect("a picture")
    };
    let one = draw("one.png", "1");
    assert!(
        one == draw("again.png", "1"),
        "the same seed draws the same"
    );
    assert!(one != draw("two.png", "2"), "another seed draws another");
}

#[test]
fn a_set_is_made_of_fonts() {
    let folder = scratch();
    let fonts = concat!(env!("CARGO_MANIFEST_DIR"), "/../ae-report/fonts");
    let made = done(
        folder.path(),
        &format!("data glyphs --fonts {fonts} -o letters --json"),
    )
    .json();
    assert_eq!(
        made["train_images"].as_u64(),
        made["train_faces"].as_u64().map(|faces| faces * 10)
    );
    let info = done(folder.path(), "data info letters --json").json();
    assert_eq!(info["train"]["images"], made["train_images"]);
    assert_eq!(info["train"]["shape"]["width"], 28);
    let again = ae(
        folder.path(),
        &format!("data glyphs --fonts {fonts} -o letters"),
    );
    assert_eq!(again.code, 5, "{again:#?}");
    assert!(
        again.lines("error:")[0].contains("exists already"),
        "{again:#?}"
    );
}
