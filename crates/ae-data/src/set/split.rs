//! A set's images to learn from, to compare by and to measure on: by the set's own files or by share.

use std::collections::HashSet;

use ae_random::{Draw, Purpose};

use crate::error::DataError;
use crate::image::ImageDigest;
use crate::set::dataset::Dataset;
use crate::set::division::{Division, Shares, parts_by_content};
use crate::set::image_set::ImageSet;
use crate::set::part::Part;

/// How a set is divided.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitOptions {
    /// The share of images that become test images, where the set has no test files of its own; between 0 and 1.
    pub test_share: f64,
    /// The share of images that become validation images, where the set has no validation files of its own: of all
    /// images, or of the training images where the set has test files. From 0, for none, to below 1, and together with
    /// `test_share` below 1.
    pub validation_share: f64,
    /// The seed that decides which.
    pub seed: u64,
    /// Whether training images that also occur among the validation or test images are dropped, and validation images
    /// that occur among the test images.
    pub dedup: bool,
    /// What the seed is hashed with.
    pub division: Division,
}

impl SplitOptions {
    /// The share of test images where none is given.
    pub const TEST_SHARE: f64 = 0.1;
    /// The share of validation images where none is given: of a hundred images about twenty, by which an alarm rate of
    /// one in twenty can be calibrated.
    pub const VALIDATION_SHARE: f64 = 0.2;
}

impl Default for SplitOptions {
    /// A tenth for the test, a fifth for validation, seed 0, nothing dropped, by content.
    fn default() -> Self {
        Self {
            test_share: Self::TEST_SHARE,
            validation_share: Self::VALIDATION_SHARE,
            seed: 0,
            dedup: false,
            division: Division::Content,
        }
    }
}

/// A divided set.
#[derive(Clone, Debug)]
pub struct Split {
    /// The images to learn from.
    pub train: ImageSet,
    /// The images to compare epochs by, and to tune and calibrate on; may be empty. With [`Division::Shuffle`] these
    /// are the test images.
    pub validation: ImageSet,
    /// The images to measure on, once.
    pub test: ImageSet,
    /// Validation and test images of which the parts before them had an exact copy, before any were dropped.
    pub shared: usize,
    /// Training and validation images that were dropped for being a copy of an image of a later part.
    pub dropped: usize,
}

impl Split {
    /// One part; `None` for [`Part::All`], which is not one set.
    #[must_use]
    pub fn part(&self, part: Part) -> Option<&ImageSet> {
        match part {
            Part::Train => Some(&self.train),
            Part::Validation => Some(&self.validation),
            Part::Test => Some(&self.test),
            Part::All => None,
        }
    }
}

impl Dataset {
    /// Divides the set: as its source does where that has validation or test files, else by share.
    ///
    /// By [`Division::Content`], a number from 0 to 1 is hashed from the seed and each image as its source has it,
    /// before size, fit and channels (or from its group, where the source knows groups). Below `test_share` it is a
    /// test image, above that and below `test_share + validation_share` a validation image, else a training image. So
    /// a new image moves no other, and copies stay together. A part that would be empty gets the images of the
    /// smallest hashes that there are for it, the training images those of the largest. Parts keep the set's order.
    ///
    /// A set with test files is asked for validation images only, a set with validation files for test images only; one
    /// with both is left as it is.
    ///
    /// # Errors
    /// [`DataError::NoTrainingImages`] when all images are for measuring, [`DataError::InvalidValue`] when the shares are not between 0 and 1, [`DataError::TooFewImages`] when there are
    /// fewer different images than parts, and whatever reading images that are decoded lazily meets.
    pub fn split(&self, options: &SplitOptions) -> Result<Split, DataError> {
        check_shares(options)?;
        if self.train.is_empty() {
            return Err(DataError::NoTrainingImages {
                name: self.name.clone(),
            });
        }
        let own = |set: &Option<ImageSet>| set.clone().filter(|set| !set.is_empty());
        let (test, validation) = (own(&self.test), own(&self.validation));
        match options.division {
            Division::Shuffle => {
                // As it was when validation files were test files where there were no others, and training files else.
                let (train, test) = match (validation, test) {
                    (Some(validation), Some(test)) => {
                        let train = self.train.joined(&validation);
                        (train.unwrap_or_else(|| self.train.clone()), test)
                    }
                    (Some(test), None) | (None, Some(test)) => (self.train.clone(), test),
                    (None, None) => shuffled(&self.train, options)?,
                };
                let (train, _, shared, dropped) =
                    without_copies(train, None, &test, options.dedup)?;
                Ok(Split {
                    train,
                    validation: test.clone(),
                    test,
                    shared,
                    dropped,
                })
            }
            Division::Content => {
                let shares = Shares {
                    test: if test.is_some() {
                        0.0
                    } else {
                        options.test_share
                    },
                    validation: if validation.is_some() {
                        0.0
                    } else {
                        options.validation_share
                    },
                };
                if shares.test + shares.validation >= 1.0 {
                    return Err(DataError::InvalidValue {
                        what: "validation share",
                        value: shares.validation.to_string(),
                        expected: format!(
                            "a share that leaves training images beside the test share of {}",
                            shares.test
                        ),
                    });
                }
                let parts = parts_by_content(&self.train, shares, options.seed)?;
                let of = |part: Part| {
                    let indices = (0..parts.len()).filter(|&index| parts[index] == part);
                    self.train.subset(indices.collect())
                };
                let train = of(Part::Train);
                let validation = validation.unwrap_or_else(|| of(Part::Validation));
                let test = test.unwrap_or_else(|| of(Part::Test));
                let (train, validation, shared, dropped) =
                    without_copies(train, Some(validation), &test, options.dedup)?;
                Ok(Split {
                    train,
                    validation,
                    test,
                    shared,
                    dropped,
                })
            }
        }
    }
}

