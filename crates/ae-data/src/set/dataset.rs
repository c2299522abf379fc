//! What a source held: training images, test images and what could not be read.

use crate::picture::ValueRange;
use crate::set::image_set::ImageSet;
use crate::set::layout::Layout;
use crate::set::mask_files::MaskFiles;
use crate::set::skipped::Skipped;

/// A data set as its source has it.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name: a known name, or the file's or folder's own.
    pub name: String,
    /// The training images; all images when the source has no test files of its own.
    pub train: ImageSet,
    /// The source's own validation images.
    pub validation: Option<ImageSet>,
    /// The source's own test images.
    pub test: Option<ImageSet>,
    /// Files that could not be read, in the order of their names.
    pub skipped: Vec<Skipped>,
    /// How many image files the source has, those skipped included; 0 for a source that is not made of image files.
    pub files: usize,
    /// What the source was recognized as, and what in it was left aside.
    pub layout: Layout,
    /// The values of black and white in pictures of 16 bits or floating point, as asked or found out; nothing where all
    /// have 8 bits.
    pub value_range: Option<ValueRange>,
    /// The masks that the source has of its images, as MVTec AD has them.
    pub masks: MaskFiles,
}

impl Dataset {
    /// A set of which nothing was skipped or left aside, and whose images are no files.
    #[must_use]
    pub fn new(name: impl Into<String>, train: ImageSet, test: Option<ImageSet>) -> Self {
        Self {
            name: name.into(),
            train,
            validation: None,
            test,
            skipped: Vec::new(),
            files: 0,
            layout: Layout::default(),
            value_range: None,
            masks: MaskFiles::default(),
        }
    }
}
