//! Writing sets as IDX files.

use std::io::{self, Write};
use std::path::Path;

use ae_files::write_atomically;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::DataError;
use crate::image::ImageShape;
use crate::set::ImageSet;
use crate::sources::idx::read::UNSIGNED_BYTE;

/// Writes a set as IDX files, gzipped where a name ends in `.gz`.
///
/// Gray images have the three dimensions of MNIST, color images four: count, channels, height, width. The same set
/// gives the same bytes.
///
/// # Errors
/// [`DataError::InvalidValue`] when labels are wanted of a set that has none, [`DataError::Encode`] when there are more
/// than 256 classes or a dimension does not fit the format's 32 bits, [`DataError::Write`] when the disk refuses, and whatever reading lazily decoded
/// images meets.
pub fn write_idx(images: &Path, labels: Option<&Path>, set: &ImageSet) -> Result<(), DataError> {
    let ImageShape {
        channels,
        height,
        width,
    } = set.shape();
    let dimensions = if channels == 1 {
        vec![set.len(), height, width]
    } else {
        vec![set.len(), channels, height, width]
    };
    let labels = match labels {
        Some(path) => Some((path, label_bytes(path, set)?)),
        None => None,
    };
    // A lazily decoded image may fail in the middle of writing; its error says more than the writer's.
    let mut unreadable = None;
    let written = write_file(images, &dimensions, |file| {
        for index in 0..set.len() {
            match set.with_bytes(index, |bytes| file.write_all(bytes)) {
                Ok(written) => written?,
                Err(error) => {
                    unreadable = Some(error);
                    return Err(io::Error::other("an image of the set cannot be read"));
                }
            }
        }
        Ok(())
    });
    if let Some(error) = unreadable {
        return Err(error);
    }
    written?;
    match labels {
        Some((path, values)) => write_file(path, &[values.len()], |file| file.write_all(&values)),
        None => Ok(()),
    }
}

/// The set's labels as the bytes that an IDX file of labels at `path` has of them.
fn label_bytes(path: &Path, set: &ImageSet) -> Result<Vec<u8>, DataError> {
    let byte = |label: u32| {
        u8::try_from(label).map_err(|_| DataError::Encode {
            path: path.to_owned(),
            reason: format!(
                "{} has {} classes, an IDX file of labels at most 256",
                set.name(),
                set.classes().len()
            ),
        })
    };
    set.iter()
        .map(|image| {
            let label = image.label().ok_or_else(|| DataError::InvalidValue {
                what: "labels file",
                value: path.display().to_string(),
                expected: format!("none, as {} has no labels", set.name()),
            })?;
            byte(label)
        })
        .collect()
}

pub(crate) fn write_file(
    path: &Path,
    dimensions: &[usize],
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), DataError> {
    let mut header = vec![0, 0, UNSIGNED_BYTE, dimensions.len() as u8];
    for &dimension in dimensions {
        let dimension = u32::try_from(dimension).map_err(|_| DataError::Encode {
            path: path.to_owned(),
            reason: format!("{dimension} does not fit the 32 bits of an IDX dimension"),
        })?;
        header.extend(dimension.to_be_bytes());
    }
    write_atomically(path, |file| {
        if is_gzip_name(path) {
            let mut encoder = GzEncoder::new(file, Compression::best());
            encoder.write_all(&header)?;
            write(&mut encoder)?;
            encoder.finish().map(drop)
        } else {
            file.write_all(&header)?;
            write(file)
        }
    })
    .map_err(DataError::write(path))
}

fn is_gzip_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}
