//! Files that hold all images of a set one after the other, written as the images come.

use std::io::{self, Write};
use std::path::Path;

use ae_files::write_atomically;

use crate::error::DataError;
use crate::image::Size;
use crate::sources::idx::write_file;

/// A file of gray images, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackFormat {
    /// IDX, as MNIST has it; gzipped where the name ends in `.gz`.
    Idx,
    /// NumPy's `.npy`, uint8 of `(count, height, width)`. Of 1, 3 or 4 images that could be channels, too, and is not read again
    /// as a set without being given another shape.
    Npy,
}

impl StackFormat {
    /// The format that a file's name stands for: `.npy`; `.idx`, or `…ubyte` as MNIST's files end, either with `.gz`.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        if name.ends_with(".npy") {
            return Some(Self::Npy);
        }
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        (plain.ends_with("ubyte") || plain.ends_with(".idx")).then_some(Self::Idx)
    }

    /// Writes `count` images of `size`, whole or not at all; `write` writes their pixels, image after image.
    ///
    /// # Errors
    /// [`DataError::Encode`] where the format's 32 bits cannot hold a dimension, [`DataError::Write`] when the disk refuses
    /// or `write` fails.
    pub fn write(
        self,
        path: &Path,
        count: usize,
        size: Size,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), DataError> {
        let dimensions = [count, size.height, size.width];
        match self {
            Self::Idx => write_file(path, &dimensions, write),
            Self::Npy => write_atomically(path, |file| {
                file.write_all(&npy_header(dimensions))?;
                write(file)
            })
            .map_err(DataError::write(path)),
        }
    }
}

/// The header of an array of bytes, of version 1.0 (`numpy.lib.format`): a dictionary that ends at a multiple of 64 bytes.
fn npy_header([count, height, width]: [usize; 3]) -> Vec<u8> {
    /// The magic, the version and the length.
    const BEFORE: usize = 10;
    let mut text = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({count}, {height}, {width}), }}"
    );
    let padding = (64 - (BEFORE + text.len() + 1) % 64) % 64;
    text.push_str(&" ".repeat(padding));
    text.push('\n');
    // Three numbers of 20 digits leave it far below 65,536.
    let length = text.len() as u16;
    [
        b"\x93NUMPY\x01\x00",
        &length.to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{OpenOptions, open};

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let size = Size {
            height: 3,
            width: 5,
        };
        let pixels: Vec<u8> = (0..5 * 15).collect();
        for (name, format) in [
            ("a.npy", StackFormat::Npy),
            ("a-images-idx3-ubyte", StackFormat::Idx),
            ("a.idx.gz", StackFormat::Idx),
            ("A.IDX3-UBYTE.gz", StackFormat::Idx),
        ] {
            let path = folder.path().join(name);
            assert_eq!(StackFormat::of(&path), Some(format), "{name}");
            let written = format.write(&path, 5, size, |file| file.write_all(&pixels));
            written.unwrap();
            let set = open(path.to_str().unwrap(), &OpenOptions::default()).unwrap();
            let read: Vec<u8> = set
                .train
                .iter()
                .flat_map(|image| image.read().unwrap().into_pixels())
                .collect();
            assert_eq!(read, pixels, "{name}");
        }
        for name in ["a", "a.gz", "a.png", "npy", "a.idx.zip"] {
            assert_eq!(StackFormat::of(Path::new(name)), None, "{name}");
        }
    }

    #[test]
    fn the_header_ends_at_a_multiple_of_64_bytes() {
        for count in [0, 1, 1_000, usize::MAX] {
            let header = npy_header([count, 28, 28]);
            assert_eq!(header.len() % 64, 0, "{count}");
            assert_eq!(header.last(), Some(&b'\n'));
        }
    }

    #[test]
    fn nothing_is_left_where_images_fail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let size = Size {
            height: 1,
            width: 1,
        };
        let written = StackFormat::Npy.write(&path, 1, size, |_| Err(io::Error::other("gone")));
        assert!(written.is_err() && !path.exists());
    }
}
