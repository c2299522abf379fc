//! Encoded files of an archive on their way to a set.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::error::DataError;
use crate::picture::{Depths, PictureReader, START_BYTES};
use crate::set::Dataset;
use crate::sources::files::{Beside, Collector, FileImages, Overflow, PassedOver, is_hidden};
use crate::sources::options::OpenOptions;

/// Encoded bytes that are gathered before they are decoded side by side.
const BATCH_BYTES: usize = 8 << 20;

/// Files that are gathered before they are decoded side by side.
const BATCH_FILES: usize = 1_024;

/// What an entry of an archive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Folder,
    File,
    /// Neither: what it is, as a reason to pass it over.
    Other(&'static str),
}

/// Encoded files on their way to the collector.
pub(crate) struct Batch<'a> {
    archive: &'a Path,
    collector: Collector<'a>,
    passed_over: PassedOver,
    encoded: Vec<(PathBuf, Vec<u8>)>,
    bytes: usize,
    options: &'a OpenOptions,
}

impl<'a> Batch<'a> {
    /// No files yet, of the archive at `archive`, of whose deep pictures' values so much is known.
    pub(crate) fn new(archive: &'a Path, options: &'a OpenOptions, known: Depths) -> Self {
        Self {
            archive,
            collector: Collector::new(archive, options, Overflow::Refuse, known),
            passed_over: PassedOver::default(),
            encoded: Vec::new(),
            bytes: 0,
            options,
        }
    }

    /// Takes one entry: reads it when it is an image, notes why when it only has an image's name, and counts it when it
    /// is none.
    pub(crate) fn take(
        &mut self,
        file: &Path,
        kind: EntryKind,
        entry: &mut impl Read,
    ) -> Result<(), DataError> {
        let limit = self.options.image.limits.max_file_bytes;
        let taken = image_entry(
            self.archive,
            file,
            kind,
            entry,
            &mut self.passed_over,
            limit,
        )?;
        let (file, bytes) = match taken {
            None => return Ok(()),
            Some(Err(reason)) => {
                self.collector.skip(file, reason.to_owned());
                return Ok(());
            }
            Some(Ok(taken)) => taken,
        };
        self.bytes += bytes.len();
        self.encoded.push((file, bytes));
        if self.bytes >= BATCH_BYTES || self.encoded.len() >= BATCH_FILES {
            self.decode()?;
        }
        Ok(())
    }

    /// Notes an entry that cannot be read, and why.
    pub(crate) fn skip(&mut self, file: &Path, reason: String) {
        if self.passed_over.is_image(file, Vec::new) {
            self.collector.skip(file, reason);
        }
    }

    /// What is known of deep pictures' values, where that is more than was known before: the archive has to be read again.
    pub(crate) fn outgrown(&self) -> Option<Depths> {
        self.collector.outgrown()
    }

    fn decode(&mut self) -> Result<(), DataError> {
        let options = &self.options.image;
        let ranges = self.collector.ranges();
        let limit = options.limits.max_file_bytes;
        let open = |file: &Path, bytes: &[u8]| {
            if bytes.len() as u64 > limit {
                return Err(DataError::TooLarge {
                    path: file.to_owned(),
                    found: format!("more than {limit} bytes"),
                    limit: format!("{limit} bytes"),
                });
            }
            PictureReader::from_bytes_raw(bytes.to_vec(), file, &options.limits)
        };
        let images: Vec<_> = self
            .encoded
            .par_iter()
            .map(|(file, bytes)| FileImages::of(open(file, bytes), options, &ranges))
            .collect();
        for ((file, bytes), images) in self.encoded.drain(..).zip(images) {
            let name = file.clone();
            self.collector
                .add_file(file, images, || open(&name, &bytes))?;
        }
        self.bytes = 0;
        Ok(())
    }

    /// Decodes what is left, and says what more is known of values where the archive has to be read again for it.
    pub(crate) fn finish(mut self, name: &str) -> Result<Result<Dataset, Depths>, DataError> {
        self.decode()?;
        if let Some(more) = self.collector.outgrown() {
            return Ok(Err(more));
        }
        let beside = Beside {
            left_aside: self.passed_over.left_aside(),
            ..Beside::default()
        };
        self.collector.finish(name, beside).map(Ok)
    }
}

/// The path of an image inside the archive and its bytes, or why it is passed over.
pub(crate) type ImageEntry = Result<(PathBuf, Vec<u8>), &'static str>;

/// The path inside the archive and the bytes of an entry that is taken for an image, of more than `limit` only as many that
/// one sees that it has more; or why it is passed over. `None` of what isn't taken for one, and is counted.
pub(crate) fn image_entry(
    archive: &Path,
    file: &Path,
    kind: EntryKind,
    entry: &mut impl Read,
    passed_over: &mut PassedOver,
    limit: u64,
) -> Result<Option<ImageEntry>, DataError> {
    if kind == EntryKind::Folder {
        return Ok(None);
    }
    let relative = relative(file);
    if relative == Ok(None) {
        return Ok(None);
    }
    let mut start = Vec::new();
    let read = entry
        .by_ref()
        .take(START_BYTES as u64)
        .read_to_end(&mut start);
    if !passed_over.is_image(file, || start.clone()) {
        return Ok(None);
    }
    let file = match (relative, kind) {
        (Ok(Some(relative)), EntryKind::File) => relative,
        (Err(reason), _) | (Ok(_), EntryKind::Other(reason)) => return Ok(Some(Err(reason))),
        (Ok(_), _) => return Ok(None),
    };
    let mut bytes = start;
    read.and_then(|_| entry.by_ref().take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| DataError::broken(archive, &error))?;
    Ok(Some(Ok((file, bytes))))
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

/// A name from its bytes, whatever their encoding where the system allows.
pub(crate) fn os_string(bytes: Vec<u8>) -> std::ffi::OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        std::ffi::OsString::from_vec(bytes)
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
