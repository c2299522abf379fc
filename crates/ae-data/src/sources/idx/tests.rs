//! Round trips, and headers that lie.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::DataError;
use crate::image::ImageShape;
use crate::set::{ImageSet, Pixels};
use crate::sources::idx::read::{read_images, read_labels};
use crate::sources::idx::write_idx;
use crate::test_images::temporary_folder;

const MEMORY: u64 = 1 << 30;

fn header(kind: u8, dimensions: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dimensions.len() as u8];
    bytes.extend(
        dimensions
            .iter()
            .flat_map(|dimension| dimension.to_be_bytes()),
    );
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn with(mut header: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    header.extend_from_slice(bytes);
    header
}

#[test]
fn two_three_and_four_dimensions_are_images() {
    let folder = temporary_folder();
    let path = folder.path().join("images");
    for (dimensions, shape) in [
        (&[2, 12][..], ImageShape::new(1, 1, 12)),
        (&[2, 4, 3], ImageShape::new(1, 4, 3)),
        (&[2, 1, 4, 3], ImageShape::new(1, 4, 3)),
        (&[2, 3, 2, 2], ImageShape::new(3, 2, 2)),
    ] {
        let plain = with(header(8, dimensions), &(0..24).collect::<Vec<_>>());
        for (bytes, mapped) in [(plain.clone(), true), (gzip(&plain), false)] {
            fs::write(&path, bytes).unwrap();
            let images = read_images(&path, MEMORY).unwrap();
            assert_eq!((images.count, images.shape), (2, shape));
            let pixels = match &images.pixels {
                Pixels::Mapped { file, start } if mapped => &file.bytes()[*start..],
                Pixels::Memory(pixels) if !mapped => pixels,
                _ => panic!("plain files are mapped, gzipped ones are not"),
            };
            assert_eq!(pixels, (0..24).collect::<Vec<_>>());
        }
    }
}

#[test]
fn headers_that_lie_are_caught_before_memory_is_taken() {
    let folder = temporary_folder();
    let path = folder.path().join("images");
    let whole = gzip(&with(header(8, &[2, 2, 2]), &[7; 8]));
    let mut corrupt = whole.clone();
    let checksum = corrupt.len() - 6;
    corrupt[checksum] ^= 1;
    let rows: [(&str, Vec<u8>, &str); 17] = [
        (
            "too few",
            with(header(8, &[2, 2, 2]), &[0; 7]),
            "the header promises 8 bytes, the file holds 7",
        ),
        (
            "too many",
            with(header(8, &[2, 2, 2]), &[0; 9]),
            "the header promises 8 bytes, the file holds 9",
        ),
        (
            "gz, few",
            gzip(&with(header(8, &[2, 2, 2]), &[0; 7])),
            "the header promises 8 bytes, the file holds 7",
        ),
        (
            "gz, many",
            gzip(&with(header(8, &[2, 2, 2]), &[0; 9])),
            "the file holds more than the 8 bytes promised",
        ),
        (
            "gz, cut",
            whole[..whole.len() - 9].to_vec(),
            "the file is truncated",
        ),
        (
            "gz, end cut",
            whole[..whole.len() - 3].to_vec(),
            "the file is truncated",
        ),
        (
            "gz, checksum",
            corrupt,
            "corrupt gzip stream does not have a matching checksum",
        ),
        (
            "huge",
            header(8, &[u32::MAX, 28, 28]),
            "the header promises 3367254359280 bytes, the file holds 0",
        ),
        (
            "gz, huge",
            gzip(&header(8, &[u32::MAX, 28, 28])),
            "gzipped bytes can hold",
        ),
        ("overflow", header(8, &[u32::MAX; 3]), "are absurd"),
        (
            "no width",
            header(8, &[2, 2, 0]),
            "the header promises images of 0x2x1",
        ),
        (
            "floats",
            with(header(0x0D, &[1, 1, 1]), &[0; 4]),
            "IDX elements of type 0x0d; only unsigned bytes",
        ),
        (
            "labels",
            with(header(8, &[3]), &[0; 3]),
            "an IDX file of labels, not of images",
        ),
        (
            "channels",
            with(header(8, &[1, 2, 2, 2]), &[0; 8]),
            "dimensions [1, 2, 2, 2] are not count, channels",
        ),
        (
            "magic",
            b"PK\x03\x04".to_vec(),
            "not an IDX file: it begins with 50 4b 03 04",
        ),
        (
            "cut header",
            header(8, &[2, 2, 2])[..9].to_vec(),
            "the file is truncated",
        ),
        ("empty", vec![], "the file is truncated"),
    ];
    for (what, bytes, reason) in rows {
        fs::write(&path, bytes).unwrap();
        let error = read_images(&path, MEMORY).err().expect(what).to_string();
        let start = format!("cannot decode {}: ", path.display());
        assert!(
            error.starts_with(&start) && error.contains(reason),
            "{what}: {error}"
        );
    }
    fs::write(&path, header(8, &[0, 2, 2])).unwrap();
    assert!(matches!(
        read_images(&path, MEMORY),
        Err(DataError::NoImages { .. })
    ));
    assert!(
        read_images(folder.path(), MEMORY)
            .err()
            .unwrap()
            .to_string()
            .ends_with("not a regular file")
    );
}