fn check_shares(options: &SplitOptions) -> Result<(), DataError> {
    let SplitOptions {
        test_share,
        validation_share,
        ..
    } = *options;
    let invalid = |what, value: f64, expected: &str| {
        Err(DataError::InvalidValue {
            what,
            value: value.to_string(),
            expected: expected.to_owned(),
        })
    };
    if !(test_share > 0.0 && test_share < 1.0) {
        return invalid("test share", test_share, "a number between 0 and 1");
    }
    if !(0.0..1.0).contains(&validation_share) {
        return invalid(
            "validation share",
            validation_share,
            "a number from 0 to below 1",
        );
    }
    Ok(())
}

/// Training and test images by a permutation, in its order.
fn shuffled(set: &ImageSet, options: &SplitOptions) -> Result<(ImageSet, ImageSet), DataError> {
    let images = set.len();
    if images < 2 {
        return Err(DataError::TooFewImages {
            name: set.name().to_owned(),
            images,
            needed: 2,
        });
    }
    let held_out = ((images as f64 * options.test_share).round() as usize).clamp(1, images - 1);
    let draw = Draw {
        seed: options.seed,
        purpose: Purpose::Split,
        epoch: 0,
        index: 0,
    };
    let mut order = draw.stream().permutation(images);
    let train = order.split_off(held_out);
    Ok((set.subset(train), set.subset(order)))
}

/// Counts the copies that parts have of images of earlier parts, and drops the earlier ones where that is wanted: the
/// training images, the validation images, and the two counts.
fn without_copies(
    train: ImageSet,
    validation: Option<ImageSet>,
    test: &ImageSet,
    dedup: bool,
) -> Result<(ImageSet, ImageSet, usize, usize), DataError> {
    let validation = validation.unwrap_or_else(|| train.subset(Vec::new()));
    let digests = [train.digests()?, validation.digests()?, test.digests()?];
    let [of_train, of_validation, of_test] = &digests;
    let known = |digests: &[ImageDigest]| digests.iter().copied().collect::<HashSet<_>>();
    let (in_train, in_validation, in_test) =
        (known(of_train), known(of_validation), known(of_test));
    let shared = of_validation
        .iter()
        .filter(|digest| in_train.contains(*digest))
        .count()
        + of_test
            .iter()
            .filter(|digest| in_train.contains(*digest) || in_validation.contains(*digest))
            .count();
    if !dedup {
        return Ok((train, validation, shared, 0));
    }
    let kept = |set: &ImageSet, digests: &[ImageDigest], later: &[&HashSet<ImageDigest>]| {
        let kept: Vec<usize> = (0..set.len())
            .filter(|&index| !later.iter().any(|later| later.contains(&digests[index])))
            .collect();
        if kept.is_empty() && !set.is_empty() {
            return Err(DataError::OnlyCopies {
                name: set.name().to_owned(),
                images: set.len(),
            });
        }
        Ok(if kept.len() == set.len() {
            set.clone()
        } else {
            set.subset(kept)
        })
    };
    let kept_train = kept(&train, of_train, &[&in_validation, &in_test])?;
    let kept_validation = kept(&validation, of_validation, &[&in_test])?;
    let dropped = train.len() - kept_train.len() + validation.len() - kept_validation.len();
    Ok((kept_train, kept_validation, shared, dropped))
}

#[cfg(test)]
mod tests;
