//! The picture files of a folder, found by their content.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::picture::format::PictureFormat;
use crate::picture::reading::{Recognized, START_BYTES, has_name_of, recognize};

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 32;

/// What [`picture_files`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureFiles {
    /// Pictures, and files that are called so, relative to the folder and in order.
    pub files: Vec<PathBuf>,
    /// How many other files there are of each extension, in small letters; the empty one is that of files without.
    pub passed_over: BTreeMap<String, usize>,
}

/// Looks for pictures in a folder and the folders in it, `except` one. Hidden files and folders are left out.
///
/// A file is a picture when its content is that of a format that can be read, or when its name says so: one that is
/// called a picture and is none is an error of whoever reads it.
///
/// # Errors
/// A folder cannot be read, or folders lie deeper than 32 in each other.
pub fn picture_files(folder: &Path, except: Option<&Path>) -> Result<PictureFiles, DataError> {
    let mut walk = Walk {
        root: folder,
        found: PictureFiles::default(),
        seen: HashSet::new(),
    };
    // Pictures that were made of a folder's lie in it often enough.
    if let Some(except) = except.and_then(|path| fs::canonicalize(path).ok())
        && fs::canonicalize(folder).is_ok_and(|folder| folder != except)
    {
        walk.seen.insert(except);
    }
    walk.enter(folder, MAX_DEPTH)?;
    walk.found.files.sort();
    Ok(walk.found)
}

struct Walk<'a> {
    root: &'a Path,
    found: PictureFiles,
    /// Folders that were entered, by their real path: a link that leads back is not followed twice.
    seen: HashSet<PathBuf>,
}

impl Walk<'_> {
    fn enter(&mut self, folder: &Path, depth: usize) -> Result<(), DataError> {
        let read_error = |error| DataError::read(folder, error);
        if depth == 0 {
            return Err(DataError::TooLarge {
                path: self.root.to_owned(),
                found: format!("folders lie deeper than {MAX_DEPTH}"),
                limit: format!("{MAX_DEPTH}"),
            });
        }
        if !self
            .seen
            .insert(fs::canonicalize(folder).map_err(read_error)?)
        {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                self.enter(&path, depth - 1)?;
            } else if PictureFormat::of_file(&path).is_some() || has_name_of(&path).is_some() {
                let relative = path
                    .strip_prefix(self.root)
                    .expect("what a folder lists lies in the folder");
                self.found.files.push(relative.to_owned());
            } else {
                let extension = path.extension().unwrap_or_default().to_string_lossy();
                let extension = extension.to_ascii_lowercase();
                *self.found.passed_over.entry(extension).or_default() += 1;
            }
        }
        Ok(())
    }
}

impl PictureFormat {
    /// The format of a file, by its content; nothing where it is no picture that can be read.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        // Opening a pipe would wait for a writer.
        if !fs::metadata(path).ok()?.is_file() {
            return None;
        }
        let mut start = Vec::with_capacity(START_BYTES);
        File::open(path)
            .ok()?
            .take(START_BYTES as u64)
            .read_to_end(&mut start)
            .ok()?;
        match recognize(&start) {
            Some(Recognized::Readable(format)) => Some(format),
            Some(Recognized::Unreadable(_)) => None,
            // Targa has no signature.
            None => has_name_of(path).filter(|format| *format == Self::Tga),
        }
    }
}
