//! Shards whose images stay in them: the same set as in memory, and what becomes of those that are damaged.

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{
    DataError, Dataset, ImageOptions, ImageSet, OpenOptions, SplitOptions, Streaming, open,
    shard_name, write_shard,
};

use crate::support::{Entry, encoded_color_png, gzip, numbers, tar_of, write};
use crate::test_images::{encoded_png, temporary_folder};

fn streaming() -> OpenOptions {
    OpenOptions {
        stream: Some(Streaming::default()),
        // None of it is pixels.
        memory_bytes: 0,
        ..OpenOptions::default()
    }
}

fn opened(folder: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    open(&format!("{}/*.tar", folder.display()), options)
}

/// Of `set`, in shards of so many.
fn in_shards(folder: &Path, set: &ImageSet, each: usize) {
    for number in 0..set.len().div_ceil(each) {
        let end = ((number + 1) * each).min(set.len());
        let path = folder.join(shard_name(number));
        write_shard(set, number * each..end, &path).expect("a shard");
    }
}

fn plain(files: &[(&str, &[u8])]) -> Vec<u8> {
    let entries: Vec<Entry<'_>> = files
        .iter()
        .map(|&(name, bytes)| (name.as_bytes(), tar::EntryType::Regular, bytes))
        .collect();
    tar_of(&entries)
}

fn pixels(set: &ImageSet) -> Vec<(Vec<u8>, Option<u32>)> {
    let images = set.iter();
    images
        .map(|image| {
            let pixels = image.read().expect("an image").into_pixels();
            (pixels, image.label())
        })
        .collect()
}

#[test]
fn a_streamed_set_is_the_set_that_is_read_into_memory_and_divided_alike() {
    let folder = temporary_folder();
    let labels = (0..60).map(|index| index % 7).collect();
    in_shards(folder.path(), &numbers("numbers", 60, Some(labels)), 13);
    let whole = opened(folder.path(), &OpenOptions::default()).unwrap();
    let streamed = opened(folder.path(), &streaming()).unwrap();
    assert_eq!(streamed.layout.to_string(), "5 shards, streamed");
    assert_eq!(streamed.train.images_read(), Some(0), "all by the index");
    assert_eq!(
        (
            streamed.train.shuffle_buffer(),
            whole.train.shuffle_buffer()
        ),
        (Some(10_000), None)
    );
    assert_eq!(
        streamed.fingerprint().unwrap(),
        whole.fingerprint().unwrap()
    );
    assert_eq!(streamed.train.classes(), whole.train.classes());
    let options = SplitOptions {
        seed: 3,
        ..SplitOptions::default()
    };
    let split = streamed.split(&options).unwrap();
    assert_eq!(split.train.images_read(), Some(0), "dividing reads none");
    let expected = whole.split(&options).unwrap();
    let parts = |split: &ae_data::Split| [&split.train, &split.validation, &split.test].map(pixels);
    assert_eq!(parts(&split), parts(&expected));
    assert_eq!(split.train.images_read(), Some(60), "each once");
    let of = |set: &ImageSet| set.fingerprint().unwrap();
    assert_ne!(of(&split.train), of(&split.test));
    assert_eq!(
        of(&split.train),
        of(&streamed.split(&options).unwrap().train)
    );
}

#[test]
fn sizes_channels_and_folders_are_what_they_are_in_memory() {
    let folder = temporary_folder();
    let gray = encoded_png(3, 3, 7);
    let color = encoded_color_png(3, 3, [1, 2, 3]);
    let small = encoded_png(2, 2, 9);
    write(
        folder.path(),
        "a.tar",
        &plain(&[("./a/1.png", &gray), ("./a/1.cls", b"4")]),
    );
    write(
        folder.path(),
        "b.tar",
        &plain(&[("2.png", &color), ("2.cls", b"0\n"), ("2.json", b"{}")]),
    );
    let streamed = opened(folder.path(), &streaming()).unwrap();
    let set = &streamed.train;
    assert_eq!(set.shape().to_string(), "3x3x3");
    assert_eq!((set.label(0), set.label(1)), (Some(4), Some(0)));
    let image = |index: usize| set.image(index).unwrap().into_pixels();
    assert_eq!((image(0)[0], image(0)[26]), (7, 7), "gray as color");
    assert_eq!((image(1)[0], image(1)[26]), (1, 3));
    assert_eq!(streamed.layout.left_aside[0].to_string(), "1 .json");
    assert!(streamed.layout.values[0].contains("images in folders of their archives: 1;"));

    write(
        folder.path(),
        "c.tar",
        &plain(&[("3.png", &small), ("3.cls", b"1")]),
    );
    let refused = opened(folder.path(), &streaming()).unwrap_err();
    let text = refused.to_string();
    assert!(refused.is_usage(), "{text}");
    assert!(
        text.contains("a.tar/a/1.png is 3") && text.contains("c.tar/3.png is 2"),
        "{text}"
    );
    let sized = OpenOptions {
        image: ImageOptions {
            size: Some("4".parse().unwrap()),
            channels: Some("gray".parse().unwrap()),
            ..ImageOptions::default()
        },
        ..streaming()
    };
    let sized = opened(folder.path(), &sized).unwrap().train;
    assert_eq!(
        (sized.len(), sized.shape().to_string().as_str()),
        (3, "4x4x1")
    );
    assert_eq!(sized.image(2).unwrap().pixels(), [9; 16]);
}

