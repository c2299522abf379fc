//! Small images, and models trained on them once for all tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::command::done;

pub(crate) const SIDE: usize = 28;

/// Bars and boxes on black, four classes, each at several places.
pub(crate) fn drawing(number: usize) -> Vec<u8> {
    let class = number % 4;
    let shift = 2 + (number / 4) % 7;
    let inside = |row: usize, column: usize| {
        let (row, column) = (row.wrapping_sub(shift), column.wrapping_sub(shift));
        match class {
            0 => row < 16 && column < 5,
            1 => row < 5 && column < 16,
            2 => row < 14 && column < 14,
            _ => row < 16 && column < 16 && !(4..12).contains(&row),
        }
    };
    (0..SIDE * SIDE)
        .map(|pixel| {
            if inside(pixel / SIDE, pixel % SIDE) {
                230
            } else {
                0
            }
        })
        .collect()
}

/// The bytes of an IDX file of unsigned bytes.
pub(crate) fn idx(axes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, axes.len() as u8];
    bytes.extend(axes.iter().flat_map(|axis| axis.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Writes a divided set of drawings as MNIST's four files.
pub(crate) fn write_set(folder: &Path, train: usize, test: usize) {
    fs::create_dir_all(folder).expect("a folder");
    for (part, numbers) in [("train", 0..train), ("t10k", train..train + test)] {
        let count = numbers.len() as u32;
        let side = SIDE as u32;
        let pixels: Vec<u8> = numbers.clone().flat_map(drawing).collect();
        let labels: Vec<u8> = numbers.map(|number| (number % 4) as u8).collect();
        let images = idx(&[count, side, side], &pixels);
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).expect("written");
        let labels = idx(&[count], &labels);
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).expect("written");
    }
}

/// A folder with a set and models.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    /// Where everything is; tests write elsewhere.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path inside, as an argument.
    pub(crate) fn argument(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// A command line with paths inside in place of their names in braces.
    pub(crate) fn fill(&self, line: &str) -> String {
        ["plain", "narrow", "denoiser", "drawings"]
            .iter()
            .fold(line.to_owned(), |line, name| {
                line.replace(&format!("{{{name}}}"), &self.argument(name))
            })
    }
}

/// The set `drawings` (96 and 32 images) and the runs `plain`, `narrow` (12 numbers) and `denoiser`.
pub(crate) static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    write_set(&path.join("drawings"), 96, 32);
    let train = |out: &str, more: &str| {
        done(
            path,
            &format!(
                "train --data drawings --out {out} --backend flex --batch-size 16 --warmup-steps 4 --quiet {more}"
            ),
        );
    };
    train("plain", "--widths 8,16,32 --epochs 2");
    train("narrow", "--widths 8,16,16 --latent 12 --epochs 1");
    train(
        "denoiser",
        "--widths 8,16,16 --epochs 2 --noise gaussian:0.3",
    );
    Fixture { folder }
});

/// A fresh folder for a test's own results.
pub(crate) fn scratch() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The files below a folder, relative and in order.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).expect("inside").to_owned());
            }
        }
    }
    found.sort();
    found
}
