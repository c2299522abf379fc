//! What the tests make files with, and how they look at sets.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use ae_data::{DataError, Dataset, ImageSet, ImageShape, OpenOptions, open};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::skipping;

pub(crate) fn open_at(path: &Path) -> Result<Dataset, DataError> {
    open(
        path.to_str().expect("the test made it"),
        &OpenOptions::default(),
    )
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("the test made it")).expect("a folder");
    fs::write(path, bytes).expect("the test made it");
}

/// The first byte of every image.
pub(crate) fn first_bytes(set: &ImageSet) -> Vec<u8> {
    (0..set.len())
        .map(|index| set.image(index).expect("the test made it").pixels()[0])
        .collect()
}

pub(crate) fn files(set: &ImageSet) -> Vec<String> {
    (0..set.len())
        .map(|index| {
            set.file(index)
                .expect("the test made it")
                .display()
                .to_string()
        })
        .collect()
}

pub(crate) fn numbers(name: &str, count: usize, labels: Option<Vec<u32>>) -> ImageSet {
    let pixels = (0..count * 4).map(|index| index as u8).collect();
    ImageSet::from_images(name, ImageShape::new(1, 2, 2), pixels, labels, vec![])
        .expect("the test made it")
}

/// One entry of an archive: name, type, content.
pub(crate) type Entry<'a> = (&'a [u8], tar::EntryType, &'a [u8]);

pub(crate) fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
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

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("the test made it");
    encoder.finish().expect("the test made it")
}

/// A color PNG all of one value.
pub(crate) fn encoded_color_png(width: u32, height: u32, value: [u8; 3]) -> Vec<u8> {
    let image = ::image::RgbImage::from_pixel(width, height, ::image::Rgb(value));
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ::image::ImageFormat::Png)
        .expect("an image that can be encoded");
    bytes.into_inner()
}

/// The real data's folder, or `None`, counted as a test that is skipped.
pub(crate) fn shared_data(test: &str) -> Option<PathBuf> {
    skipping::shared_data(&format!("sources::{test}"), "")
}
