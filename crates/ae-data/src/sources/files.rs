//! Sets that are made of image files, whether these lie in a folder or in an archive.

mod arrangement;
mod beside;
mod collect;
mod description;
mod file_images;
mod folder_names;
mod masks;
mod passed_over;
mod pictures;
mod place_of_parts;
mod walk;

pub(crate) use beside::Beside;
pub(crate) use collect::{Collector, Overflow, tolerable};
pub(crate) use file_images::FileImages;
pub(crate) use passed_over::{PassedOver, first_bytes};
pub(crate) use walk::{Walked, walk};

/// Whether a file or folder is not meant to be seen: dot files, and what macOS packs beside the real ones.
pub(crate) fn is_hidden(name: &std::ffi::OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".") || name == b"__MACOSX"
}
