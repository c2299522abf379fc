//! What a whole data set is: its parts, what they share, and what lies beside them.

use std::collections::HashSet;

use serde::Serialize;

use crate::error::DataError;
use crate::image::ImageDigest;
use crate::set::dataset::Dataset;
use crate::set::image_set::ImageSet;
use crate::set::info::SetInfo;
use crate::set::layout::Layout;
use crate::set::skipped::Skipped;

/// What a whole data set is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetInfo {
    /// The set's name.
    pub name: String,
    /// What the source was recognized as, and what in it was left aside.
    pub layout: Layout,
    /// The digest of [`Dataset::fingerprint`].
    pub fingerprint: String,
    /// How many image files the source has, 0 where it is not made of image files.
    pub files: usize,
    /// Files that could not be read.
    pub skipped: Vec<Skipped>,
    /// The training images, or all of them.
    pub train: SetInfo,
    /// The source's own validation images.
    pub validation: Option<SetInfo>,
    /// The source's own test images.
    pub test: Option<SetInfo>,
    /// Test images that also occur among the training or validation images, and validation images that also occur among
    /// the training images.
    pub shared: usize,
    /// Test images that have a mask.
    pub masks: usize,
}

impl Dataset {
    /// What the data set is; reads every image once, and those that are decoded lazily twice.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn info(&self) -> Result<DatasetInfo, DataError> {
        let (train, digests) = self.train.survey()?;
        let mut earlier: HashSet<ImageDigest> = digests.into_iter().collect();
        let mut shared = 0;
        let mut later = |set: &Option<ImageSet>| -> Result<Option<SetInfo>, DataError> {
            let Some(set) = set else { return Ok(None) };
            let (info, digests) = set.survey()?;
            shared += digests
                .iter()
                .filter(|digest| earlier.contains(*digest))
                .count();
            earlier.extend(digests);
            Ok(Some(info))
        };
        let validation = later(&self.validation)?;
        let test = later(&self.test)?;
        Ok(DatasetInfo {
            name: self.name.clone(),
            layout: self.layout.clone(),
            fingerprint: self.fingerprint()?.digest,
            files: self.files,
            skipped: self.skipped.clone(),
            train,
            validation,
            test,
            shared,
            masks: self.masks.len(),
        })
    }
}
