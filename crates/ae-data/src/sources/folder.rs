//! Folders of images.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::DataError;
use crate::image::Image;
use crate::set::Dataset;
use crate::sources::files::{Collector, Overflow, is_hidden, is_image_name};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// Files decoded at a time, so that only so many images are in memory on the way to the set.
const FILES_AT_A_TIME: usize = 256;

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 32;

/// A folder of images.
pub(crate) const FOLDER: Folder = Folder;

pub(crate) struct Folder;

impl Format for Folder {
    fn title(&self) -> &'static str {
        "a folder of images"
    }

    fn summary(&self) -> &'static str {
        "one image a file; class folders are the classes, `train` and `test` folders the parts"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(matches!(place.content, Content::Folder))
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        open_folder(place.path, &place.name, options)
    }
}

/// Opens a folder of images, decoding every file once to learn which ones can be read.
fn open_folder(path: &Path, name: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let mut walk = Walk {
        root: path,
        files: Vec::new(),
        seen: HashSet::new(),
    };
    walk.enter(path, MAX_DEPTH)?;
    let mut files = walk.files;
    files.sort();
    let mut collector = Collector::new(path, options, Overflow::DecodeAgain(path.to_owned()));
    for files in files.chunks(FILES_AT_A_TIME) {
        let images: Vec<_> = files
            .par_iter()
            .map(|file| Image::read_digested(&path.join(file), &options.image))
            .collect();
        for (file, image) in files.iter().zip(images) {
            collector.add(file.clone(), image)?;
        }
    }
    collector.finish(name)
}

/// A walk through a folder and all folders in it.
struct Walk<'a> {
    root: &'a Path,
    /// Image files relative to the root, in whatever order the file system has them.
    files: Vec<PathBuf>,
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
            let path = entry.path();
            if is_hidden(&entry.file_name()) {
                continue;
            }
            // A link is what it leads to; one that leads nowhere is taken for a file, which fails by its name later.
            if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                self.enter(&path, depth - 1)?;
            } else if is_image_name(&path) {
                let relative = path
                    .strip_prefix(self.root)
                    .expect("what a folder lists lies in the folder");
                self.files.push(relative.to_owned());
            }
        }
        Ok(())
    }
}
