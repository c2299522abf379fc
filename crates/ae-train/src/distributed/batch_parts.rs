//! Which images of a batch make a part, and which parts a rank computes.

use std::ops::Range;

/// A batch in parts of equally many images that follow one another; the last may have fewer.
///
/// What the parts are follows from the batch alone, not from who computes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchParts {
    /// Images of the batch.
    pub(crate) images: usize,
    /// Images of a part.
    pub(crate) part_images: usize,
}

impl BatchParts {
    /// A batch of `images` images in at most `parts` parts.
    pub(crate) fn new(images: usize, parts: usize) -> Self {
        Self {
            images,
            part_images: images.div_ceil(parts).max(1),
        }
    }

    /// How many parts there are.
    pub(crate) fn count(self) -> usize {
        self.images.div_ceil(self.part_images)
    }

    /// The parts that `rank` of `size` ranks computes: whole ones that follow one another, as equally many as can be. The
    /// first rank always has one.
    pub(crate) fn of_rank(self, rank: usize, size: usize) -> Range<usize> {
        let start = |rank: usize| (rank * self.count()).div_ceil(size);
        start(rank)..start(rank + 1)
    }

    /// The images of some parts.
    pub(crate) fn images_of(self, parts: Range<usize>) -> Range<usize> {
        let place = |part: usize| (part * self.part_images).min(self.images);
        place(parts.start)..place(parts.end)
    }

    /// The share of the batch's images that are in a part.
    pub(crate) fn share(self, part: usize) -> f32 {
        (self.images_of(part..part + 1).len() as f64 / self.images as f64) as f32
    }
}

/// A rank's share of every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RankShare {
    /// Parts of a batch, at most.
    pub(crate) parts: usize,
    pub(crate) rank: usize,
    pub(crate) size: usize,
}

impl RankShare {
    /// The images that this rank has of a batch of `images`.
    pub(crate) fn images_of(self, images: usize) -> Range<usize> {
        let parts = BatchParts::new(images, self.parts);
        parts.images_of(parts.of_rank(self.rank, self.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_computed_once_whatever_the_ranks() {
        for (images, parts, expected) in [
            (128, 8, vec![16; 8]),
            (100, 8, vec![13, 13, 13, 13, 13, 13, 13, 9]),
            (5, 8, vec![1; 5]),
            (9, 4, vec![3, 3, 3]),
            (1, 1, vec![1]),
        ] {
            let batch = BatchParts::new(images, parts);
            let sizes: Vec<_> = (0..batch.count())
                .map(|part| batch.images_of(part..part + 1).len())
                .collect();
            assert_eq!(sizes, expected, "{images} in {parts}");
            for size in 1..=12 {
                let of_ranks: Vec<usize> = (0..size)
                    .flat_map(|rank| batch.of_rank(rank, size))
                    .collect();
                assert_eq!(of_ranks, (0..batch.count()).collect::<Vec<_>>(), "{size}");
                assert!(batch.of_rank(0, size).contains(&0), "{size}");
                let images_of_ranks = (0..size).flat_map(|rank| {
                    let share = RankShare { parts, rank, size };
                    share.images_of(images)
                });
                assert!(images_of_ranks.eq(0..images), "{size}");
            }
        }
    }
}
