//! Archives of images (`.tar.gz`, `.tar`), read as a stream and never unpacked to the disk.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use tar::{Archive, Entry, EntryType};

use crate::collect::{Again, Collector, is_hidden, is_image_name};
use crate::dataset::Dataset;
use crate::error::DataError;
use crate::idx::broken;
use crate::image::Image;
use crate::source::OpenOptions;

/// Encoded bytes that are gathered before they are decoded side by side.
const BATCH_BYTES: usize = 8 << 20;

/// Files that are gathered before they are decoded side by side.
const BATCH_FILES: usize = 1_024;

/// The longest name, in bytes, that an extension header may give an entry.
const MAX_NAME_BYTES: u64 = 64 << 10;

/// Whether the first 512 bytes of a file are a tar header.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    let Some(header) = start.get(..512) else {
        return false;
    };
    let field = &header[148..156];
    let digits = String::from_utf8_lossy(field);
    let stored = u32::from_str_radix(digits.trim_matches(|c| c == ' ' || c == '\0'), 8);
    // The checksum is the sum of all bytes, its own field counted as spaces (POSIX.1-2001, ustar).
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    stored == Ok(sum(header) - sum(field) + 8 * u32::from(b' '))
}

/// Opens an archive whose class folders are the classes.
pub(crate) fn open_archive(
    path: &Path,
    name: &str,
    gzipped: bool,
    options: &OpenOptions,
) -> Result<Dataset, DataError> {
    let file = BufReader::new(File::open(path).map_err(|error| DataError::read(path, error))?);
    let reader: Box<dyn Read> = if gzipped {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut batch = Batch {
        collector: Collector::new(path, options, Again::Never),
        encoded: Vec::new(),
        bytes: 0,
        options,
    };
    let mut long_name = None;
    let mut archive = Archive::new(reader);
    // Raw entries: extension headers come as entries of their own, so that their sizes can be bounded here.
    for entry in archive
        .entries()
        .map_err(|error| broken(path, &error))?
        .raw(true)
    {
        let mut entry = entry.map_err(|error| broken(path, &error))?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = Some(gnu_name(path, &mut entry)?),
            EntryType::XHeader => long_name = pax_name(path, &mut entry)?.or(long_name),
            EntryType::GNULongLink | EntryType::XGlobalHeader => {}
            kind => {
                let file = match long_name.take() {
                    Some(name) => PathBuf::from(name),
                    None => os_string(entry.path_bytes().into_owned()).into(),
                };
                batch.take(path, file, kind, &mut entry)?;
            }
        }
    }
    batch.decode()?;
    batch.collector.finish(name)
}

/// Encoded files on their way to the collector.
struct Batch<'a> {
    collector: Collector<'a>,
    encoded: Vec<(PathBuf, Vec<u8>)>,
    bytes: usize,
    options: &'a OpenOptions,
}

impl Batch<'_> {
    /// Takes one entry: reads it when it is an image, notes why when it only has an image's name.
    fn take(
        &mut self,
        archive: &Path,
        file: PathBuf,
        kind: EntryType,
        entry: &mut impl Read,
    ) -> Result<(), DataError> {
        if kind.is_dir() || !is_image_name(&file) {
            return Ok(());
        }
        let file = match relative(&file) {
            Ok(Some(relative)) => relative,
            Ok(None) => return Ok(()),
            Err(reason) => {
                self.collector.skip(&file, reason.to_owned());
                return Ok(());
            }
        };
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
            let what = match kind {
                EntryType::Link | EntryType::Symlink => "a link, not a file",
                EntryType::Char | EntryType::Block | EntryType::Fifo => "a device, not a file",
                _ => "not a regular file",
            };
            self.collector.skip(&file, what.to_owned());
            return Ok(());
        }
        let limit = self.options.image.limits.max_file_bytes;
        let mut bytes = Vec::new();
        entry
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| broken(archive, &error))?;
        self.bytes += bytes.len();
        self.encoded.push((file, bytes));
        if self.bytes >= BATCH_BYTES || self.encoded.len() >= BATCH_FILES {
            self.decode()?;
        }
        Ok(())
    }

    fn decode(&mut self) -> Result<(), DataError> {
        let options = &self.options.image;
        let images: Vec<_> = self
            .encoded
            .par_iter()
            .map(|(file, bytes)| Image::decode(bytes, file, options))
            .collect();
        for ((file, _), image) in self.encoded.drain(..).zip(images) {
            self.collector.add(file, image)?;
        }
        self.bytes = 0;
        Ok(())
    }
}

/// The path without `./`, `None` when a folder on the way is hidden, or why it is no path inside the archive.
fn relative(file: &Path) -> Result<Option<PathBuf>, &'static str> {
    let mut relative = PathBuf::new();
    for component in file.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) if is_hidden(name) => return Ok(None),
            Component::Normal(name) => relative.push(name),
            Component::ParentDir => return Err("its path leads out of the archive with .."),
            Component::RootDir | Component::Prefix(_) => return Err("its path is absolute"),
        }
    }
    Ok(Some(relative))
}

/// The name in a GNU long-name entry, up to its closing zero.
fn gnu_name<R: Read>(archive: &Path, entry: &mut Entry<'_, R>) -> Result<OsString, DataError> {
    let mut name = bounded(archive, entry)?;
    name.truncate(
        name.iter()
            .position(|&byte| byte == 0)
            .unwrap_or(name.len()),
    );
    Ok(os_string(name))
}

/// The `path` record of a pax extension header, if it has one.
///
/// Records are `LENGTH KEY=VALUE\n`, the length counting the whole record (POSIX.1-2001, "pax Extended Header").
fn pax_name<R: Read>(
    archive: &Path,
    entry: &mut Entry<'_, R>,
) -> Result<Option<OsString>, DataError> {
    let records = bounded(archive, entry)?;
    let mut rest = &records[..];
    let mut name = None;
    while let Some(space) = rest.iter().position(|&byte| byte == b' ') {
        let length = std::str::from_utf8(&rest[..space])
            .ok()
            .and_then(|digits| digits.parse::<usize>().ok());
        let record = length
            .filter(|&length| length > space + 1)
            .and_then(|length| rest.get(space + 1..length));
        let (Some(length), Some(record)) = (length, record) else {
            return Err(DataError::decode(archive, "a pax header is damaged"));
        };
        if let Some(value) = record.strip_prefix(b"path=") {
            name = Some(os_string(
                value.strip_suffix(b"\n").unwrap_or(value).to_vec(),
            ));
        }
        rest = &rest[length..];
    }
    Ok(name)
}

fn bounded(archive: &Path, entry: &mut impl Read) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    entry
        .take(MAX_NAME_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error: io::Error| broken(archive, &error))?;
    if bytes.len() as u64 > MAX_NAME_BYTES {
        return Err(DataError::decode(
            archive,
            format!("a header of more than {MAX_NAME_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}

/// A name from its bytes, whatever their encoding where the system allows.
fn os_string(bytes: Vec<u8>) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        OsString::from_vec(bytes)
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
