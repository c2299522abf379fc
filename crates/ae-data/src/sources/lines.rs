//! A toy set for learning by: rows of five pixels whose brightness follows a straight line.
//!
//! Two numbers say all about such an image, its left end and its right, so an autoencoder of five pixels, three
//! numbers and five pixels has more than enough, and all its weights can be followed by hand.

use crate::error::DataError;
use crate::image::ImageShape;
use crate::set::{Dataset, ImageSet};
use crate::sources::options::OpenOptions;
use crate::sources::source::{Found, NamedSet};

/// The shape of an image: one row of five pixels.
pub const SHAPE: ImageShape = ImageShape {
    channels: 1,
    height: 1,
    width: 5,
};

/// The name by which the set is asked for.
const NAME: &str = "lines";

/// [`lines`] as a source.
pub(crate) const LINES: Lines = Lines;

pub(crate) struct Lines;

impl NamedSet for Lines {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "the built-in toy set: rows of five pixels along straight lines of brightness"
    }

    fn find(&self, _options: &OpenOptions) -> Result<Found, DataError> {
        Ok(Found::Set(Box::new(lines()?)))
    }
}

/// The distance of two ends in the training images.
const STEP: usize = 3;
/// The classes, in the order of their labels.
const CLASSES: [&str; 3] = ["falling", "level", "rising"];

/// The set: lines between ends that are multiples of 3 to train on (7,396 of them), and lines between other ends to
/// test on (7,225). Labelled by whether they fall, are level or rise.
///
/// # Errors
/// Never.
pub fn lines() -> Result<Dataset, DataError> {
    let train: Vec<usize> = (0..=255).step_by(STEP).collect();
    let test: Vec<usize> = train[1..].iter().map(|end| end - STEP / 2).collect();
    Ok(Dataset::new(NAME, between(&train)?, Some(between(&test)?)))
}

/// The lines from each of `ends` to each.
fn between(ends: &[usize]) -> Result<ImageSet, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for &left in ends {
        for &right in ends {
            let last = SHAPE.width - 1;
            // Rounded to the nearest brightness.
            let at = |pixel: usize| (left * (last - pixel) + right * pixel + last / 2) / last;
            pixels.extend((0..SHAPE.width).map(|pixel| at(pixel) as u8));
            labels.push(match left.cmp(&right) {
                std::cmp::Ordering::Greater => 0,
                std::cmp::Ordering::Equal => 1,
                std::cmp::Ordering::Less => 2,
            });
        }
    }
    let classes = CLASSES.map(str::to_owned).to_vec();
    ImageSet::from_images(NAME, SHAPE, pixels, Some(labels), classes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_follows_straight_lines() {
        let Dataset { train, test, .. } = lines().unwrap();
        let test = test.unwrap();
        assert_eq!((train.len(), test.len()), (86 * 86, 85 * 85));
        let image = |set: &ImageSet, index: usize| set.image(index).unwrap().into_pixels();
        assert_eq!(image(&train, 0), [0; 5]);
        assert_eq!(image(&train, 85), [0, 64, 128, 191, 255]);
        assert_eq!(image(&train, 85 * 86), [255, 191, 128, 64, 0]);
        assert_eq!(image(&test, 1), [2, 3, 4, 4, 5]);
        assert_eq!(train.label(0), Some(1));
        assert_eq!(train.label(85), Some(2));
        assert_eq!(train.label(85 * 86), Some(0));
        assert_eq!(train.classes(), ["falling", "level", "rising"]);
    }

    #[test]
    fn no_test_image_is_a_training_image() {
        let Dataset { train, test, .. } = lines().unwrap();
        let test = test.unwrap();
        let known: std::collections::HashSet<_> = (0..train.len())
            .map(|index| train.image(index).unwrap().into_pixels())
            .collect();
        for index in 0..test.len() {
            assert!(
                !known.contains(&test.image(index).unwrap().into_pixels()),
                "{index}"
            );
        }
    }
}
