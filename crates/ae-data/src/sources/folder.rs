//! Folders of images.

use std::path::Path;

use rayon::prelude::*;

use crate::error::DataError;
use crate::image::Image;
use crate::set::Dataset;
use crate::sources::files::{Beside, Collector, Overflow, Walked, walk};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// Files decoded at a time, so that only so many images are in memory on the way to the set.
const FILES_AT_A_TIME: usize = 256;

/// A folder of images.
pub(crate) const FOLDER: Folder = Folder;

pub(crate) struct Folder;

impl Format for Folder {
    fn title(&self) -> &'static str {
        "a folder of images"
    }

    fn summary(&self) -> &'static str {
        "one image a file; class folders are the classes, `train`, `val` and `test` folders the parts; MVTec AD's are known"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(matches!(place.content, Content::Folder))
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        open_folder(place.path, &place.name, options)
    }
}

/// Opens a folder of images, decoding every file once to learn which ones can be read. What its folders say is no image
/// of the set, a mask for one, is not even looked at.
fn open_folder(path: &Path, name: &str, options: &OpenOptions) -> Result<Dataset, DataError> {
    let Walked { files, left_aside } = walk(path)?;
    let (images, mut beside) = Beside::of(path, &files)?;
    beside.left_aside.extend(left_aside);
    let mut collector = Collector::new(path, options, Overflow::DecodeAgain(path.to_owned()));
    for files in images.chunks(FILES_AT_A_TIME) {
        let images: Vec<_> = files
            .par_iter()
            .map(|file| Image::read_digested(&path.join(file), &options.image))
            .collect();
        for (file, image) in files.iter().zip(images) {
            collector.add(file.clone(), image)?;
        }
    }
    collector.finish(name, beside)
}
