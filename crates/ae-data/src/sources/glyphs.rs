//! Letters A to J from freely licensed fonts, in the form of notMNIST: 28x28, white on black, cropped to the drawing and
//! stretched to the edges. They are built in, so that there is always something to train on.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::DataError;
use crate::image::{ImageDigest, ImageShape, bytes_digest};
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
        Ok(Found::Set(Box::new(embedded()?)))
    }
}

/// The set that is compiled into the program: at least 1,000 faces of at least 150 font families, all freely licensed.
///
/// Each face stands with all its letters, in order, either in the training or in the test images. No family, and no
/// group of families with the same first word, has faces in both. Nor has one faces in both the training and the
/// validation images, when the training images are divided.
///
/// # Errors
/// Never, unless the program was built from damaged files.
pub fn embedded() -> Result<Dataset, DataError> {
    let train = embedded_part(
        include_bytes!("../../glyphs/train-images-idx3-ubyte.gz"),
        include_bytes!("../../glyphs/train-labels-idx1-ubyte.gz"),
    )?;
    let train = train.grouped(groups_of_families(include_str!(
        "../../glyphs/train-families.txt"
    )));
    let test = embedded_part(
        include_bytes!("../../glyphs/t10k-images-idx3-ubyte.gz"),
        include_bytes!("../../glyphs/t10k-labels-idx1-ubyte.gz"),
    )?;
    Ok(Dataset::new(NAME, train, Some(test)))
}

/// The digest of each image's group: of the first word of its face's family, in lower case. `families` has a line a face.
fn groups_of_families(families: &str) -> Vec<ImageDigest> {
    families
        .lines()
        .flat_map(|family| {
            let group = family.split(' ').next().unwrap_or_default().to_lowercase();
            [bytes_digest(group.as_bytes()); LETTERS.len()]
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::set::SplitOptions;

    /// By the list of fonts that the set was drawn from, and by the pixels, not by the groups that are compiled in.
    #[test]
    fn no_family_has_faces_in_two_parts() {
        let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/glyphs/fonts.tsv");
        let list = std::fs::read_to_string(list).unwrap();
        let words: Vec<&str> = list
            .lines()
            .filter_map(|line| line.strip_prefix("train\t"))
            .map(|line| line.split('\t').nth(3).unwrap().split(' ').next().unwrap())
            .collect();
        let dataset = embedded().unwrap();
        assert_eq!(dataset.train.len(), words.len() * LETTERS.len());
        let pixels = |set: &ImageSet, index| set.image(index).unwrap().into_pixels();
        let mut word_of: BTreeMap<Vec<u8>, BTreeSet<String>> = BTreeMap::new();
        for index in 0..dataset.train.len() {
            let word = words[index / LETTERS.len()].to_lowercase();
            word_of
                .entry(pixels(&dataset.train, index))
                .or_default()
                .insert(word);
        }
        for seed in 0..3 {
            let options = SplitOptions {
                seed,
                ..SplitOptions::default()
            };
            let split = dataset.split(&options).unwrap();
            let words_of = |set: &ImageSet| -> BTreeSet<String> {
                let words = (0..set.len()).map(|index| &word_of[&pixels(set, index)]);
                // A plain letter may be the same in faces of two families.
                words
                    .filter(|words| words.len() == 1)
                    .flatten()
                    .cloned()
                    .collect()
            };
            let (train, validation) = (words_of(&split.train), words_of(&split.validation));
            assert!(train.is_disjoint(&validation), "seed {seed}");
            assert_eq!(
                split.train.len() + split.validation.len(),
                dataset.train.len()
            );
            assert_eq!(split.test.len(), dataset.test.as_ref().unwrap().len());
            // Faces stay whole, and about a fifth of the groups are taken.
            assert_eq!(split.validation.len() % LETTERS.len(), 0);
            let share = validation.len() as f64 / (train.len() + validation.len()) as f64;
            assert!((share - 0.2).abs() < 0.06, "seed {seed}: {share}");
        }
    }
}
