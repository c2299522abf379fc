//! Letters A to J from freely licensed fonts, in the form of notMNIST: 28x28, white on black, cropped to the drawing and
//! stretched to the edges. They are built in, so that there is always something to train on.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::DataError;
use crate::image::ImageShape;
use crate::set::{Dataset, ImageSet};
use crate::sources::options::OpenOptions;
use crate::sources::source::{Found, NamedSet};

/// The letters, in the order of their labels.
pub const LETTERS: [char; 10] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J'];

/// Height and width of an image, in pixels.
pub const SIDE: usize = 28;

/// The shape of an image.
pub const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: SIDE,
    width: SIDE,
};

/// The name by which the embedded set is asked for.
pub const NAME: &str = "glyphs";

/// [`embedded`] as a source.
pub(crate) const GLYPHS: GlyphSet = GlyphSet;

pub(crate) struct GlyphSet;

impl NamedSet for GlyphSet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "the built-in set: letters A to J, train and test divided by font family"
    }

    fn find(&self, _options: &OpenOptions) -> Result<Found, DataError> {
        embedded().map(Found::Set)
    }
}

/// The set that is compiled into the program: at least 1,000 faces of at least 150 font families, all freely licensed.
///
/// Each face stands with all its letters, in order, either in the training or in the test images. No family, and no
/// group of families with the same first word, has faces in both.
///
/// # Errors
/// Never, unless the program was built from damaged files.
pub fn embedded() -> Result<Dataset, DataError> {
    let train = embedded_part(
        include_bytes!("../../glyphs/train-images-idx3-ubyte.gz"),
        include_bytes!("../../glyphs/train-labels-idx1-ubyte.gz"),
    )?;
    let test = embedded_part(
        include_bytes!("../../glyphs/t10k-images-idx3-ubyte.gz"),
        include_bytes!("../../glyphs/t10k-labels-idx1-ubyte.gz"),
    )?;
    Ok(Dataset::new(NAME, train, Some(test)))
}

fn embedded_part(images: &[u8], labels: &[u8]) -> Result<ImageSet, DataError> {
    let unpack = |packed: &[u8], header_bytes: usize| {
        let mut bytes = Vec::new();
        match GzDecoder::new(packed).read_to_end(&mut bytes) {
            Ok(count) if count >= header_bytes => Ok(bytes.split_off(header_bytes)),
            Ok(_) => Err(DataError::decode(
                Path::new(NAME),
                "the embedded file is cut short",
            )),
            Err(error) => Err(DataError::broken(Path::new(NAME), &error)),
        }
    };
    let (pixels, labels) = (unpack(images, 16)?, unpack(labels, 8)?);
    let labels = labels.into_iter().map(u32::from).collect();
    let classes = LETTERS.iter().map(char::to_string).collect();
    ImageSet::from_images(NAME, SHAPE, pixels, Some(labels), classes)
}
