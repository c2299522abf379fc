//! Files that hold all images of a set one after the other, written as the images come.

use std::io::{self, Write};
use std::path::Path;

use ae_files::write_atomically;

use crate::error::DataError;
use crate::image::Size;
use crate::sources::idx::write_file;
use crate::sources::npy::npy_header;

/// A file of gray images, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackFormat {
    /// IDX, as MNIST has it; gzipped where the name ends in `.gz`.
    Idx,
    /// NumPy's `.npy`, uint8 of `(count, height, width)`; of `(count, 1, height, width)` or `(count, height, width, 1)` where
    /// the first or the last of three axes could be channels, too.
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
                file.write_all(&npy_header("|u1", &axes(dimensions)))?;
                write(file)
            })
            .map_err(DataError::write(path)),
        }
    }
}

/// The axes of an array of gray images that is read again as what it is: with an axis of one channel where without it the first
/// or the last could be channels. (Of images with height and width both 1, 3 or 4 that helps nothing.)
fn axes([count, height, width]: [usize; 3]) -> Vec<usize> {
    let is_channels = |side: usize| matches!(side, 1 | 3 | 4);
    match (is_channels(height), is_channels(width)) {
        (false, true) => vec![count, height, width, 1],
        (_, false) if matches!(count, 3 | 4) => vec![count, 1, height, width],
        _ => vec![count, height, width],
    }
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

    /// Counts and sides that could be channels: what is written is read as what it was.
    #[test]
    fn arrays_that_could_be_of_colors_are_read_as_gray() {
        let folder = tempfile::tempdir().unwrap();
        let sides = [1, 2, 3, 4, 5, 28];
        for (count, height, width) in sides.into_iter().flat_map(|count| {
            let sizes = sides.into_iter().flat_map(move |h| sides.map(|w| (h, w)));
            sizes.map(move |(height, width)| (count, height, width))
        }) {
            let is_channels = |side: usize| matches!(side, 1 | 3 | 4);
            if is_channels(height) && is_channels(width) && matches!(count, 3 | 4) {
                continue;
            }
            let path = folder.path().join("a.npy");
            let pixels: Vec<u8> = (0..count * height * width).map(|i| i as u8).collect();
            let size = Size { height, width };
            let written =
                StackFormat::Npy.write(&path, count, size, |file| file.write_all(&pixels));
            written.unwrap();
            let set = open(path.to_str().unwrap(), &OpenOptions::default()).unwrap();
            let found = (set.train.len(), set.train.shape());
            let shape = crate::image::ImageShape::new(1, height, width);
            assert_eq!(found, (count, shape), "{count} of {size}");
            let read = set.train.iter();
            let read: Vec<u8> = read
                .flat_map(|image| image.read().unwrap().into_pixels())
                .collect();
            assert_eq!(read, pixels, "{count} of {size}");
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
