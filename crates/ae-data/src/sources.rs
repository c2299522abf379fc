//! Where images come from: finding out what a name or a path is, and opening it.
//!
//! A source is one file here and an entry in [`NAMED`] or [`FORMATS`].

mod archive;
mod batch;
mod class_files;
mod downloads;
mod files;
mod folder;
pub mod glyphs;
mod idx;
pub mod lines;
mod npy;
mod options;
mod picture_files;
mod place;
mod scan_shard;
mod shard_index;
mod shards;
mod single_image;
mod source;
mod stack;
mod streamed;
mod write_shards;
mod zip;

pub use idx::write_idx;
pub use npy::npy_header;
pub use options::{OpenOptions, Streaming};
pub use picture_files::{PictureFiles, picture_files};
pub use scan_shard::index_shard;
pub use shard_index::ShardIndex;
pub use shards::shards;
pub use stack::StackFormat;
pub use streamed::streamed_archives;
pub use write_shards::{ShardFile, pack_shard, shard_name, unpack_shard, write_shard};

use std::fs;
use std::io;
use std::path::Path;

use crate::error::DataError;
use crate::image::Fitted;
use crate::picture::split_page;
use crate::set::{Dataset, ImageSet};
use crate::sources::place::Place;
use crate::sources::source::{Format, Found, NamedSet};

/// Sets that are asked for by name.
const NAMED: [&dyn NamedSet; 5] = [
    &glyphs::GLYPHS,
    &lines::LINES,
    &downloads::NOTMNIST_SMALL,
    &downloads::NOTMNIST_LARGE,
    &downloads::MNIST,
];

/// Formats that are recognized by what lies at a path, the first that fits.
const FORMATS: [&dyn Format; 6] = [
    &idx::IDX,
    &npy::NPY,
    &zip::ZIP,
    &archive::ARCHIVE,
    &folder::FOLDER,
    &single_image::SINGLE_IMAGE,
];

/// A name or a format that [`open`] knows, for help texts and tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceKind {
    /// The name to ask for, or `None` for what is opened by its path.
    pub name: Option<&'static str>,
    /// What it is called: the name, or the format with its article.
    pub title: &'static str,
    /// What it holds, in a few words.
    pub summary: &'static str,
}

/// Everything that [`open`] knows: first the sets that have names, then the formats.
#[must_use]
pub fn source_kinds() -> Vec<SourceKind> {
    let named = NAMED.iter().map(|set| SourceKind {
        name: Some(set.name()),
        title: set.name(),
        summary: set.summary(),
    });
    let formats = FORMATS.iter().map(|format| SourceKind {
        name: None,
        title: format.title(),
        summary: format.summary(),
    });
    named.chain(formats).collect()
}

/// Opens a set by its name or path, finding out what it is from its content.
///
/// [`source_kinds`] lists what there is: sets known by name, and files and folders in several formats. [`shards`] says how
/// several archives are named that are one set. A file or folder
/// that has the same name as a known set is reached as `./glyphs`.
///
/// # Errors
/// When there is nothing of that name, nothing in it can be read as images, or too many of its files cannot: more than
/// one in a hundred, except that one alone is tolerated among ten or more.
pub fn open(source: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    if let Some(streaming) = &options.stream {
        return streamed::open_streamed(source, options, streaming);
    }
    let dataset = match NAMED.iter().find(|set| set.name() == source) {
        Some(set) => match set.find(options)? {
            Found::Set(dataset) => *dataset,
            Found::Path(path) => open_path(&path, set.name().to_owned(), options)?,
        },
        None => match shards(source)? {
            Some(paths) => shards::open_shards(source, &paths, options, |path, options| {
                open_path(path, name_of(path), options)
            })?,
            None => {
                let path = Path::new(source);
                open_path(path, name_of(path), options)?
            }
        },
    };
    // Those that patches are cut from were brought to the channels on the way.
    let mut fitted = Fitted::default();
    let mut convert = |set: ImageSet| -> Result<ImageSet, DataError> {
        if set.keeps_own_sizes() {
            return Ok(set);
        }
        let (set, lost) = set.converted(&options.image, options.memory_bytes)?;
        fitted.add(lost);
        Ok(set)
    };
    let mut dataset = Dataset {
        train: convert(dataset.train)?,
        validation: dataset.validation.map(&mut convert).transpose()?,
        test: dataset.test.map(&mut convert).transpose()?,
        ..dataset
    };
    dataset.layout.values.extend(fitted.notes());
    match options.patch {
        Some(side) => dataset.in_patches(side),
        None => Ok(dataset),
    }
}

fn open_path(path: &Path, name: String, options: &OpenOptions) -> Result<Dataset, DataError> {
    let place = match (fs::metadata(path), split_page(path)) {
        (Ok(metadata), _) => Place::look(path, name, &metadata)?,
        (Err(error), Some((file, _))) => {
            let metadata = fs::metadata(&file).map_err(|_| not_there(path, error))?;
            Place::look_at_page(path, &file, name, &metadata)?
        }
        (Err(error), None) => return Err(not_there(path, error)),
    };
    for format in FORMATS {
        if format.recognizes(&place)? {
            let mut dataset = format.open(&place, options)?;
            if dataset.layout.recognized.is_empty() {
                dataset.layout.recognized = format.title().to_owned();
            }
            return Ok(dataset);
        }
    }
    Err(DataError::UnknownFormat {
        path: path.to_owned(),
        known: FORMATS.iter().map(|format| format.title()).collect(),
    })
}

/// A path's own name, without the endings that only say what kind of file it is.
fn name_of(path: &Path) -> String {
    let resolved = if path.file_name().is_none() {
        fs::canonicalize(path).ok()
    } else {
        None
    };
    let name = resolved
        .as_deref()
        .unwrap_or(path)
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let endings = [".tar", ".tgz", ".zip", ".npy", ".npz"];
    let ending = endings.iter().find_map(|ending| name.strip_suffix(ending));
    ending.unwrap_or(name).to_owned()
}

/// The error for a path that cannot be looked at: a mistyped name where it looks like one.
fn not_there(path: &Path, error: io::Error) -> DataError {
    let is_bare = path.components().count() <= 1 && path.extension().is_none();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidInput if is_bare => {
            DataError::UnknownSource {
                name: path.display().to_string(),
                known: NAMED.iter().map(|set| set.name()).collect(),
            }
        }
        io::ErrorKind::NotFound => DataError::NotFound {
            path: path.to_owned(),
        },
        _ => DataError::read(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_source() {
        let readme = include_str!("../README.md");
        for kind in source_kinds() {
            let title = match kind.name {
                Some(name) => format!("`{name}`"),
                None => kind.title.to_owned(),
            };
            let row = format!("| {title} | {} |", kind.summary);
            assert!(readme.contains(&row), "no line {row}");
        }
    }
}
