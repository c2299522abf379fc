//! C1: layouts of folders are recognized and said, the test images are never trained on, and masks are no images.

use std::path::Path;

use serde_json::{Value, json};

use super::inputs::{Picture, defect, disc, write, write_discs};
use crate::command::{ae, done};
use crate::fixture::scratch;

/// What `ae data info` says of a set in a folder.
fn info(folder: &Path, set: &str) -> Value {
    done(folder, &["data", "info", set, "--json"]).json()
}

/// A picture of one gray.
fn gray(value: u8) -> Vec<u8> {
    Picture::new(32, 32, 1, vec![value; 1024]).png()
}

/// A category of MVTec AD in `folder`: 60 normal parts to train on, 15 normal and 15 broken ones to test on, masks.
fn write_mvtec(folder: &Path, category: &str) {
    write_discs(folder, &format!("{category}/train/good"), 0..60);
    write_discs(folder, &format!("{category}/test/good"), 60..75);
    for number in 75..90 {
        let (broken, mask) = defect(number);
        let name = format!("{category}/test/broken/{number:03}.png");
        write(folder, name, &broken.png());
        let name = format!("{category}/ground_truth/broken/{number:03}_mask.png");
        write(folder, name, &mask.png());
    }
}

#[test]
fn the_root_of_an_mvtec_set_is_no_set_of_three_classes() {
    let folder = scratch();
    write_mvtec(folder.path(), "bottle");
    write(folder.path(), "bottle/license.txt", b"free");
    let found = info(folder.path(), "bottle");
    assert_eq!(
        (&found["train"]["images"], &found["files"]),
        (&json!(60), &json!(90))
    );
    let counts = |part: &str| {
        let classes = found[part]["classes"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let class = |c: &Value| format!("{} {}", c["class"].as_str().unwrap_or(""), c["images"]);
        classes.iter().map(class).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(counts("train"), "broken 0, good 60");
    assert_eq!(counts("test"), "broken 15, good 15");
    assert_eq!(found["masks"], 15);
    // Neither a defect nor a mask is among the training images.
    assert!(found["train"]["maximum"].as_u64() < Some(230), "{found}");
    let parts = &found["parts"];
    let of = |part: &str| parts[part].as_u64().unwrap_or(0);
    assert_eq!((of("train") + of("validation"), of("test")), (60, 30));
    assert!(of("validation") > 0);

    let line = "train --data bottle --model dense --widths 16,4 --epochs 1 --threads 1 -o run";
    let trained = done(folder.path(), line);
    let said = trained.lines("layout: ");
    assert_eq!(
        said,
        [
            "layout: MVTec AD, folders train (60), test (30); 2 classes: broken, good; left aside: 15 masks, 1 .txt"
        ]
    );
    // The category's folder alone in another one is the same set.
    let folder = scratch();
    write_mvtec(folder.path(), "delivery/of today/bottle");
    assert_eq!(
        info(folder.path(), "delivery")["fingerprint"],
        found["fingerprint"]
    );
}

#[test]
fn the_folders_of_mvtec_loco_are_known_too() {
    let folder = scratch();
    write_discs(folder.path(), "box/train/good", 0..30);
    write_discs(folder.path(), "box/validation/good", 30..40);
    write_discs(folder.path(), "box/test/logical_anomalies", 40..45);
    write(
        folder.path(),
        "box/ground_truth/logical_anomalies/040/000.png",
        &gray(255),
    );
    write(
        folder.path(),
        "box/ground_truth/logical_anomalies/040/001.png",
        &gray(255),
    );
    let found = info(folder.path(), "box");
    let images = |part: &str| found[part]["images"].as_u64();
    assert_eq!(
        (images("train"), images("validation"), images("test")),
        (Some(30), Some(10), Some(5))
    );
    assert_eq!(found["masks"], 1);
    assert_eq!(
        found["layout"]["left_aside"],
        json!([{"what": "masks", "count": 2}])
    );
}

#[test]
fn pictures_beside_train_and_test_make_them_no_classes() {
    for beside in [
        &["preview.png"][..],
        &["figures/a.png", "figures/b.png"],
        &["readme.png", "extra/deep/a.png"],
    ] {
        let folder = scratch();
        write_discs(folder.path(), "set/train/good", 0..15);
        write_discs(folder.path(), "set/test/good", 15..30);
        for (number, name) in beside.iter().enumerate() {
            write(
                folder.path(),
                format!("set/{name}"),
                &disc(90 + number as u64).png(),
            );
        }
        let found = info(folder.path(), "set");
        assert_eq!(found["train"]["images"], 15, "{beside:?}");
        assert_eq!(found["test"]["images"], 15, "{beside:?}");
        let aside = &found["layout"]["left_aside"];
        assert_eq!(aside[0]["count"], beside.len(), "{aside}");
        let what = aside[0]["what"].as_str().unwrap_or_default();
        assert!(
            what.ends_with("beside the train and test folders"),
            "{aside}"
        );
    }
}

/// Also in capitals, as other words, and with classes below: dark images to train on, bright ones to test on.
#[test]
fn test_images_are_never_trained_on_however_the_folders_are_called() {
    for [train, test] in [
        ["train", "test"],
        ["Train", "TEST"],
        ["training", "testing"],
        ["a/Training", "a/Testing"],
        ["train/images", "test/images"],
    ] {
        for class in ["", "/x"] {
            let folder = scratch();
            for number in 0..30 {
                let name = |part: &str| format!("set/{part}{class}/{number:02}.png");
                write(folder.path(), name(train), &gray(number));
                write(folder.path(), name(test), &gray(200 + number));
            }
            let found = info(folder.path(), "set");
            let range = |part: &str, end: &str| found[part][end].as_u64();
            assert_eq!(range("train", "maximum"), Some(29), "{train} {class}");
            assert_eq!(range("test", "minimum"), Some(200), "{test} {class}");
            let parts = &found["parts"];
            let of = |part: &str| parts[part].as_u64().unwrap_or(0);
            assert_eq!((of("train") + of("validation"), of("test")), (30, 30));
        }
    }
}

/// Its training folder is empty, or was left behind.
#[test]
fn a_test_folder_alone_is_not_trained_on() {
    let folder = scratch();
    write_discs(folder.path(), "set/test/good", 0..9);
    write(folder.path(), "set/train/notes.txt", b"to come");
    let refused = ae(folder.path(), "train --data set --epochs 1 -o run");
    assert_eq!(refused.code, 3, "{refused:#?}");
    let expected = "error: set has no training images: all its images are for validation and test";
    assert_eq!(refused.lines("error:"), [expected]);
    let found = info(folder.path(), "set");
    assert_eq!(found["test"]["images"], 9);
}

#[test]
fn masks_beside_images_and_good_beside_defects_are_told_apart() {
    let folder = scratch();
    write_discs(folder.path(), "cells/images", 0..12);
    write_discs(folder.path(), "parts/good", 0..12);
    write_discs(folder.path(), "parts/scratched", 12..16);
    for number in 0..12 {
        write(
            folder.path(),
            format!("cells/masks/{number:03}.png"),
            &gray(255),
        );
    }
    for number in 12..16 {
        let mask = format!("parts/ground_truth/scratched/{number:03}_mask.png");
        write(folder.path(), mask, &gray(255));
    }
    let cells = info(folder.path(), "cells");
    assert_eq!((&cells["files"], &cells["masks"]), (&json!(12), &json!(12)));
    assert_eq!(cells["train"]["classes"], json!([]));
    let parts = info(folder.path(), "parts");
    assert_eq!(
        parts["train"]["classes"],
        json!([{"class": "good", "images": 12}, {"class": "scratched", "images": 4}])
    );
    assert_eq!(parts["masks"], 4);
    assert_eq!(
        parts["layout"]["recognized"],
        "folders of pictures; 2 classes: good, scratched"
    );
}

#[test]
fn a_folder_of_several_sets_is_refused_with_their_names() {
    let folder = scratch();
    write_mvtec(folder.path(), "mvtec/bottle");
    write_mvtec(folder.path(), "mvtec/cable");
    for line in ["data info mvtec", "train --data mvtec --epochs 1 -o run"] {
        let refused = ae(folder.path(), line);
        assert_eq!(refused.code, 2, "{refused:#?}");
        let expected = "error: mvtec holds 2 sets with train and test folders of their own, not one: bottle, cable";
        assert_eq!(refused.lines("error:"), [expected]);
    }
    assert!(!folder.path().join("run").exists());
}

#[test]
fn what_is_no_picture_is_counted_by_its_ending() {
    let folder = scratch();
    write_discs(folder.path(), "set", 0..5);
    for name in ["a.txt", "b.TXT", "c.csv", "README", ".hidden", "sub/d.csv"] {
        write(folder.path(), format!("set/{name}"), b"text");
    }
    let found = info(folder.path(), "set");
    assert_eq!(
        found["layout"]["left_aside"],
        json!([
            {"what": "without an ending", "count": 1},
            {"what": ".csv", "count": 2},
            {"what": ".txt", "count": 2},
        ])
    );
    let text = done(folder.path(), "data info set").stdout;
    assert!(
        text.contains(
            "one folder of pictures; no classes; left aside: 1 without an ending, 2 .csv, 2 .txt"
        ),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn names_of_classes_command_no_terminal_and_break_no_table() {
    let folder = scratch();
    let path = folder.path();
    for class in ["a\u{1b}[32m", "b\nclasses", "c\u{1b}]0;title\u{7}"] {
        for number in 0..4 {
            write(
                path,
                format!("set/{class}/{number}.png"),
                &disc(number).png(),
            );
        }
    }
    let told = done(path, "data info set");
    let text = told.stdout + &told.stderr;
    assert!(
        !text
            .chars()
            .any(|letter| letter.is_control() && letter != '\n'),
        "{text}"
    );
    assert!(text.contains("b\u{fffd}classes"), "{text}");
}
