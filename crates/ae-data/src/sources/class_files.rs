//! Labels as files of their own beside the images, as WebDataset's archives have them: `key.cls` beside `key.png`.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::DataError;
use crate::set::Dataset;
use crate::set::named_classes;

/// The ending of such a file.
const ENDING: &str = "cls";
/// A number takes no more.
const MOST_BYTES: u64 = 32;
/// More classes than these are none.
const MOST_CLASSES: u32 = 1 << 20;

/// The labels of an archive, by the keys of its files.
#[derive(Debug, Default)]
pub(crate) struct ClassFiles(HashMap<PathBuf, u32>);

/// The key of a file: its path up to the first dot of its name.
///
/// # References
/// WebDataset's convention of files that belong together: T. Breuel et al., *The WebDataset format* (`webdataset`, version 0.2).
fn key(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(name.split('.').next().unwrap_or_default())
}

impl ClassFiles {
    /// Whether a file says the class of the images beside it.
    pub(crate) fn is_one(file: &Path) -> bool {
        file.extension().is_some_and(|ending| ending == ENDING)
    }

    /// Takes a file's label.
    pub(crate) fn take(
        &mut self,
        archive: &Path,
        file: &Path,
        entry: &mut impl Read,
    ) -> Result<(), DataError> {
        let mut text = String::new();
        let read = entry.take(MOST_BYTES).read_to_string(&mut text);
        let label = match read {
            Ok(_) => text.trim().parse::<u32>().ok(),
            Err(_) => None,
        };
        match label.filter(|&label| label < MOST_CLASSES) {
            Some(label) => {
                // Names of images are without it, too.
                let file = file.strip_prefix(".").unwrap_or(file);
                self.0.insert(key(file), label);
                Ok(())
            }
            None => Err(DataError::decode(
                archive,
                format!("{}: not the number of a class", file.display()),
            )),
        }
    }

    /// The labels of `files`, where all have one; `None` where there are none at all.
    ///
    /// # Errors
    /// Some files have one and others none.
    pub(crate) fn labels<'a>(
        &self,
        archive: &Path,
        files: impl Iterator<Item = &'a Path>,
    ) -> Result<Option<Vec<u32>>, DataError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let labels = files.map(|file| {
            self.0.get(&key(file)).copied().ok_or_else(|| {
                DataError::decode(
                    archive,
                    format!("{} has no .cls beside it, as others have", file.display()),
                )
            })
        });
        labels.collect::<Result<_, _>>().map(Some)
    }

    /// Gives the images their labels, where all have one.
    ///
    /// # Errors
    /// Some images have one and others none.
    pub(crate) fn label(self, archive: &Path, mut dataset: Dataset) -> Result<Dataset, DataError> {
        let set = &mut dataset.train;
        let nameless = Path::new("an image");
        let files = (0..set.len()).map(|index| set.file(index).unwrap_or(nameless));
        let Some(labels) = self.labels(archive, files)? else {
            return Ok(dataset);
        };
        // Images of an archive are all of their store, in its order, unless folders are its parts.
        if let Some(store) = Arc::get_mut(&mut set.store)
            && store.count == labels.len()
        {
            store.classes = named_classes(&store.name, store.count, Some(&labels), Vec::new())?;
            store.labels = Some(labels);
        }
        Ok(dataset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_at_the_first_dot() {
        for (file, expected) in [
            ("000017.png", "000017"),
            ("a/b.seg.png", "a/b"),
            ("a.d/b.cls", "a.d/b"),
        ] {
            assert_eq!(key(Path::new(file)), Path::new(expected), "{file}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let take = |text: &str| {
            let mut files = ClassFiles::default();
            let taken = files.take(Path::new("a.tar"), Path::new("1.cls"), &mut text.as_bytes());
            taken.map(|()| files.0[Path::new("1")]).ok()
        };
        assert_eq!(take("7\n"), Some(7));
        assert_eq!(take("0"), Some(0));
        for text in ["", "seven", "-1", "4294967296", "1048576"] {
            assert_eq!(take(text), None, "{text}");
        }
    }
}
