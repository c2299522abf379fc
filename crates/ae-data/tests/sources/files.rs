//! IDX files, single images, names, and what is none of them.

use std::fs;
use std::path::Path;

use ae_data::{DataError, ImageOptions, ImageSet, ImageShape, OpenOptions, open, write_idx};

use crate::support::{encoded_color_png, first_bytes, gzip, numbers, open_at, tar_of, write};
use crate::test_images::{encoded_png, huge_png, temporary_folder};

#[test]
fn idx_files_find_their_labels_and_their_other_part() {
    let folder = temporary_folder();
    let at = |name: &str| folder.path().join(name);
    let train = numbers("n", 3, Some(vec![0, 1, 0]));
    let test = numbers("n", 2, Some(vec![4, 0]));
    write_idx(
        &at("train-images-idx3-ubyte.gz"),
        Some(&at("train-labels-idx1-ubyte")),
        &train,
    )
    .unwrap();
    write_idx(
        &at("t10k-images-idx3-ubyte"),
        Some(&at("t10k-labels-idx1-ubyte.gz")),
        &test,
    )
    .unwrap();
    let dataset = open_at(folder.path()).unwrap();
    let opened = dataset.test.unwrap();
    assert_eq!(
        (dataset.train.len(), opened.len(), dataset.files),
        (3, 2, 0)
    );
    assert_eq!(
        dataset.train.fingerprint().unwrap(),
        train.fingerprint().unwrap()
    );
    assert_eq!(opened.fingerprint().unwrap(), test.fingerprint().unwrap());
    // Both parts have the classes of both.
    assert_eq!(
        (dataset.train.classes().len(), opened.classes().len()),
        (5, 5)
    );
    assert!(format!("{opened:?}").contains("mapped"));
    let alone = open_at(&at("train-images-idx3-ubyte.gz")).unwrap();
    assert_eq!(
        (alone.name.as_str(), alone.train.classes().len()),
        ("train-images-idx3-ubyte", 2)
    );
    // The plain file is preferred to its gzipped twin, two different ones are one too many.
    write_idx(&at("train-images-idx3-ubyte"), None, &train).unwrap();
    assert!(format!("{:?}", open_at(folder.path()).unwrap().train).contains("mapped"));
    write_idx(&at("emnist-train-images-idx3-ubyte"), None, &train).unwrap();
    let error = open_at(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("it has both emnist-train-images-idx3-ubyte and train-images-idx3-ubyte"),
        "{error}"
    );
}

#[test]
fn parts_and_labels_that_disagree_are_named() {
    let folder = temporary_folder();
    let at = |name: &str| folder.path().join(name);
    write_idx(&at("train-images-idx3-ubyte"), None, &numbers("n", 3, None)).unwrap();
    write_idx(
        &at("other"),
        Some(&at("train-labels-idx1-ubyte")),
        &numbers("n", 2, Some(vec![0, 1])),
    )
    .unwrap();
    let error = open_at(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("labels in ") && error.ends_with("idx3-ubyte: expected 3, found 2"),
        "{error}"
    );
    fs::remove_file(at("train-labels-idx1-ubyte")).unwrap();
    assert_eq!(open_at(folder.path()).unwrap().train.label(0), None);
    let wide =
        ImageSet::from_images("w", ImageShape::new(1, 2, 3), vec![0; 6], None, vec![]).unwrap();
    write_idx(&at("t10k-images-idx3-ubyte"), None, &wide).unwrap();
    let error = open_at(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("t10k-images-idx3-ubyte has shape 3x2x1, expected 2x2x1"),
        "{error}"
    );
    let options = OpenOptions {
        image: ImageOptions {
            size: Some("4".parse().unwrap()),
            ..Default::default()
        },
        ..Default::default()
    };
    let set = open(at("t10k-images-idx3-ubyte").to_str().unwrap(), &options)
        .unwrap()
        .train;
    assert_eq!(set.shape(), ImageShape::new(1, 4, 4));
}

#[test]
fn a_single_image_is_a_set_of_one() {
    let folder = temporary_folder();
    write(
        folder.path(),
        "photo.png",
        &encoded_color_png(1, 1, [1, 2, 3]),
    );
    let dataset = open_at(&folder.path().join("photo.png")).unwrap();
    assert_eq!(
        (dataset.name.as_str(), dataset.train.len(), dataset.files),
        ("photo.png", 1, 1)
    );
    // Recognized by its content when its name says nothing.
    write(folder.path(), "photo", &encoded_png(1, 1, 4));
    assert_eq!(
        first_bytes(&open_at(&folder.path().join("photo")).unwrap().train),
        [4]
    );
}

#[test]
fn what_cannot_be_opened_says_what_it_is() {
    const UNKNOWN: &str = "FILE: neither an IDX file, a NumPy array, a .zip archive of images, a .tar.gz or .tar archive of images, a folder of images nor an image";
    let folder = temporary_folder();
    write(folder.path(), "text", b"hello");
    write(folder.path(), "text.gz", &gzip(b"hello"));
    write(folder.path(), "empty", b"");
    write(folder.path(), "wide.png", &huge_png(60_000, 2));
    for (name, message) in [
        ("text", UNKNOWN),
        ("text.gz", UNKNOWN),
        ("empty", UNKNOWN),
        ("missing.png", "FILE: no such file or folder"),
        (
            "wide.png",
            "FILE is too large: 60000x2 pixels, the limit is 32768 pixels a side",
        ),
    ] {
        let path = folder.path().join(name);
        let error = open_at(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            message.replace("FILE", path.to_str().unwrap())
        );
        assert!(!error.is_usage());
    }
    #[cfg(unix)]
    assert!(
        open_at(Path::new("/dev/zero"))
            .unwrap_err()
            .to_string()
            .ends_with("/dev/zero: not a regular file")
    );
    let error = open("notminst-small", &OpenOptions::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown data set \"notminst-small\": neither a known name nor a file or folder here"
    );
    assert!(error.is_usage());
    let DataError::UnknownSource { known, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        known,
        [
            "glyphs",
            "lines",
            "notmnist-small",
            "notmnist-large",
            "mnist"
        ]
    );
    assert!(open("", &OpenOptions::default()).unwrap_err().is_usage());
    assert!(
        !open("a\0b.png", &OpenOptions::default())
            .unwrap_err()
            .to_string()
            .is_empty()
    );
}

#[test]
fn downloads_are_found_by_name() {
    let folder = temporary_folder();
    let options = OpenOptions {
        downloads: folder.path().to_owned(),
        ..OpenOptions::default()
    };
    let error = open("notmnist-small", &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("notmnist-small is not in {}", folder.path().display())
    );
    let tar = gzip(&tar_of(&[(
        b"notMNIST_small/A/1.png",
        tar::EntryType::Regular,
        &encoded_png(2, 2, 7),
    )]));
    write(folder.path(), "notMNIST_small.tar.gz", &tar);
    assert_eq!(
        open("notmnist-small", &options).unwrap().name,
        "notmnist-small"
    );
    fs::create_dir(folder.path().join("mnist")).unwrap();
    let images = folder.path().join("mnist/train-images-idx3-ubyte.gz");
    write_idx(&images, None, &numbers("n", 2, None)).unwrap();
    assert_eq!(open("mnist", &options).unwrap().train.len(), 2);
    write(folder.path(), "notmnist-large/notMNIST_large.tar.gz", &tar);
    assert_eq!(open("notmnist-large", &options).unwrap().train.len(), 1);
}
