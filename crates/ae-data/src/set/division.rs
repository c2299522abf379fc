//! Which image goes into which part, by what it is.

use std::collections::HashMap;
use std::fmt;

use ae_random::Purpose;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::image::ImageDigest;
use crate::set::image_set::ImageSet;
use crate::set::part::Part;
use crate::set::spread::hash;

/// What decides which images go into which part, where the source has no parts of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Division {
    /// A hash of the seed and of the image as its source has it, before size, fit and channels; or of its group, where
    /// the source knows groups. A new image moves no other, and exact copies go into the same part.
    #[default]
    Content,
    /// A permutation that is drawn from the seed and the number of images, into two parts: epochs are compared by the
    /// test images. So sets were divided before there were validation images; kept for runs from then.
    Shuffle,
}

impl fmt::Display for Division {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Content => "content",
            Self::Shuffle => "shuffle",
        })
    }
}

/// The shares of two parts; the training images are the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    /// 0 for no test images.
    pub(crate) test: f64,
    /// 0 for no validation images.
    pub(crate) validation: f64,
}

/// The part of each of the set's images. Each part whose share is above 0 has an image, and so have the training
/// images.
///
/// # Errors
/// [`DataError::TooFewImages`] where there are fewer different images (or groups) than parts.
pub(crate) fn parts_by_content(
    set: &ImageSet,
    shares: Shares,
    seed: u64,
) -> Result<Vec<Part>, DataError> {
    let keys = set.division_keys()?;
    let mut places: Vec<(f64, ImageDigest)> = keys
        .iter()
        .collect::<std::collections::HashSet<_>>()
        .into_iter()
        .map(|key| (hash(seed, Purpose::Division, key), *key))
        .collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let parts = [shares.test, shares.validation].map(|share| usize::from(share > 0.0));
    let needed = 1 + parts.iter().sum::<usize>();
    if places.len() < needed {
        return Err(DataError::TooFewImages {
            name: set.name().to_owned(),
            images: places.len(),
            needed,
        });
    }
    // The parts are stretches of the ascending hashes: what a part lacks is what lies nearest to it.
    let below = |bound: f64| places.partition_point(|&(place, _)| place < bound);
    let last = places.len() - 1;
    let validation_end = below(shares.test + shares.validation)
        .max(parts[0] + parts[1])
        .min(last);
    let test_end = below(shares.test)
        .max(parts[0])
        .min(validation_end - parts[1]);
    let part: HashMap<ImageDigest, Part> = places
        .iter()
        .enumerate()
        .map(|(order, &(_, key))| {
            let part = if order < test_end {
                Part::Test
            } else if order < validation_end {
                Part::Validation
            } else {
                Part::Train
            };
            (key, part)
        })
        .collect();
    Ok(keys.iter().map(|key| part[key]).collect())
}
