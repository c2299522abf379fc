//! Folders of images, and what is wrong with some.

#[cfg(unix)]
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use ae_data::{
    Channels, DataError, Fit, ImageOptions, ImageShape, OpenOptions, Skipped, open, write_idx,
};

use crate::support::{encoded_color_png, files, first_bytes, gzip, open_at, tar_of, write};
use crate::test_images::{encoded_png, huge_png, temporary_folder};

#[test]
fn class_folders_open_in_the_order_of_their_names() {
    let folder = temporary_folder();
    for (name, value) in [
        ("B/2.png", 3),
        ("A/9.png", 1),
        ("B/1.png", 2),
        ("A/10.png", 0),
    ] {
        write(folder.path(), name, &encoded_png(2, 2, value));
    }
    for name in [
        "notes.txt",
        ".hidden.png",
        "__MACOSX/A/9.png",
        ".git/1.png",
        "A/._9.png",
    ] {
        write(folder.path(), name, b"passed over");
    }
    let dataset = open_at(folder.path()).unwrap();
    assert_eq!(
        files(&dataset.train),
        ["A/10.png", "A/9.png", "B/1.png", "B/2.png"]
    );
    assert_eq!(first_bytes(&dataset.train), [0, 1, 2, 3]);
    assert_eq!(dataset.train.classes(), ["A", "B"]);
    assert_eq!(
        (0..4)
            .map(|index| dataset.train.label(index).unwrap())
            .collect::<Vec<_>>(),
        [0, 0, 1, 1]
    );
    assert_eq!(
        (dataset.files, dataset.skipped.len(), dataset.test.is_none()),
        (4, 0, true)
    );
    assert_eq!(
        dataset.name,
        folder.path().file_name().unwrap().to_str().unwrap()
    );
    // A path that ends in a dot still has a name.
    let mut dotted = folder.path().as_os_str().to_owned();
    dotted.push("/A/..");
    assert_eq!(open_at(Path::new(&dotted)).unwrap().name, dataset.name);
}

#[test]
fn a_flat_folder_and_train_and_test_folders_open() {
    let folder = temporary_folder();
    let flat = folder.path().join("flat");
    write(&flat, "b.png", &encoded_png(2, 2, 1));
    write(&flat, "a.bmp", &encoded_png(2, 2, 0));
    let dataset = open_at(&flat).unwrap();
    assert_eq!(
        (first_bytes(&dataset.train), dataset.train.label(0)),
        (vec![0, 1], None)
    );
    let parts = folder.path().join("parts");
    for (name, value) in [
        ("train/A/1.png", 1),
        ("train/B/1.png", 2),
        ("test/B/1.png", 3),
    ] {
        write(&parts, name, &encoded_png(2, 2, value));
    }
    let dataset = open_at(&parts).unwrap();
    let test = dataset.test.unwrap();
    assert_eq!(
        (first_bytes(&dataset.train), first_bytes(&test)),
        (vec![1, 2], vec![3])
    );
    assert_eq!((test.label(0), test.classes().len()), (Some(1), 2));
}

#[test]
fn folders_beyond_the_memory_limit_are_decoded_lazily_and_look_the_same() {
    let folder = temporary_folder();
    for index in 0..40 {
        let bytes = if index == 30 {
            encoded_color_png(4, 4, [1, 2, 3])
        } else {
            encoded_png(4, 4, index)
        };
        write(folder.path(), &format!("{index:02}.png"), &bytes);
    }
    let source = folder.path().to_str().unwrap();
    let kept = open(source, &OpenOptions::default()).unwrap().train;
    let lazy = open(
        source,
        &OpenOptions {
            memory_bytes: 500,
            ..OpenOptions::default()
        },
    )
    .unwrap()
    .train;
    assert!(format!("{kept:?}").contains("memory") && format!("{lazy:?}").contains("files"));
    assert_eq!(lazy.shape(), ImageShape::new(3, 4, 4));
    assert_eq!(kept.fingerprint().unwrap(), lazy.fingerprint().unwrap());
    assert_eq!(kept.info().unwrap(), lazy.info().unwrap());
    // What disappears or changes later is an error with its name, not a panic.
    fs::remove_file(folder.path().join("05.png")).unwrap();
    write(folder.path(), "06.png", &encoded_png(3, 4, 0));
    assert!(
        lazy.image(5)
            .unwrap_err()
            .to_string()
            .ends_with("05.png: no such file or folder")
    );
    assert!(
        lazy.image(6)
            .unwrap_err()
            .to_string()
            .ends_with("06.png has shape 3x4x3, expected 4x4x3")
    );
    assert!(lazy.fingerprint().is_err() && lazy.info().is_err());
    let target = folder.path().join("idx");
    assert!(
        write_idx(&target, None, &lazy)
            .unwrap_err()
            .to_string()
            .contains("05.png")
    );
    assert!(!target.exists());
}

#[test]
fn one_image_in_color_makes_a_set_in_color() {
    let folder = temporary_folder();
    write(folder.path(), "1.png", &encoded_png(1, 1, 9));
    write(folder.path(), "2.png", &encoded_color_png(1, 1, [1, 2, 3]));
    write(folder.path(), "3.png", &encoded_png(1, 1, 8));
    let set = open_at(folder.path()).unwrap().train;
    let pixels: Vec<_> = (0..3)
        .map(|index| set.image(index).unwrap().into_pixels())
        .collect();
    assert_eq!(pixels, [[9, 9, 9], [1, 2, 3], [8, 8, 8]]);
}

