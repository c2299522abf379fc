//! Training and test images, by the set's own division or by share.

use std::collections::HashSet;

use ae_random::{Draw, Purpose};

use crate::error::DataError;
use crate::set::dataset::Dataset;
use crate::set::digest::ImageDigest;
use crate::set::image_set::ImageSet;

/// How a set is divided.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitOptions {
    /// The share of images that become test images, where the set has no test files of its own; between 0 and 1.
    pub test_share: f64,
    /// The seed that decides which.
    pub seed: u64,
    /// Whether training images that also occur among the test images are dropped.
    pub dedup: bool,
}

impl Default for SplitOptions {
    /// A tenth for the test, seed 0, nothing dropped.
    fn default() -> Self {
        Self {
            test_share: 0.1,
            seed: 0,
            dedup: false,
        }
    }
}

/// A divided set.
#[derive(Clone, Debug)]
pub struct Split {
    /// The images to learn from.
    pub train: ImageSet,
    /// The images to measure on.
    pub test: ImageSet,
    /// Test images of which the training images had an exact copy, before any were dropped.
    pub shared: usize,
    /// Training images that were dropped for being a copy of a test image.
    pub dropped: usize,
}

impl Dataset {
    /// Divides the set: as its source does where that has test files, else by share.
    ///
    /// By share, every image's place follows from the seed and the number of images alone, and both parts come in
    /// random order.
    ///
    /// # Errors
    /// [`DataError::InvalidValue`] when the share is not between 0 and 1, [`DataError::TooFewImages`] when a part
    /// would be empty, and whatever reading images that are decoded lazily meets.
    pub fn split(&self, options: &SplitOptions) -> Result<Split, DataError> {
        let share = options.test_share;
        if !(share > 0.0 && share < 1.0) {
            return Err(DataError::InvalidValue {
                what: "test share",
                value: share.to_string(),
                expected: "a number between 0 and 1".to_owned(),
            });
        }
        let too_few = || DataError::TooFewImages {
            name: self.name.clone(),
            images: self.train.len(),
        };
        let (train, test) = match &self.test {
            Some(test) if !test.is_empty() => (self.train.clone(), test.clone()),
            _ => {
                let images = self.train.len();
                if images < 2 {
                    return Err(too_few());
                }
                let held_out = ((images as f64 * share).round() as usize).clamp(1, images - 1);
                let draw = Draw {
                    seed: options.seed,
                    purpose: Purpose::Split,
                    epoch: 0,
                    index: 0,
                };
                let mut order = draw.stream().permutation(images);
                let train = order.split_off(held_out);
                (self.train.subset(train), self.train.subset(order))
            }
        };
        let (train_digests, test_digests) = (train.digests()?, test.digests()?);
        let in_train: HashSet<&ImageDigest> = train_digests.iter().collect();
        let in_test: HashSet<&ImageDigest> = test_digests.iter().collect();
        let shared = test_digests
            .iter()
            .filter(|digest| in_train.contains(digest))
            .count();
        let kept: Vec<usize> = (0..train.len())
            .filter(|&index| !options.dedup || !in_test.contains(&train_digests[index]))
            .collect();
        let dropped = train.len() - kept.len();
        if kept.is_empty() {
            return Err(too_few());
        }
        let train = if dropped == 0 {
            train
        } else {
            train.subset(kept)
        };
        Ok(Split {
            train,
            test,
            shared,
            dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;

    /// Images of one pixel.
    fn set(pixels: &[u8]) -> ImageSet {
        ImageSet::from_images("s", ImageShape::new(1, 1, 1), pixels.to_vec(), None, vec![]).unwrap()
    }

    fn dataset(train: &[u8], test: Option<&[u8]>) -> Dataset {
        Dataset {
            name: "s".to_owned(),
            train: set(train),
            test: test.map(set),
            skipped: vec![],
            files: 0,
        }
    }

    fn pixels(set: &ImageSet) -> Vec<u8> {
        (0..set.len())
            .map(|index| set.image(index).unwrap().pixels()[0])
            .collect()
    }

    #[test]
    fn a_share_is_drawn_from_the_seed_and_covers_everything_once() {
        let dataset = dataset(&(0..100).collect::<Vec<_>>(), None);
        let split = |seed| {
            dataset
                .split(&SplitOptions {
                    test_share: 0.2,
                    seed,
                    dedup: false,
                })
                .unwrap()
        };
        let first = split(1);
        assert_eq!(
            (
                first.train.len(),
                first.test.len(),
                first.shared,
                first.dropped
            ),
            (80, 20, 0, 0)
        );
        let mut all = [pixels(&first.train), pixels(&first.test)].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(pixels(&split(1).test), pixels(&first.test));
        assert_ne!(pixels(&split(2).test), pixels(&first.test));
        assert_ne!(pixels(&first.test), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn neither_part_is_ever_empty() {
        for (images, share, test) in [
            (2, 0.001, 1),
            (2, 0.999, 1),
            (3, 0.5, 2),
            (10, 0.1, 1),
            (1_000, 0.25, 250),
        ] {
            let pixels: Vec<u8> = (0..images).map(|index| index as u8).collect();
            let options = SplitOptions {
                test_share: share,
                ..SplitOptions::default()
            };
            let split = dataset(&pixels, None).split(&options).unwrap();
            assert_eq!(
                (split.test.len(), split.train.len()),
                (test, images - test),
                "{images} {share}"
            );
        }
        let error = dataset(&[1], None)
            .split(&SplitOptions::default())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "s has 1 images; a split needs at least 2"
        );
        assert!(
            dataset(&[], Some(&[1]))
                .split(&SplitOptions::default())
                .is_err()
        );
    }

    #[test]
    fn shares_outside_the_open_interval_are_usage_errors() {
        for test_share in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            let options = SplitOptions {
                test_share,
                ..SplitOptions::default()
            };
            let error = dataset(&[1, 2], None).split(&options).unwrap_err();
            assert!(error.is_usage(), "{error}");
        }
    }

    #[test]
    fn copies_across_the_split_are_counted_and_dropped_from_training() {
        let dataset = dataset(&[1, 2, 2, 3, 4, 4], Some(&[2, 2, 4, 9]));
        let kept = dataset.split(&SplitOptions::default()).unwrap();
        assert_eq!((kept.shared, kept.dropped), (3, 0));
        assert_eq!(pixels(&kept.train), [1, 2, 2, 3, 4, 4]);
        let dropped = dataset
            .split(&SplitOptions {
                dedup: true,
                ..SplitOptions::default()
            })
            .unwrap();
        assert_eq!((dropped.shared, dropped.dropped), (3, 4));
        assert_eq!(pixels(&dropped.train), [1, 3]);
        assert_eq!(pixels(&dropped.test), [2, 2, 4, 9]);
        let all = self::dataset(&[1, 1], Some(&[1]));
        assert!(
            all.split(&SplitOptions {
                dedup: true,
                ..SplitOptions::default()
            })
            .is_err()
        );
    }
}
