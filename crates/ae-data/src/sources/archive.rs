//! Archives of images (`.tar.gz`, `.tar`), read as a stream and never unpacked to the disk.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use crate::error::DataError;
use crate::picture::Depths;
use crate::set::Dataset;
use crate::sources::batch::{Batch, EntryKind, os_string};
use crate::sources::class_files::ClassFiles;
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// The longest name, in bytes, that an extension header may give an entry.
const MAX_NAME_BYTES: u64 = 64 << 10;

/// What may follow an archive's end; `tar` itself fills up to 10,240 bytes.
const MAX_END_BYTES: u64 = 1 << 20;

/// A tar archive of images, gzipped or not.
pub(crate) const ARCHIVE: ArchiveOfImages = ArchiveOfImages;

pub(crate) struct ArchiveOfImages;

impl Format for ArchiveOfImages {
    fn title(&self) -> &'static str {
        "a .tar.gz or .tar archive of images"
    }

    fn summary(&self) -> &'static str {
        "as a folder of images, never unpacked to the disk"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(is_tar(place.start()))
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let is_gzipped = matches!(place.content, Content::Gzipped(_));
        let mut known = Depths::default();
        loop {
            match read_archive(place.path, &place.name, is_gzipped, options, known)? {
                Ok(dataset) => return Ok(dataset),
                Err(more) => known = more,
            }
        }
    }
}

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

/// Reads an archive whose class folders are the classes, and says what more is known of deep pictures' values where it
/// has to be read again for it.
fn read_archive(
    path: &Path,
    name: &str,
    gzipped: bool,
    options: &OpenOptions,
    known: Depths,
) -> Result<Result<Dataset, Depths>, DataError> {
    let file = BufReader::new(File::open(path).map_err(|error| DataError::read(path, error))?);
    let reader: Box<dyn Read> = if gzipped {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut batch = Batch::new(path, options, known);
    let mut classes = ClassFiles::default();
    let walked = each_entry(path, reader, |file, kind, entry| {
        if kind == EntryKind::File && ClassFiles::is_one(file) {
            classes.take(path, file, entry)?;
            return Ok(ControlFlow::Continue(()));
        }
        batch.take(file, kind, entry)?;
        Ok(match batch.outgrown() {
            Some(more) => ControlFlow::Break(more),
            None => ControlFlow::Continue(()),
        })
    })?;
    if let ControlFlow::Break(more) = walked {
        return Ok(Err(more));
    }
    match batch.finish(name)? {
        Ok(dataset) => classes.label(path, dataset).map(Ok),
        Err(more) => Ok(Err(more)),
    }
}

/// Hands over every entry that is none of an extension, with the name that extensions give it, until `take` breaks; looks
/// also at what follows the last one.
///
/// # Errors
/// The archive is damaged, or what `take` says.
pub(crate) fn each_entry<R: Read, T>(
    path: &Path,
    reader: R,
    mut take: impl FnMut(&Path, EntryKind, &mut Entry<'_, R>) -> Result<ControlFlow<T>, DataError>,
) -> Result<ControlFlow<T>, DataError> {
    let mut long_name = None;
    let mut stated_size = None;
    let mut archive = Archive::new(reader);
    // Raw entries: extension headers come as entries of their own, so that their sizes can be bounded here.
    for entry in archive
        .entries()
        .map_err(|error| DataError::broken(path, &error))?
        .raw(true)
    {
        let mut entry = entry.map_err(|error| DataError::broken(path, &error))?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = Some(gnu_name(path, &mut entry)?),
            EntryType::XHeader => {
                let records = PaxRecords::read(path, &mut entry)?;
                long_name = records.name.or(long_name);
                stated_size = records.size.or(stated_size);
            }
            EntryType::GNULongLink | EntryType::XGlobalHeader => {}
            kind => {
                // Readers that trust one header and readers that trust the other would see two archives.
                if stated_size.take().is_some_and(|size| size != entry.size()) {
                    let reason = "two headers of an entry disagree on its size";
                    return Err(DataError::decode(path, reason));
                }
                let file = match long_name.take() {
                    Some(name) => PathBuf::from(name),
                    None => os_string(entry.path_bytes().into_owned()).into(),
                };
                if let ControlFlow::Break(end) = take(&file, kind_of(kind), &mut entry)? {
                    return Ok(ControlFlow::Break(end));
                }
            }
        }
    }
    check_end(path, &mut archive.into_inner())?;
    Ok(ControlFlow::Continue(()))
}

fn kind_of(kind: EntryType) -> EntryKind {
    match kind {
        EntryType::Directory => EntryKind::Folder,
        EntryType::Regular | EntryType::Continuous => EntryKind::File,
        EntryType::Link | EntryType::Symlink => EntryKind::Other("a link, not a file"),
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            EntryKind::Other("a device, not a file")
        }
        _ => EntryKind::Other("not a regular file"),
    }
}

/// Reads what follows the last entry: nothing but the blocks that fill up a tape's record. A gzip stream's checksum
/// stands at its end, so whoever does not read until there does not notice that bytes are wrong.
fn check_end(path: &Path, rest: &mut impl Read) -> Result<(), DataError> {
    let read = io::copy(&mut rest.take(MAX_END_BYTES + 1), &mut io::sink())
        .map_err(|error| DataError::broken(path, &error))?;
    if read > MAX_END_BYTES {
        return Err(DataError::decode(
            path,
            format!("more than {MAX_END_BYTES} bytes after the archive's end"),
        ));
    }
    Ok(())
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

/// What a pax extension header says of the entry after it, as far as it matters here.
///
/// Records are `LENGTH KEY=VALUE\n`, the length counting the whole record (POSIX.1-2001, "pax Extended Header").
#[derive(Default)]
struct PaxRecords {
    name: Option<OsString>,
    size: Option<u64>,
}

impl PaxRecords {
    fn read<R: Read>(archive: &Path, entry: &mut Entry<'_, R>) -> Result<Self, DataError> {
        let damaged = || DataError::decode(archive, "a pax header is damaged");
        let text = bounded(archive, entry)?;
        let mut rest = &text[..];
        let mut records = Self::default();
        while let Some(space) = rest.iter().position(|&byte| byte == b' ') {
            let length = std::str::from_utf8(&rest[..space])
                .ok()
                .and_then(|digits| digits.parse::<usize>().ok())
                .filter(|&length| length > space + 1)
                .ok_or_else(damaged)?;
            let record = rest.get(space + 1..length).ok_or_else(damaged)?;
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(value) = record.strip_prefix(b"path=") {
                records.name = Some(os_string(value.to_vec()));
            } else if let Some(value) = record.strip_prefix(b"size=") {
                let digits = std::str::from_utf8(value).ok();
                let size = digits.and_then(|digits| digits.parse().ok());
                records.size = Some(size.ok_or_else(damaged)?);
            }
            rest = &rest[length..];
        }
        Ok(records)
    }
}

fn bounded(archive: &Path, entry: &mut impl Read) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    entry
        .take(MAX_NAME_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error: io::Error| DataError::broken(archive, &error))?;
    if bytes.len() as u64 > MAX_NAME_BYTES {
        return Err(DataError::decode(
            archive,
            format!("a header of more than {MAX_NAME_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}
