//! Opening made-up and real sources of every kind.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::shape::{Channels, Fit, ImageShape};
use crate::test_images::{
    encoded_colour_png, encoded_png, huge_png, shared_data, temporary_folder,
};
use crate::write_idx;

fn open_at(path: &Path) -> Result<Dataset, DataError> {
    open(path.to_str().unwrap(), &OpenOptions::default())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The first byte of every image.
fn first_bytes(set: &ImageSet) -> Vec<u8> {
    (0..set.len())
        .map(|index| set.image(index).unwrap().pixels()[0])
        .collect()
}

fn files(set: &ImageSet) -> Vec<String> {
    (0..set.len())
        .map(|index| set.file(index).unwrap().display().to_string())
        .collect()
}

fn numbers(name: &str, count: usize, labels: Option<Vec<u8>>) -> ImageSet {
    let pixels = (0..count * 4).map(|index| index as u8).collect();
    ImageSet::from_images(name, ImageShape::new(1, 2, 2), pixels, labels, vec![]).unwrap()
}

/// One entry of an archive: name, type, content.
type Entry<'a> = (&'a [u8], tar::EntryType, &'a [u8]);

fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &(name, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1_024, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

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
            encoded_colour_png(4, 4, [1, 2, 3])
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
            .ends_with("06.png has shape 4x3x3, expected 4x4x3")
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
fn one_image_in_colour_makes_a_set_in_colour() {
    let folder = temporary_folder();
    write(folder.path(), "1.png", &encoded_png(1, 1, 9));
    write(folder.path(), "2.png", &encoded_colour_png(1, 1, [1, 2, 3]));
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
    assert!(error.is_usage() && error.hint().unwrap().contains("--size 4x2"));
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
        [crate::Skipped {
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

#[test]
fn an_archive_and_its_unpacked_folder_are_the_same_set() {
    let folder = temporary_folder();
    let images: Vec<(String, Vec<u8>)> = [
        ("B/2.png", 3),
        ("A/9.png", 1),
        ("B/1.png", 2),
        ("A/10.png", 0),
    ]
    .map(|(name, value)| (format!("set/{name}"), encoded_png(2, 2, value)))
    .to_vec();
    let mut entries: Vec<Entry<'_>> = vec![(b"./set/", tar::EntryType::Directory, b"")];
    for (name, bytes) in &images {
        write(folder.path(), name, bytes);
        entries.push((name.as_bytes(), tar::EntryType::Regular, bytes));
    }
    let plain = folder.path().join("set.tar");
    fs::write(&plain, tar_of(&entries)).unwrap();
    let gzipped = folder.path().join("set.tar.gz");
    fs::write(&gzipped, gzip(&tar_of(&entries))).unwrap();
    let unpacked = open_at(&folder.path().join("set")).unwrap();
    for path in [plain, gzipped] {
        let dataset = open_at(&path).unwrap();
        assert_eq!((dataset.name.as_str(), dataset.files), ("set", 4));
        assert_eq!(
            files(&dataset.train),
            ["set/A/10.png", "set/A/9.png", "set/B/1.png", "set/B/2.png"]
        );
        assert_eq!(
            dataset.train.fingerprint().unwrap(),
            unpacked.train.fingerprint().unwrap()
        );
        assert_eq!(dataset.train.classes(), unpacked.train.classes());
    }
}

#[test]
fn entries_that_lead_astray_are_skipped_by_name() {
    let folder = temporary_folder();
    let path = folder.path().join("a.tar.gz");
    let png = encoded_png(2, 2, 7);
    let names: Vec<String> = (0..500).map(|index| format!("./A/{index}.png")).collect();
    let mut entries: Vec<Entry<'_>> = names
        .iter()
        .map(|name| (name.as_bytes(), tar::EntryType::Regular, &png[..]))
        .collect();
    entries.push((b"A/../../b.png", tar::EntryType::Regular, &png));
    entries.push((b"/etc/c.png", tar::EntryType::Regular, &png));
    entries.push((b"A/d.png", tar::EntryType::Symlink, b""));
    entries.push((b"A/e.png", tar::EntryType::Fifo, b""));
    entries.push((b"A/f.png", tar::EntryType::GNUSparse, b""));
    entries.push((b"__MACOSX/A/g.png", tar::EntryType::Regular, b"passed over"));
    entries.push((b"A/._h.png", tar::EntryType::Regular, b"passed over"));
    fs::write(&path, gzip(&tar_of(&entries))).unwrap();
    let dataset = open_at(&path).unwrap();
    assert_eq!((dataset.train.len(), dataset.files), (500, 505));
    assert_eq!(dataset.train.file(0), Some(Path::new("A/0.png")));
    let skipped: Vec<_> = dataset
        .skipped
        .iter()
        .map(|skip| (skip.file.as_str(), skip.reason.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            ("/etc/c.png", "its path is absolute"),
            ("A/../../b.png", "its path leads out of the archive with .."),
            ("A/d.png", "a link, not a file"),
            ("A/e.png", "a device, not a file"),
            ("A/f.png", "not a regular file"),
        ]
    );
}

#[test]
fn long_names_of_both_kinds_are_read_and_bounded() {
    let folder = temporary_folder();
    let path = folder.path().join("a.tar");
    let long = |letter: &str| format!("{letter}/{}.png", "n".repeat(200));
    let gnu = format!("{}\0", long("A"));
    let record = format!("path={}\n", long("B"));
    let pax = format!("17 comment=hello\n{} {record}", record.len() + 4);
    let png = encoded_png(2, 2, 7);
    let regular = tar::EntryType::Regular;
    let entries: [Entry<'_>; 6] = [
        (
            b"pax_global_header",
            tar::EntryType::XGlobalHeader,
            b"11 a=hello\n",
        ),
        (
            b"././@LongLink",
            tar::EntryType::GNULongName,
            gnu.as_bytes(),
        ),
        (b"A/n", regular, &png),
        (b"PaxHeaders/n", tar::EntryType::XHeader, pax.as_bytes()),
        (b"B/n", regular, &png),
        (b"C/short.png", regular, &png),
    ];
    fs::write(&path, tar_of(&entries)).unwrap();
    assert_eq!(
        files(&open_at(&path).unwrap().train),
        [long("A"), long("B"), "C/short.png".to_owned()]
    );
    let endless = vec![b'n'; 100_000];
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        fs::write(
            &path,
            tar_of(&[(b"x", kind, &endless), (b"A/n", regular, &png)]),
        )
        .unwrap();
        let error = open_at(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("a header of more than 65536 bytes"),
            "{error}"
        );
    }
    for damaged in [&b"99 path=a\n"[..], b"x path=a\n", b"1 path=a\n"] {
        fs::write(
            &path,
            tar_of(&[
                (b"x", tar::EntryType::XHeader, damaged),
                (b"A/n", regular, &png),
            ]),
        )
        .unwrap();
        assert!(
            open_at(&path)
                .unwrap_err()
                .to_string()
                .ends_with("a pax header is damaged")
        );
    }
}

/// The checksum stands behind the archive's end, where a reader of entries has no reason to look.
#[test]
fn an_archive_s_checksum_is_read_though_no_entry_needs_it() {
    let folder = temporary_folder();
    let path = folder.path().join("a.tar.gz");
    let png = encoded_png(2, 2, 7);
    let whole = gzip(&tar_of(&[(b"A/1.png", tar::EntryType::Regular, &png)]));
    fs::write(&path, &whole).unwrap();
    assert_eq!(open_at(&path).unwrap().train.len(), 1);
    for from_end in 1..=8 {
        let mut wrong = whole.clone();
        wrong[whole.len() - from_end] ^= 1;
        fs::write(&path, wrong).unwrap();
        assert!(open_at(&path).is_err(), "byte {from_end} from the end");
        fs::write(&path, &whole[..whole.len() - from_end]).unwrap();
        assert!(open_at(&path).is_err(), "{from_end} bytes cut off");
    }
    let tar = tar_of(&[(b"A/1.png", tar::EntryType::Regular, &png)]);
    for (zeros, is_fine) in [(10_240, true), (2 << 20, false)] {
        fs::write(&path, gzip(&[tar.clone(), vec![0; zeros]].concat())).unwrap();
        assert_eq!(open_at(&path).is_ok(), is_fine, "{zeros} zeros");
    }
}

#[test]
fn headers_that_disagree_on_a_size_are_an_error() {
    let folder = temporary_folder();
    let path = folder.path().join("a.tar");
    let png = encoded_png(2, 2, 7);
    for (size, is_fine) in [(png.len(), true), (png.len() + 1, false), (0, false)] {
        let record = format!("size={size}\n");
        let length = record.len() + 3;
        let pax = format!("{length} {record}");
        assert_eq!(pax.len(), length);
        let entries: [Entry<'_>; 2] = [
            (b"PaxHeaders/1", tar::EntryType::XHeader, pax.as_bytes()),
            (b"A/1.png", tar::EntryType::Regular, &png),
        ];
        fs::write(&path, tar_of(&entries)).unwrap();
        let opened = open_at(&path);
        assert_eq!(opened.is_ok(), is_fine, "{size}");
        if let Err(error) = opened {
            assert!(
                error.to_string().ends_with("disagree on its size"),
                "{error}"
            );
        }
    }
}

#[test]
fn archives_that_break_or_do_not_fit_are_errors() {
    let folder = temporary_folder();
    let path = folder.path().join("a.tar.gz");
    let noise: Vec<u8> = (0..40_000_u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let png = encoded_png(2, 2, 7);
    let tar = tar_of(&[
        (b"A/1.png", tar::EntryType::Regular, &png),
        (b"A/noise.bin", tar::EntryType::Regular, &noise),
        (b"A/2.png", tar::EntryType::Regular, &png),
    ]);
    let whole = gzip(&tar);
    let mut corrupt = whole.clone();
    corrupt[2_000..2_100].fill(0xFF);
    for (bytes, what) in [
        (&whole[..whole.len() / 2], "cut"),
        (&corrupt[..], "corrupt"),
        (&whole[..15], "begun"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = open_at(&path).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot decode {}: ", path.display())),
            "{what}: {error}"
        );
    }
    fs::write(&path, whole).unwrap();
    assert_eq!(open_at(&path).unwrap().train.len(), 2);
    let options = OpenOptions {
        memory_bytes: 7,
        ..OpenOptions::default()
    };
    let error = open(path.to_str().unwrap(), &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("more than 1 images of 2x2x1, the limit is 7 bytes in memory"),
        "{error}"
    );
}

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
        error.ends_with("t10k-images-idx3-ubyte has shape 2x3x1, expected 2x2x1"),
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
        &encoded_colour_png(1, 1, [1, 2, 3]),
    );
    let dataset = open_at(&folder.path().join("photo.png")).unwrap();
    assert_eq!(
        (dataset.name.as_str(), dataset.train.len(), dataset.files),
        ("photo.png", 1, 1)
    );
    // Recognised by its content when its name says nothing.
    write(folder.path(), "photo", &encoded_png(1, 1, 4));
    assert_eq!(
        first_bytes(&open_at(&folder.path().join("photo")).unwrap().train),
        [4]
    );
}

#[test]
fn what_cannot_be_opened_says_what_it_is() {
    let folder = temporary_folder();
    write(folder.path(), "text", b"hello");
    write(folder.path(), "text.gz", &gzip(b"hello"));
    write(folder.path(), "empty", b"");
    write(folder.path(), "wide.png", &huge_png(60_000, 2));
    for (name, message) in [
        (
            "text",
            "FILE: neither an image, an IDX file nor a .tar.gz archive of images",
        ),
        (
            "text.gz",
            "FILE: neither an image, an IDX file nor a .tar.gz archive of images",
        ),
        (
            "empty",
            "FILE: neither an image, an IDX file nor a .tar.gz archive of images",
        ),
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
    assert!(
        error.is_usage()
            && error
                .hint()
                .unwrap()
                .contains("glyphs, lines, notmnist-small")
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
    assert_eq!(error.hint().unwrap(), "cargo xtask download notmnist-small");
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

#[test]
fn the_real_archive_names_its_two_unreadable_files() {
    let Some(folder) = shared_data("the_real_archive_names_its_two_unreadable_files") else {
        return;
    };
    let path = folder.join("notmnist-archive/notMNIST_small.tar.gz");
    let dataset = open_at(&path).unwrap();
    assert_eq!((dataset.files, dataset.train.len()), (1_002, 1_000));
    let skipped: Vec<_> = dataset
        .skipped
        .iter()
        .map(|skip| (skip.file.as_str(), skip.reason.as_str()))
        .collect();
    assert_eq!(
        skipped,
        [
            (
                "notMNIST_small/A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png",
                "the file is empty"
            ),
            (
                "notMNIST_small/F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png",
                "the file is empty"
            ),
        ]
    );
    let info = dataset.train.info().unwrap();
    assert_eq!(
        dataset.train.classes(),
        ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
    );
    assert!(
        info.classes.iter().all(|class| class.images == 100),
        "{:?}",
        info.classes
    );
    assert_eq!(
        (info.shape, info.warnings.len()),
        (ImageShape::new(1, 28, 28), 0)
    );
    let strict = open(
        path.to_str().unwrap(),
        &OpenOptions {
            strict: true,
            ..OpenOptions::default()
        },
    );
    assert!(
        strict
            .unwrap_err()
            .to_string()
            .starts_with("2 of 1002 files in ")
    );
}

#[test]
fn the_real_idx_sets_have_the_counts_and_moments_that_python_finds() {
    let Some(folder) =
        shared_data("the_real_idx_sets_have_the_counts_and_moments_that_python_finds")
    else {
        return;
    };
    let info = open_at(&folder.join("notmnist-8k"))
        .unwrap()
        .info()
        .unwrap();
    let counts = |info: &crate::SetInfo| {
        info.classes
            .iter()
            .map(|class| class.images)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        counts(&info.train),
        [666, 696, 697, 721, 720, 701, 712, 697, 698, 692]
    );
    let test = info.test.unwrap();
    assert_eq!(
        counts(&test),
        [93, 101, 83, 109, 108, 104, 101, 100, 107, 94]
    );
    // Python 3 over gzip.open(...).read()[16:]: sums of bytes and of their squares, sets of 784-byte strings.
    assert!((info.train.mean - 0.426_079_073_057_794_5).abs() < 1e-12);
    assert!((info.train.standard_deviation - 0.458_791_655_868_433_2).abs() < 1e-12);
    assert_eq!((info.train.duplicates, test.duplicates), (128, 20));
    assert!(
        info.train.warnings.is_empty() && test.warnings.is_empty(),
        "{:?}",
        info.train.warnings
    );
    let mnist = open_at(&folder.join("mnist-10k")).unwrap();
    assert_eq!((mnist.train.len(), mnist.test.is_none()), (10_000, true));
    let info = mnist.train.info().unwrap();
    assert_eq!(
        counts(&info),
        [980, 1_135, 1_032, 1_010, 982, 892, 958, 1_028, 974, 1_009]
    );
    assert!(info.warnings.is_empty(), "{:?}", info.warnings);
}

#[test]
fn the_real_files_are_the_ones_these_numbers_are_about() {
    use sha2::Digest as _;
    let Some(folder) = shared_data("the_real_files_are_the_ones_these_numbers_are_about") else {
        return;
    };
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    let mut checked = 0;
    for line in sums.lines() {
        let (expected, name) = line.split_once("  ").unwrap();
        let hash = sha2::Sha256::digest(fs::read(folder.join(name)).unwrap());
        let hexadecimal: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, expected, "{name}");
        checked += 1;
    }
    assert_eq!(checked, 7);
}