#[test]
fn what_cannot_be_streamed_is_refused_and_says_why() {
    let png = encoded_png(2, 2, 7);
    let deep = {
        let image =
            ::image::ImageBuffer::<::image::Luma<u16>, _>::from_pixel(2, 2, ::image::Luma([900]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        image
            .write_to(&mut bytes, ::image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    };
    let good = plain(&[("1.png", &png), ("2.png", &png)]);
    let labeled = plain(&[("1.png", &png), ("1.cls", b"1")]);
    let check = |shards: &[&[u8]], expected: &str| {
        let folder = temporary_folder();
        for (number, bytes) in shards.iter().enumerate() {
            fs::write(folder.path().join(shard_name(number)), bytes).unwrap();
        }
        let refused = opened(folder.path(), &streaming()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}\n{expected}");
    };
    check(&[&plain(&[])], "is no tar archive");
    check(&[&plain(&[("a.txt", b"text")])], "no images in");
    check(
        &[&good, &gzip(&good)],
        "000001.tar cannot be streamed: it is gzipped",
    );
    check(&[b"nothing"], "is no tar archive");
    check(&[&good[..560]], "unexpected EOF");
    check(
        &[&plain(&[("1.png", &deep)])],
        "pictures deeper than 8 bits, whose range of values has to be given",
    );
    check(
        &[&plain(&[("1.png", &png), ("1.cls", b"1"), ("2.png", &png)])],
        "2.png has no .cls beside it",
    );
    check(&[&labeled, &good], "000001.tar: it has no .cls files");
    check(&[&good, &labeled], "000001.tar: it has .cls files");
    check(
        &[&plain(&[("1.png", &png), ("2.png", &png[..20])])],
        "1 of 2 files",
    );
    let folder = temporary_folder();
    write(folder.path(), "a/1.png", &png);
    let source = folder.path().join("a").display().to_string();
    let refused = open(&source, &streaming()).unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("no tar archive"));
    let patches = OpenOptions {
        patch: Some(2),
        ..streaming()
    };
    fs::write(folder.path().join("1.tar"), &good).unwrap();
    let refused = opened(folder.path(), &patches).unwrap_err().to_string();
    assert!(
        refused.contains("patches are cut from pictures in memory"),
        "{refused}"
    );
    // One archive is one shard, and a range says what deep pictures hold.
    let alone = folder.path().join("1.tar").display().to_string();
    assert_eq!(open(&alone, &streaming()).unwrap().train.len(), 2);
    fs::write(folder.path().join("1.tar"), plain(&[("1.png", &deep)])).unwrap();
    let ranged = OpenOptions {
        image: ImageOptions {
            range: Some("0..900".parse().unwrap()),
            ..ImageOptions::default()
        },
        ..streaming()
    };
    let ranged = open(&alone, &ranged).unwrap().train;
    assert_eq!(ranged.image(0).unwrap().pixels()[0], 255);
}

#[test]
fn a_shard_that_is_no_longer_what_it_was_is_told_by_shard_and_member() {
    let folder = temporary_folder();
    in_shards(folder.path(), &numbers("numbers", 6, None), 3);
    let path: PathBuf = folder.path().join(shard_name(1));
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], expected: &[&str]| {
        fs::write(&path, &whole).unwrap();
        let set = opened(folder.path(), &streaming()).unwrap().train;
        fs::write(&path, bytes).unwrap();
        assert!(set.image(2).is_ok(), "another shard");
        let told = set.image(4).unwrap_err();
        assert!(!told.is_usage());
        let told = told.to_string();
        assert!(told.contains("shard-000001.tar"), "{told}");
        assert!(expected.iter().all(|part| told.contains(part)), "{told}");
    };
    let member = whole
        .windows(13)
        .position(|name| name == b"000000004.png")
        .unwrap();
    let mut damaged = whole.clone();
    damaged[member + 512 + 50] ^= 0xff;
    check(&damaged, &["cannot decode", ": 000000004.png: "]);
    // A valid image in its place.
    let other = whole
        .windows(13)
        .position(|name| name == b"000000005.png")
        .unwrap();
    let mut swapped = whole.clone();
    let size = 512;
    swapped.copy_within(other + 512..other + 512 + size, member + 512);
    check(&swapped, &["000000004.png: another image than when"]);
    check(
        &whole[..whole.len() - 512],
        &["it had", "and has others now"],
    );
    fs::remove_file(&path).unwrap();
    let set = {
        fs::write(&path, &whole).unwrap();
        let set = opened(folder.path(), &streaming()).unwrap().train;
        fs::remove_file(&path).unwrap();
        set
    };
    let told = set.image(3).unwrap_err();
    assert!(matches!(told, DataError::Read { .. }), "{told}");
}
