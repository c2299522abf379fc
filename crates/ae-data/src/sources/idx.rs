//! IDX, the format of MNIST: a header of big-endian numbers, then the bytes.
//!
//! # References
//! Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".

mod read;
mod write;

pub(crate) use write::write_file;
pub use write::write_idx;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::set::{Dataset, ImageSet, Store, named_classes};
use crate::sources::idx::read::{IdxImages, is_idx, read_images, read_labels};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// IDX files: one of images, or a folder with files named as MNIST's are.
pub(crate) const IDX: Idx = Idx;

pub(crate) struct Idx;

impl Format for Idx {
    fn title(&self) -> &'static str {
        "an IDX file"
    }

    fn summary(&self) -> &'static str {
        "images of any size, plain or gzipped; or a folder with `train-images-idx3-ubyte` and the like"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        match place.content {
            Content::Folder => Ok(IdxFolder::look(place.path)?.is_some()),
            Content::Plain(_) | Content::Gzipped(_) => Ok(is_idx(place.start())),
        }
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let found = match place.content {
            Content::Folder => IdxFolder::look(place.path)?.unwrap_or_default(),
            Content::Plain(_) | Content::Gzipped(_) => IdxFolder {
                train: Some(place.path.to_owned()),
                test: None,
            },
        };
        match (found.train, found.test) {
            (Some(train), test) => open_idx(&train, test.as_deref(), &place.name, options),
            (None, Some(test)) => open_idx(&test, None, &place.name, options),
            // They were there when the folder was recognized.
            (None, None) => Err(DataError::NoImages {
                path: place.path.to_owned(),
            }),
        }
    }
}

/// The image files of a folder that are named as MNIST's are.
#[derive(Default)]
struct IdxFolder {
    train: Option<PathBuf>,
    test: Option<PathBuf>,
}

impl IdxFolder {
    /// Looks for them; `None` when there is none.
    fn look(folder: &Path) -> Result<Option<Self>, DataError> {
        let read_error = |error| DataError::read(folder, error);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(read_error)? {
            let entry = entry.map_err(read_error)?;
            // Downloads are sometimes unpacked into folders with the files' names.
            if entry.path().is_file() {
                names.push(entry.file_name());
            }
        }
        names.sort();
        let mut found = Self::default();
        let mut other = None;
        for name in &names {
            let Some(text) = name.to_str().map(str::to_lowercase) else {
                continue;
            };
            let plain = text.strip_suffix(".gz").unwrap_or(&text);
            if !plain.contains("images") || !(plain.contains("idx") || plain.ends_with("-ubyte")) {
                continue;
            }
            let part = if plain.contains("train") {
                &mut found.train
            } else if plain.contains("t10k") || plain.contains("test") {
                &mut found.test
            } else {
                &mut other
            };
            let path = folder.join(name);
            match part {
                // Sorted, the plain file comes first, and it need not be unpacked into memory.
                Some(plain) if path.file_stem() == plain.file_name() => {}
                Some(other) => {
                    let reason = format!(
                        "it has both {} and {}; name the file",
                        other.file_name().unwrap_or(OsStr::new("")).display(),
                        name.display()
                    );
                    return Err(DataError::decode(folder, reason));
                }
                None => *part = Some(path),
            }
        }
        // Images of no named part are all there are, or no part of a set that has parts.
        if found.train.is_none() && found.test.is_none() {
            found.train = other;
        }
        Ok((found.train.is_some() || found.test.is_some()).then_some(found))
    }
}

/// Opens IDX images, with the labels that lie beside them.
fn open_idx(
    train: &Path,
    test: Option<&Path>,
    name: &str,
    options: &OpenOptions,
) -> Result<Dataset, DataError> {
    let read = |path: &Path| -> Result<(IdxImages, Option<Vec<u32>>), DataError> {
        let images = read_images(path, options.memory_bytes)?;
        let labels = match labels_beside(path) {
            Some(labels_path) => {
                let labels = read_labels(&labels_path, options.memory_bytes)?;
                if labels.len() != images.count {
                    return Err(DataError::CountMismatch {
                        what: format!(
                            "labels in {} for the images in {}",
                            labels_path.display(),
                            path.display()
                        ),
                        expected: images.count,
                        found: labels.len(),
                    });
                }
                Some(labels)
            }
            None => None,
        };
        Ok((images, labels))
    };
    let train_part = read(train)?;
    let test_part = test.map(read).transpose()?;
    // A class may occur in one part alone.
    let all: Vec<&[u32]> = [Some(&train_part), test_part.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|(_, labels)| labels.as_deref())
        .collect();
    let classes = if all.is_empty() {
        Vec::new()
    } else {
        let labels = all.concat();
        named_classes(name, labels.len(), Some(&labels), Vec::new())?
    };
    let set = |(images, labels): (IdxImages, Option<Vec<u32>>)| {
        ImageSet::from_store(Store {
            name: name.to_owned(),
            shape: images.shape,
            count: images.count,
            classes: if labels.is_some() {
                classes.clone()
            } else {
                Vec::new()
            },
            labels,
            files: Vec::new(),
            pixels: images.pixels,
            digests: None,
            groups: None,
        })
    };
    let train_set = set(train_part);
    let test_set = test_part.map(set);
    if let Some((test_set, test)) = test_set.as_ref().zip(test)
        && test_set.shape() != train_set.shape()
    {
        return Err(DataError::ShapeMismatch {
            what: test.display().to_string(),
            expected: train_set.shape(),
            found: test_set.shape(),
        });
    }
    Ok(Dataset::new(name, train_set, test_set))
}

/// The labels file that belongs to an images file, where there is one.
fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let labels = name
        .replace("images", "labels")
        .replace("idx3", "idx1")
        .replace("idx4", "idx1");
    if labels == name {
        return None;
    }
    let plain = labels.strip_suffix(".gz").unwrap_or(&labels);
    let candidates = [labels.clone(), plain.to_owned(), format!("{plain}.gz")];
    candidates
        .into_iter()
        .map(|candidate| images.with_file_name(candidate))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
