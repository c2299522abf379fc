//! Synthetic pictures and the files that hold them, the same bytes in every run.
//!
//! What is drawn depends on a number alone, so `disc(3)` is the same picture wherever it is asked for. Containers are
//! written here byte by byte, from their specifications, so that a test of reading depends on no reader's sibling.
//!
//! ```text
//! write(folder, "set/000.png", &disc(0).png());
//! write(folder, "scan.tif", &Tiff::default().pages(&[scene(64, 48, 1, 0), scene(64, 48, 1, 1)]));
//! write(folder, "truncated.jpg", &cut(&scene(256, 256, 3, 0).jpeg(90), 50));
//! ```

#![allow(
    dead_code,
    reason = "the integration tests and the fault harness share these, and neither uses all"
)]

use std::fs;
use std::path::Path;

mod draw;
mod gif;
mod jpeg;
mod npy;
mod picture;
mod plain;
mod png;
mod tiff;
mod zip;

#[allow(unused_imports, reason = "as above")]
pub(crate) use self::{
    draw::{defect, disc, random, scene},
    gif::animated_gif,
    jpeg::{Jpeg, exif_orientation},
    npy::{npy, npz},
    picture::{Picture, Samples},
    png::Png,
    tiff::{Alpha, Tiff},
    zip::zip,
};

/// Writes a file below `folder`, with the folders above it.
pub(crate) fn write(folder: &Path, name: impl AsRef<Path>, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
    fs::write(&path, bytes).expect("written");
}

/// Writes `numbers` discs as `NAME/000.png` and so on.
pub(crate) fn write_discs(folder: &Path, name: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let file = format!("{name}/{number:03}.png");
        write(folder, file, &disc(number).png());
    }
}

/// The first `percent` of a file.
pub(crate) fn cut(bytes: &[u8], percent: usize) -> Vec<u8> {
    bytes[..bytes.len() * percent / 100].to_vec()
}
