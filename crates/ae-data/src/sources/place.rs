//! What lies at a path, as far as one has to know it to tell formats apart.

use std::fs::{File, Metadata};
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::error::DataError;
use crate::picture::recognize;

/// A path and what a first look shows.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// What the set is called.
    pub(crate) name: String,
    pub(crate) content: Content,
}

/// A folder, or the first 512 bytes of a file.
pub(crate) enum Content {
    Folder,
    Plain(Vec<u8>),
    /// A gzipped file; the bytes are unpacked ones.
    Gzipped(Vec<u8>),
}

impl<'a> Place<'a> {
    /// Looks at a path that `metadata` was read of.
    pub(crate) fn look(
        path: &'a Path,
        name: String,
        metadata: &Metadata,
    ) -> Result<Self, DataError> {
        let content = if metadata.is_dir() {
            Content::Folder
        } else if metadata.is_file() {
            Content::of_file(path)?
        } else {
            return Err(DataError::decode(path, "not a regular file"));
        };
        Ok(Self {
            path,
            name,
            content,
        })
    }

    /// Looks at a page of a picture file: `path` is the page's name.
    ///
    /// # Errors
    /// `file` is no picture file.
    pub(crate) fn look_at_page(
        path: &'a Path,
        file: &Path,
        name: String,
        metadata: &Metadata,
    ) -> Result<Self, DataError> {
        let content = Place::look(file, name.clone(), metadata)?.content;
        match &content {
            Content::Plain(start) if recognize(start).is_some() => Ok(Self {
                path,
                name,
                content,
            }),
            _ => Err(DataError::decode(path, "only a picture file has pages")),
        }
    }

    /// The first bytes of a file, unpacked; none of a folder.
    pub(crate) fn start(&self) -> &[u8] {
        match &self.content {
            Content::Folder => &[],
            Content::Plain(start) | Content::Gzipped(start) => start,
        }
    }
}

impl Content {
    fn of_file(path: &Path) -> Result<Self, DataError> {
        let open = || File::open(path).map_err(|error| DataError::read(path, error));
        let start = beginning(path, open()?)?;
        if start.starts_with(&[0x1F, 0x8B]) {
            let unpacked = beginning(path, MultiGzDecoder::new(BufReader::new(open()?)))?;
            return Ok(Self::Gzipped(unpacked));
        }
        Ok(Self::Plain(start))
    }
}

/// The first 512 bytes, or all when there are fewer.
fn beginning(path: &Path, reader: impl Read) -> Result<Vec<u8>, DataError> {
    let mut start = Vec::with_capacity(512);
    reader
        .take(512)
        .read_to_end(&mut start)
        .map_err(|error| DataError::broken(path, &error))?;
    Ok(start)
}
