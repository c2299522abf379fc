use super::*;

/// Parts as letters (`r`, `v`, `e`; `m` for a mask, `-` for what is left aside), labels and classes of `files`.
#[track_caller]
fn check(files: &[&str], parts: &str, labels: Option<&[u32]>, classes: &[&str]) {
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let arrangement = Arrangement::of(Path::new("root"), &files).unwrap();
    let letter = |role: &Role<'_>| match role {
        Role::Image { part, .. } => match part {
            Part::Train => 'r',
            Part::Validation => 'v',
            Part::Test => 'e',
            Part::All => '?',
        },
        Role::Mask { .. } => 'm',
        Role::Aside(_) => '-',
    };
    let letters: String = arrangement.roles.iter().map(letter).collect();
    assert_eq!(letters, parts, "{files:?}");
    let found = arrangement.labels();
    let found_labels = found.as_ref().map(|(labels, _)| labels.as_slice());
    assert_eq!(found_labels, labels, "{files:?}");
    let names = found.map(|(_, classes)| classes).unwrap_or_default();
    assert_eq!(names, classes, "{files:?}");
}

#[test]
fn folders_are_classes() {
    let two = &["A", "B"][..];
    check(
        &["B/1.png", "A/1.png", "B/2.png"],
        "rrr",
        Some(&[1, 0, 1]),
        two,
    );
    check(&["set/B/1.png", "set/A/1.png"], "rr", Some(&[1, 0]), two);
    check(
        &["x/y/set/B/1.png", "x/y/set/A/1.png"],
        "rr",
        Some(&[1, 0]),
        two,
    );
    check(&["A/1.png", "A/2.png"], "rr", Some(&[0, 0]), &["A"]);
    check(&["A/deep/1.png", "B/2.png"], "rr", Some(&[0, 1]), two);
    check(
        &["good/1.png", "broken/2.png"],
        "rr",
        Some(&[1, 0]),
        &["broken", "good"],
    );
}

#[test]
fn flat_and_mixed_folders_have_no_classes() {
    check(&["1.png", "2.png"], "rr", None, &[]);
    check(&["1.png", "A/2.png"], "rr", None, &[]);
    check(&[], "", Some(&[]), &[]);
    check(&["train/1.png", "train/2.png"], "rr", None, &[]);
}

#[test]
fn train_validation_and_test_folders_are_parts() {
    let two = &["A", "B"][..];
    let files = ["train/A/1.png", "test/A/1.png", "train/B/1.png"];
    check(&files, "rer", Some(&[0, 0, 1]), two);
    check(&["s/Training/1.png", "s/Testing/1.png"], "re", None, &[]);
    for validation in ["val", "valid", "validation", "dev", "Val", "DEV"] {
        let validation = format!("{validation}/1.png");
        check(&["train/1.png", &validation], "rv", None, &[]);
        check(
            &["TRAIN/1.png", &validation, "Test/1.png"],
            "rve",
            None,
            &[],
        );
    }
    // What is for measuring is not trained on for being alone, unless it has parts of its own.
    check(&["test/1.png", "test/2.png"], "ee", None, &[]);
    check(
        &["set/test/A/1.png", "set/val/B/2.png"],
        "ev",
        Some(&[0, 1]),
        two,
    );
    check(&["test/train/1.png", "test/test/1.png"], "re", None, &[]);
    // One part alone is a class like any other beside something else.
    check(
        &["train/1.png", "A/1.png"],
        "rr",
        Some(&[1, 0]),
        &["A", "train"],
    );
    check(
        &["train/A/1.png", "train/B/1.png"],
        "rr",
        Some(&[0, 1]),
        two,
    );
}

#[test]
fn what_lies_beside_the_parts_is_left_aside() {
    check(
        &["train/1.png", "test/1.png", "extra/1.png", "preview.png"],
        "re--",
        None,
        &[],
    );
    check(
        &[
            "set/train/a/1.png",
            "set/test/a/1.png",
            "set/p.png",
            "figure.png",
            "docs/x.png",
        ],
        "re---",
        Some(&[0; 5]),
        &["a"],
    );
}

