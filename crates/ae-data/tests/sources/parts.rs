//! Where the images of folders go: by what they are, whatever becomes of them and of the folder.

use std::collections::BTreeMap;
use std::path::Path;

use ae_data::{Channels, Dataset, Fit, ImageOptions, OpenOptions, SplitOptions, open};

use crate::support::{files, gzip, open_at, tar_of, write};
use crate::test_images::temporary_folder;

/// A color PNG that no other number has.
fn picture(number: u32) -> Vec<u8> {
    let image = ::image::RgbImage::from_fn(12, 9, |x, y| {
        ::image::Rgb([(x * 20 + number) as u8, (y * 25) as u8, (number * 3) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ::image::ImageFormat::Png)
        .expect("an image that can be encoded");
    bytes.into_inner()
}

/// The part of each file.
fn parts(dataset: &Dataset) -> BTreeMap<String, &'static str> {
    let options = SplitOptions {
        seed: 3,
        ..SplitOptions::default()
    };
    let split = dataset.split(&options).expect("there are images enough");
    let named = [
        ("train", &split.train),
        ("validation", &split.validation),
        ("test", &split.test),
    ];
    named
        .into_iter()
        .flat_map(|(name, set)| files(set).into_iter().map(move |file| (file, name)))
        .collect()
}

fn open_as(path: &Path, image: ImageOptions) -> Dataset {
    let options = OpenOptions {
        image,
        ..OpenOptions::default()
    };
    open(path.to_str().expect("the test made it"), &options).expect("the test made it")
}

#[test]
fn neither_size_nor_memory_nor_a_new_file_nor_an_archive_moves_an_image() {
    let folder = temporary_folder();
    let mut entries = Vec::new();
    for number in 0..80 {
        let name = format!("set/{number:02}.png");
        write(folder.path(), &name, &picture(number));
        entries.push((name.into_bytes(), picture(number)));
    }
    let set = folder.path().join("set");
    let whole = open_at(&set).expect("the test made it");
    let expected = parts(&whole);
    assert_eq!(expected.len(), 80);
    for (size, fit, channels) in [
        ("4", Fit::Crop, None),
        ("20x5", Fit::Pad, Some(Channels::Gray)),
        ("6", Fit::Stretch, Some(Channels::Rgb)),
    ] {
        let options = ImageOptions {
            size: Some(size.parse().expect("a size")),
            fit,
            channels,
            ..ImageOptions::default()
        };
        let converted = open_as(&set, options);
        assert_eq!(parts(&converted), expected, "{size}");
        assert_eq!(
            converted.fingerprint().expect("readable"),
            whole.fingerprint().expect("readable")
        );
    }
    // Decoded whenever they are read.
    let lazy = OpenOptions {
        memory_bytes: 100,
        ..OpenOptions::default()
    };
    let lazy = open(set.to_str().expect("the test made it"), &lazy).expect("the test made it");
    assert_eq!(parts(&lazy), expected);
    // In an archive, whose wrapping folder is a part of the names.
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, bytes)| (name.as_slice(), tar::EntryType::Regular, bytes.as_slice()))
        .collect();
    let archive = folder.path().join("set.tar.gz");
    std::fs::write(&archive, gzip(&tar_of(&entries))).expect("the test made it");
    let archived = open_at(&archive).expect("the test made it");
    let of_archive: BTreeMap<String, &str> = parts(&archived)
        .into_iter()
        .map(|(name, part)| (name.trim_start_matches("set/").to_owned(), part))
        .collect();
    assert_eq!(of_archive, expected);
    assert_eq!(
        archived.fingerprint().expect("readable"),
        whole.fingerprint().expect("readable")
    );
    // A new file before all others, and one renamed.
    write(&set, "00-new.png", &picture(200));
    std::fs::rename(set.join("07.png"), set.join("zz.png")).expect("the test made it");
    let mut after = parts(&open_at(&set).expect("the test made it"));
    assert!(after.remove("00-new.png").is_some());
    let renamed = after.remove("zz.png").expect("the file is there");
    after.insert("07.png".to_owned(), renamed);
    assert_eq!(after, expected);
}
