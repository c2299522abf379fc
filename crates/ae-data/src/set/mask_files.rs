//! Masks of what is wrong with images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::image::{Channels, Image, ImageOptions};

/// The masks that a source has of its images, as MVTec AD has one for each test image with a defect: bright where
/// something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskFiles {
    /// What the paths of images and masks are relative to.
    folder: PathBuf,
    of_image: BTreeMap<PathBuf, Vec<PathBuf>>,
}

impl MaskFiles {
    pub(crate) fn new(folder: PathBuf, of_image: BTreeMap<PathBuf, Vec<PathBuf>>) -> Self {
        Self { folder, of_image }
    }

    /// How many images have a mask.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of_image.len()
    }

    /// Whether no image has a mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_image.is_empty()
    }

    /// The mask files of an image, which [`ImageSet::file`](crate::ImageSet::file) names; none where it has none.
    pub fn files(&self, image: &Path) -> impl Iterator<Item = PathBuf> {
        let masks = self.of_image.get(image).into_iter().flatten();
        masks.map(|mask| self.folder.join(mask))
    }

    /// The mask of an image, which [`ImageSet::file`](crate::ImageSet::file) names: one channel, 255 where something is
    /// wrong and 0 elsewhere, brought to `options`' size and fit as the image was. Several masks become one. `None`
    /// where the image has none: nothing is known to be wrong with it.
    ///
    /// # Errors
    /// When a mask cannot be read or has another size than the one before it.
    pub fn read(&self, image: &Path, options: &ImageOptions) -> Result<Option<Image>, DataError> {
        let options = ImageOptions {
            channels: Some(Channels::Gray),
            ..*options
        };
        let mut whole: Option<(Image, PathBuf)> = None;
        for path in self.files(image) {
            let mask = Image::read(&path, &options)?;
            let pixels: Vec<u8> = match &whole {
                None => mask.pixels().to_vec(),
                Some((other, _)) if other.shape() == mask.shape() => {
                    let both = other.pixels().iter().zip(mask.pixels());
                    both.map(|(&a, &b)| a.max(b)).collect()
                }
                Some((other, first)) => {
                    return Err(DataError::SizesDiffer {
                        first: first.clone(),
                        first_size: other.shape().size(),
                        path,
                        size: mask.shape().size(),
                    });
                }
            };
            whole = Some((Image::new(mask.shape(), pixels)?, path));
        }
        let Some((mask, _)) = whole else {
            return Ok(None);
        };
        // Half a pixel's worth and more of the mask is a pixel of it.
        let pixels = mask.pixels().iter();
        let pixels = pixels.map(|&value| if value < 128 { 0 } else { 255 });
        Image::new(mask.shape(), pixels.collect()).map(Some)
    }
}
