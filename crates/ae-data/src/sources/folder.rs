//! Folders of images.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::error::DataError;
use crate::picture::{Depths, PictureReader};
use crate::set::Dataset;
use crate::sources::files::{Beside, Collector, FileImages, Overflow, Walked, walk};
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// Files decoded at a time, so that only so many images are in memory on the way to the set.
const FILES_AT_A_TIME: usize = 256;
/// The same where images keep their sizes, which may be those of photographs.
const PICTURES_AT_A_TIME: usize = 8;

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
    let limits = &options.image.limits;
    let at_a_time = match options.patch {
        Some(_) => PICTURES_AT_A_TIME,
        None => FILES_AT_A_TIME,
    };
    let mut known = Depths::default();
    loop {
        let overflow = Overflow::DecodeAgain(path.to_owned());
        let mut collector = Collector::new(path, options, overflow, known);
        for files in images.chunks(at_a_time) {
            let ranges = collector.ranges();
            let open = |file: &PathBuf| PictureReader::open_raw(&path.join(file), limits);
            let images: Vec<_> = files
                .par_iter()
                .map(|file| FileImages::of(open(file), &options.image, &ranges))
                .collect();
            for (file, images) in files.iter().zip(images) {
                collector.add_file(file.clone(), images, || open(file))?;
            }
            if collector.outgrown().is_some() {
                break;
            }
        }
        match collector.outgrown() {
            Some(more) => known = more,
            None => return collector.finish(name, beside),
        }
    }
}
