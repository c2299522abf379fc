//! A few images of a set, spread over its classes.

use ae_random::{Draw, Purpose};

use crate::error::DataError;
use crate::image::ImageDigest;
use crate::set::image_set::ImageSet;

impl ImageSet {
    /// At most `limit` images, spread evenly over the classes; all where there are fewer.
    ///
    /// Which ones follows from a hash of `seed` and each image as its source has it, as in
    /// [`Dataset::split`](crate::Dataset::split), so the images of a smaller limit are among those of a larger one. A
    /// class with fewer images than its share gives all that it has, and the others share what is left; where the
    /// classes' shares are no whole number, the first classes have one image more. The set's order is kept.
    ///
    /// # Errors
    /// When an image that is decoded lazily can no longer be read.
    pub fn spread(&self, limit: usize, seed: u64) -> Result<Self, DataError> {
        if limit >= self.len() {
            return Ok(self.clone());
        }
        let mut classes: Vec<Vec<(f64, ImageDigest, usize)>> =
            vec![Vec::new(); self.classes().len().max(1)];
        for (index, digest) in self.source_digests()?.into_iter().enumerate() {
            let class = self.label(index).map_or(0, |label| label as usize);
            let place = hash(seed, Purpose::Limit, &digest);
            classes[class].push((place, digest, index));
        }
        for class in &mut classes {
            class.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        }
        let counts: Vec<usize> = classes.iter().map(Vec::len).collect();
        let mut kept: Vec<usize> = Vec::with_capacity(limit);
        for (class, count) in classes.iter().zip(shares(&counts, limit)) {
            kept.extend(class[..count].iter().map(|&(_, _, index)| index));
        }
        kept.sort_unstable();
        Ok(self.subset(kept))
    }
}

/// A number in `[0, 1)` that follows from a seed and 16 bytes, and from nothing else.
pub(crate) fn hash(seed: u64, purpose: Purpose, digest: &ImageDigest) -> f64 {
    let half = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    let draw = Draw {
        seed,
        purpose,
        epoch: half(0),
        index: half(8),
    };
    draw.stream().uniform_f64()
}

/// How many images each class gives so that there are `limit`, of classes that have so many.
fn shares(counts: &[usize], limit: usize) -> Vec<usize> {
    let mut shares = vec![0; counts.len()];
    let mut left = limit.min(counts.iter().sum());
    while left > 0 {
        let open: Vec<usize> = (0..counts.len())
            .filter(|&class| shares[class] < counts[class])
            .collect();
        let each = left / open.len();
        for &class in &open {
            let wanted = if each > 0 { each } else { left.min(1) };
            let given = wanted.min(counts[class] - shares[class]);
            shares[class] += given;
            left -= given;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageShape;

    #[test]
    fn classes_share_what_there_is() {
        for (counts, limit, expected) in [
            (vec![100, 100, 100], 40, vec![14, 13, 13]),
            (vec![2, 100, 100], 40, vec![2, 19, 19]),
            (vec![2, 100, 0, 3], 40, vec![2, 35, 0, 3]),
            (vec![5], 3, vec![3]),
            (vec![1, 1], 9, vec![1, 1]),
            (vec![4, 4, 4], 2, vec![1, 1, 0]),
            (vec![], 3, vec![]),
        ] {
            assert_eq!(shares(&counts, limit), expected, "{counts:?} {limit}");
        }
    }

    #[test]
    fn a_limit_is_spread_over_classes_and_a_smaller_one_lies_in_a_larger() {
        let labels: Vec<u32> = (0..90).map(|index| index / 30).collect();
        let shape = ImageShape::new(1, 1, 1);
        let set =
            ImageSet::from_images("s", shape, (0..90).collect(), Some(labels), vec![]).unwrap();
        let pixels = |limit, seed| -> Vec<u8> {
            let few = set.spread(limit, seed).unwrap();
            few.iter()
                .map(|image| image.read().unwrap().pixels()[0])
                .collect()
        };
        let (few, more) = (pixels(12, 1), pixels(45, 1));
        assert_eq!((few.len(), more.len()), (12, 45));
        for class in 0..3_u8 {
            let of_class = |pixels: &[u8]| pixels.iter().filter(|&&p| p / 30 == class).count();
            assert_eq!((of_class(&few), of_class(&more)), (4, 15));
        }
        assert!(few.iter().all(|pixel| more.contains(pixel)));
        assert!(few.is_sorted());
        assert_ne!(pixels(12, 2), few);
        assert_eq!(pixels(200, 1).len(), 90);
        assert!(pixels(0, 1).is_empty());
    }
}