#[test]
fn sizes_must_agree_unless_one_is_asked_for() {
    let folder = temporary_folder();
    write(folder.path(), "1.png", &encoded_png(4, 2, 9));
    write(folder.path(), "2.png", &encoded_png(3, 3, 8));
    let error = open_at(folder.path()).unwrap_err();
    let start = format!(
        "images differ in size: {} is 4x2, ",
        folder.path().join("1.png").display()
    );
    assert!(
        error.to_string().starts_with(&start) && error.to_string().ends_with("2.png is 3"),
        "{error}"
    );
    assert!(error.is_usage());
    let options = OpenOptions {
        image: ImageOptions {
            size: Some("2".parse().unwrap()),
            fit: Fit::Pad,
            channels: Some(Channels::Rgb),
            ..ImageOptions::default()
        },
        ..OpenOptions::default()
    };
    let set = open(folder.path().to_str().unwrap(), &options)
        .unwrap()
        .train;
    assert_eq!(set.shape(), ImageShape::new(3, 2, 2));
    assert_eq!(set.image(0).unwrap().pixels()[..4], [9, 9, 0, 0]);
}

#[test]
fn unreadable_files_are_skipped_by_name_up_to_a_hundredth() {
    let folder = temporary_folder();
    let open = |strict| {
        open(
            folder.path().to_str().unwrap(),
            &OpenOptions {
                strict,
                ..OpenOptions::default()
            },
        )
    };
    for index in 0..8 {
        write(
            folder.path(),
            &format!("{index}.png"),
            &encoded_png(2, 2, index),
        );
    }
    write(folder.path(), "bad.png", b"");
    let error = open(false).unwrap_err().to_string();
    let expected = format!(
        "1 of 9 files in {} cannot be read, among them bad.png (the file is empty)",
        folder.path().display()
    );
    assert_eq!(error, expected);
    write(folder.path(), "8.png", &encoded_png(2, 2, 8));
    let dataset = open(false).unwrap();
    assert_eq!((dataset.train.len(), dataset.files), (9, 10));
    assert_eq!(
        dataset.skipped,
        [Skipped {
            file: "bad.png".to_owned(),
            reason: "the file is empty".to_owned()
        }]
    );
    assert!(matches!(
        open(true),
        Err(DataError::TooManySkipped { files: 10, .. })
    ));
    write(folder.path(), "wide.png", &huge_png(60_000, 2));
    assert!(open(false).is_err());
    for index in 9..198 {
        write(
            folder.path(),
            &format!("{index}.png"),
            &encoded_png(2, 2, index),
        );
    }
    let dataset = open(false).unwrap();
    assert_eq!((dataset.skipped.len(), dataset.files), (2, 200));
    assert_eq!(
        dataset.skipped[1].reason,
        "too large: 60000x2 pixels, the limit is 32768 pixels a side"
    );
    assert_eq!(dataset.info().unwrap().skipped, dataset.skipped);
    fs::remove_file(folder.path().join("100.png")).unwrap();
    assert!(open(false).is_err());
}

#[test]
fn empty_folders_and_archives_have_no_images() {
    let folder = temporary_folder();
    write(folder.path(), "readme.txt", b"nothing");
    assert!(matches!(
        open_at(folder.path()),
        Err(DataError::NoImages { .. })
    ));
    let archive = folder.path().join("empty.tar.gz");
    fs::write(
        &archive,
        gzip(&tar_of(&[(b"a.txt", tar::EntryType::Regular, b"text")])),
    )
    .unwrap();
    let error = open_at(&archive).unwrap_err().to_string();
    assert_eq!(error, format!("no images in {}", archive.display()));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_never_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = temporary_folder();
    let elsewhere = temporary_folder();
    write(elsewhere.path(), "1.png", &encoded_png(2, 2, 5));
    write(folder.path(), "A/1.png", &encoded_png(2, 2, 4));
    symlink(elsewhere.path(), folder.path().join("B")).unwrap();
    symlink(folder.path(), folder.path().join("A").join("loop")).unwrap();
    let set = open_at(folder.path()).unwrap().train;
    assert_eq!(
        (first_bytes(&set), set.classes()),
        (vec![4, 5], &["A".to_owned(), "B".to_owned()][..])
    );
    symlink("nowhere.png", folder.path().join("A").join("2.png")).unwrap();
    assert!(
        open_at(folder.path())
            .unwrap_err()
            .to_string()
            .contains("A/2.png")
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_read_and_told_as_well_as_can_be() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = temporary_folder();
    let class = folder.path().join(OsStr::from_bytes(b"\xE4"));
    fs::create_dir(&class).unwrap();
    for index in 0..10 {
        fs::write(
            class.join(OsStr::from_bytes(&[
                0xFF,
                b'0' + index,
                b'.',
                b'p',
                b'n',
                b'g',
            ])),
            encoded_png(1, 1, index),
        )
        .unwrap();
    }
    fs::write(class.join(OsStr::from_bytes(b"\xFE.png")), b"").unwrap();
    let dataset = open_at(folder.path()).unwrap();
    assert_eq!(dataset.train.classes(), ["\u{FFFD}"]);
    assert_eq!(first_bytes(&dataset.train), (0..10).collect::<Vec<_>>());
    assert_eq!(dataset.skipped[0].file, "\u{FFFD}/\u{FFFD}.png");
    let archive = folder.path().join("a.tar");
    fs::write(
        &archive,
        tar_of(&[(
            b"\xE4/\xFF.png",
            tar::EntryType::Regular,
            &encoded_png(1, 1, 3),
        )]),
    )
    .unwrap();
    let set = open_at(&archive).unwrap().train;
    assert_eq!(
        (
            set.file(0).unwrap().as_os_str().as_bytes(),
            first_bytes(&set)
        ),
        (&b"\xE4/\xFF.png"[..], vec![3])
    );
}
