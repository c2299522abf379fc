//! Zip archives of images, read entry by entry and never unpacked to the disk.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ::zip::result::ZipError;
use ::zip::{CompressionMethod, ZipArchive};
use flate2::read::DeflateDecoder;

use crate::error::DataError;
use crate::picture::Depths;
use crate::set::Dataset;
use crate::sources::batch::{Batch, EntryKind, os_string};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// A zip archive of images.
pub(crate) const ZIP: ZipOfImages = ZipOfImages;

pub(crate) struct ZipOfImages;

impl Format for ZipOfImages {
    fn title(&self) -> &'static str {
        "a .zip archive of images"
    }

    fn summary(&self) -> &'static str {
        "as a folder of images, never unpacked to the disk"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(matches!(&place.content, Content::Plain(start) if is_zip(start)))
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let mut known = Depths::default();
        loop {
            match read_zip(place.path, &place.name, options, known)? {
                Ok(dataset) => return Ok(dataset),
                Err(more) => known = more,
            }
        }
    }
}

/// Whether a file begins as a zip archive does, also one without entries.
pub(crate) fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Opens a zip archive.
pub(crate) fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, DataError> {
    let file = File::open(path).map_err(|error| DataError::read(path, error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| broken(path, error))
}

fn read_zip(
    path: &Path,
    name: &str,
    options: &OpenOptions,
    known: Depths,
) -> Result<Result<Dataset, Depths>, DataError> {
    let mut archive = open_zip(path)?;
    let mut batch = Batch::new(path, options, known);
    for index in 0..archive.len() {
        let listed = archive.name_for_index(index).and_then(Result::ok);
        let listed = PathBuf::from(listed.unwrap_or_default().into_owned());
        let mut entry = match archive.by_index(index) {
            Ok(entry) => entry,
            // Encrypted, or compressed in a way that is not read.
            Err(ZipError::UnsupportedArchive(reason)) => {
                batch.skip(&listed, reason.to_lowercase());
                continue;
            }
            Err(error) => return Err(broken(path, error)),
        };
        let file = PathBuf::from(os_string(entry.name_raw().to_vec()));
        let kind = match (entry.is_dir(), entry.is_symlink()) {
            (true, _) => EntryKind::Folder,
            (false, true) => EntryKind::Other("a link, not a file"),
            (false, false) => EntryKind::File,
        };
        batch.take(&file, kind, &mut entry)?;
        if batch.outgrown().is_some() {
            break;
        }
    }
    batch.finish(name)
}

/// The bytes of an entry, unpacked as they are read. Its checksum is not compared: see [`check_entry`].
pub(crate) fn entry_reader(path: &Path, index: usize) -> Result<Box<dyn Read>, DataError> {
    let mut archive = open_zip(path)?;
    let error = |error| broken(path, error);
    let entry = archive.by_index(index).map_err(error)?;
    let (start, bytes, compression) = (
        entry.data_start(),
        entry.compressed_size(),
        entry.compression(),
    );
    let start =
        start.ok_or_else(|| DataError::decode(path, "an entry without a place in the file"))?;
    drop(entry);
    let mut file = archive.into_inner();
    file.seek(SeekFrom::Start(start))
        .map_err(|error| DataError::read(path, error))?;
    let packed = file.take(bytes);
    Ok(match compression {
        CompressionMethod::Stored => Box::new(packed),
        _ => Box::new(DeflateDecoder::new(packed)),
    })
}

/// Reads an entry to its end, where its checksum is compared, and says its name and how many bytes it has.
pub(crate) fn check_entry(
    path: &Path,
    archive: &mut ZipArchive<BufReader<File>>,
    index: usize,
) -> Result<(String, u64), DataError> {
    let mut entry = archive
        .by_index(index)
        .map_err(|error| broken(path, error))?;
    let bytes =
        io::copy(&mut entry, &mut io::sink()).map_err(|error| DataError::broken(path, &error))?;
    let name = entry.name().map_err(|error| broken(path, error))?;
    Ok((name.into_owned(), bytes))
}

/// The error for an archive that is damaged.
pub(crate) fn broken(path: &Path, error: ZipError) -> DataError {
    match error {
        ZipError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            DataError::broken(path, &error)
        }
        error => DataError::decode(path, error),
    }
}
