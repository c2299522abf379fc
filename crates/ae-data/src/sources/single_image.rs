//! A single image as a set of one.

use crate::error::DataError;
use crate::image::Image;
use crate::set::{Dataset, ImageSet};
use crate::sources::files::is_image_name;
use crate::sources::options::OpenOptions;
use crate::sources::place::{Content, Place};
use crate::sources::source::Format;

/// An image file: recognized by its content, or by its name where its format has no signature.
pub(crate) const SINGLE_IMAGE: SingleImage = SingleImage;

pub(crate) struct SingleImage;

impl Format for SingleImage {
    fn title(&self) -> &'static str {
        "an image"
    }

    fn summary(&self) -> &'static str {
        "a set of one"
    }

    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError> {
        Ok(match &place.content {
            Content::Plain(start) => {
                ::image::guess_format(start).is_ok() || is_image_name(place.path)
            }
            Content::Folder | Content::Gzipped(_) => false,
        })
    }

    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError> {
        let image = Image::read(place.path, &options.image)?;
        let (name, shape) = (place.name.as_str(), image.shape());
        let set = ImageSet::from_images(name, shape, image.into_pixels(), None, Vec::new())?;
        Ok(Dataset {
            files: 1,
            ..Dataset::new(name, set, None)
        })
    }
}