#[test]
fn masks_are_never_images() {
    let mvtec = [
        "train/good/0.png",
        "test/good/0.png",
        "test/broken/0.png",
        "ground_truth/broken/0_mask.png",
    ];
    check(&mvtec, "reem", Some(&[1, 1, 0, 0]), &["broken", "good"]);
    let wrapped: Vec<String> = mvtec.iter().map(|file| format!("bottle/{file}")).collect();
    let wrapped: Vec<&str> = wrapped.iter().map(String::as_str).collect();
    check(&wrapped, "reem", Some(&[1, 1, 0, 0]), &["broken", "good"]);
    check(
        &["good/0.png", "bad/0.png", "ground_truth/bad/0.png"],
        "rrm",
        Some(&[1, 0, 0]),
        &["bad", "good"],
    );
    check(
        &[
            "train/good/0.png",
            "test/ground_truth/bad/0.png",
            "test/bad/0.png",
        ],
        "rme",
        Some(&[1, 0, 0]),
        &["bad", "good"],
    );
    // Sets for segmentation.
    check(&["images/0.png", "masks/0.png"], "rm", None, &[]);
    check(
        &[
            "train/images/0.png",
            "train/masks/0.png",
            "test/images/0.png",
            "test/masks/0.png",
        ],
        "rmem",
        None,
        &[],
    );
    // A class may be called so beside another.
    check(
        &["mask/0.png", "no_mask/0.png"],
        "rr",
        Some(&[0, 1]),
        &["mask", "no_mask"],
    );
}

#[test]
fn the_folders_of_mvtec_are_told_from_other_parts() {
    let is_mvtec = |files: &[&str]| {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        Arrangement::of(Path::new(""), &files).unwrap().is_mvtec
    };
    assert!(is_mvtec(&[
        "train/good/0.png",
        "test/good/0.png",
        "test/cut/0.png"
    ]));
    assert!(is_mvtec(&[
        "train/good/0.png",
        "validation/good/0.png",
        "test/cut/0.png"
    ]));
    assert!(!is_mvtec(&["train/good/0.png", "test/good/0.png"]));
    assert!(!is_mvtec(&[
        "train/good/0.png",
        "train/cut/0.png",
        "test/cut/0.png"
    ]));
    assert!(!is_mvtec(&["train/0.png", "test/cut/0.png"]));
    assert!(!is_mvtec(&["good/0.png", "cut/0.png"]));
}

#[test]
fn several_sets_are_refused_with_their_names() {
    let files = [
        "bottle/train/good/0.png",
        "bottle/test/cut/0.png",
        "cable/train/good/0.png",
        "cable/test/good/0.png",
        "readme.png",
    ];
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    let error = Arrangement::of(Path::new("mvtec"), &files).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mvtec holds 2 sets with train and test folders of their own, not one: bottle, cable"
    );
    assert!(error.is_usage());
}

#[test]
fn there_may_be_more_classes_than_a_byte_counts() {
    let files: Vec<PathBuf> = (0..300)
        .map(|class| PathBuf::from(format!("{class:03}/1.png")))
        .collect();
    let (labels, classes) = Arrangement::of(Path::new(""), &files)
        .unwrap()
        .labels()
        .unwrap();
    assert_eq!((classes.len(), labels[299]), (300, 299));
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_classes_of_their_own() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = |bytes| PathBuf::from(OsStr::from_bytes(bytes));
    let files = [path(b"\xFE/1.png"), path(b"\xFF/1.png")];
    let (labels, classes) = Arrangement::of(Path::new(""), &files)
        .unwrap()
        .labels()
        .unwrap();
    assert_eq!(labels, [0, 1]);
    assert_eq!(classes, ["\u{FFFD}", "\u{FFFD}"]);
}
