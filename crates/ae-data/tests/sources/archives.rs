//! Archives of images, and those that lie.

use std::fs;
use std::path::Path;

use ae_data::{OpenOptions, open};

use crate::support::{Entry, files, gzip, open_at, tar_of, write};
use crate::test_images::{encoded_png, temporary_folder};

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
