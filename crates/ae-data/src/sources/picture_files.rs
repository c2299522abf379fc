//! The pictures of a folder, for who does something with each file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::picture::{PictureFormat, Recognized, has_name_of, recognize};
use crate::set::LeftAside;
use crate::sources::files::{first_bytes, walk};

/// What [`picture_files`] found.
#[derive(Debug, Default)]
pub struct PictureFiles {
    /// Pictures, and files that are called so, relative to the folder and in order.
    pub files: Vec<PathBuf>,
    /// Other files, by their endings, and runs of this program.
    pub left_aside: Vec<LeftAside>,
}

/// Looks for pictures in a folder and the folders in it, as a set of images does, `except` in one of them. Hidden files
/// and folders, and runs of this program, are left out.
///
/// A file is a picture when its content is that of a format that can be read, or when its name says so: one that is
/// called a picture and is none is an error of whoever reads it.
///
/// # Errors
/// A folder cannot be read, or folders lie deeper than 32 in each other.
pub fn picture_files(folder: &Path, except: Option<&Path>) -> Result<PictureFiles, DataError> {
    let found = walk(folder)?;
    let mut files = found.files;
    // Pictures that were made of a folder's lie in it often enough.
    let except = except.and_then(|path| fs::canonicalize(path).ok());
    if let (Some(except), Ok(folder)) = (except, fs::canonicalize(folder))
        && except != folder
        && let Ok(inside) = except.strip_prefix(&folder)
    {
        files.retain(|file| !file.starts_with(inside));
    }
    Ok(PictureFiles {
        files,
        left_aside: found.left_aside,
    })
}

impl PictureFormat {
    /// The format of a file, by its content; nothing where it is no picture that can be read.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let start = first_bytes(path);
        match recognize(&start) {
            Some(Recognized::Readable(format)) => Some(format),
            Some(Recognized::Unreadable(_)) => None,
            None if start.is_empty() => None,
            // Targa has no signature.
            None => has_name_of(path).filter(|format| *format == Self::Tga),
        }
    }
}
