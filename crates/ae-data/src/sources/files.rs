//! Sets that are made of image files, whether these lie in a folder or in an archive.

mod arrangement;
mod beside;
mod collect;
mod description;
mod folder_names;
mod masks;
mod place_of_parts;
mod walk;

use std::path::Path;

pub(crate) use beside::Beside;
pub(crate) use collect::{Collector, Overflow};
pub(crate) use walk::{Walked, walk};

/// Whether a file's name says that it is an image of a format that can be read, and not a hidden one.
pub(crate) fn is_image_name(path: &Path) -> bool {
    let format = path
        .extension()
        .and_then(::image::ImageFormat::from_extension);
    format.is_some_and(|format| format.reading_enabled())
        && path.file_name().is_some_and(|name| !is_hidden(name))
}

/// Whether a file or folder is not meant to be seen: dot files, and what macOS packs beside the real ones.
pub(crate) fn is_hidden(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || name == b"__MACOSX"
}