#[test]
fn a_gzip_bomb_is_refused_by_its_header() {
    let folder = temporary_folder();
    let path = folder.path().join("images.gz");
    fs::write(
        &path,
        gzip(&with(header(8, &[1_000, 100, 100]), &vec![0; 10_000_000])),
    )
    .unwrap();
    assert_eq!(read_images(&path, MEMORY).unwrap().count, 1_000);
    let error = read_images(&path, 9_999_999).err().unwrap().to_string();
    assert!(
        error.contains("is too large: 10000000 bytes, the limit is 9999999 bytes in memory"),
        "{error}"
    );
}

#[test]
fn labels_are_checked_like_images() {
    let folder = temporary_folder();
    let path = folder.path().join("labels");
    for bytes in [
        with(header(8, &[3]), &[4, 5, 6]),
        gzip(&with(header(8, &[3]), &[4, 5, 6])),
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(read_labels(&path, MEMORY).unwrap(), [4, 5, 6]);
    }
    for (bytes, reason) in [
        (
            with(header(8, &[3]), &[4, 5]),
            "the header promises 3 bytes, the file holds 2",
        ),
        (
            header(8, &[u32::MAX]),
            "the header promises 4294967295 bytes, the file holds 0",
        ),
        (
            with(header(8, &[1, 1]), &[4]),
            "2 dimensions where labels have one",
        ),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = read_labels(&path, MEMORY).unwrap_err().to_string();
        assert!(error.ends_with(reason), "{error}");
    }
}

#[test]
fn what_is_written_reads_back_and_is_the_same_every_time() {
    let folder = temporary_folder();
    let at = |name: &str| folder.path().join(name);
    for (channels, suffix) in [(1, ""), (1, ".gz"), (3, ""), (3, ".gz")] {
        let shape = ImageShape::new(channels, 2, 3);
        let pixels: Vec<u8> = (0..4 * shape.values()).map(|index| index as u8).collect();
        let set = ImageSet::from_images("s", shape, pixels.clone(), Some(vec![3, 1, 0, 2]), vec![])
            .unwrap();
        let (images, labels) = (
            at(&format!("images{suffix}")),
            at(&format!("labels{suffix}")),
        );
        write_idx(&images, Some(&labels), &set).unwrap();
        let bytes = fs::read(&images).unwrap();
        assert_eq!(bytes.starts_with(&[0x1F, 0x8B]), !suffix.is_empty());
        write_idx(&images, None, &set).unwrap();
        assert_eq!(fs::read(&images).unwrap(), bytes);
        let read = read_images(&images, MEMORY).unwrap();
        assert_eq!((read.count, read.shape), (4, shape));
        assert_eq!(read_labels(&labels, MEMORY).unwrap(), [3, 1, 0, 2]);
        if let Pixels::Memory(read) = read.pixels {
            assert_eq!(read, pixels);
        }
    }
    // MNIST's own magic number for images.
    let gray =
        ImageSet::from_images("s", ImageShape::new(1, 1, 2), vec![9, 8], None, vec![]).unwrap();
    write_idx(&at("plain"), None, &gray).unwrap();
    assert_eq!(
        fs::read(at("plain")).unwrap(),
        [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8]
    );
    let error = write_idx(&at("a"), Some(&at("b")), &gray).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("expected none, as s has no labels"),
        "{error}"
    );
    assert!(error.is_usage() && !at("a").exists());
    let shape = ImageShape::new(1, 1, 1);
    for (last, is_fine) in [(255, true), (256, false)] {
        let wide =
            ImageSet::from_images("w", shape, vec![9, 8], Some(vec![0, last]), vec![]).unwrap();
        let written = write_idx(&at("wide"), Some(&at("wide labels")), &wide);
        assert_eq!(written.is_ok(), is_fine, "{last}");
        assert_eq!(
            written.err().map(|error| error.to_string()),
            (!is_fine).then(|| format!(
                "cannot encode {}: w has 257 classes, an IDX file of labels at most 256",
                at("wide labels").display()
            ))
        );
    }
}
