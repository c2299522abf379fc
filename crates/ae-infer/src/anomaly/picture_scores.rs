//! Scoring pictures by a model of patches.

use ae_data::{Image, ImageSet, ImageShape};

use crate::anomaly::score::AnomalyScore;
use crate::anomaly::scorer::AnomalyScorer;
use crate::error::InferError;

impl AnomalyScorer<'_> {
    /// The scores by several, each of every picture that `set` has [patches](ImageSet::is_of_patches) of: the highest of the patches that
    /// cover the picture, since a defect may lie in any of them.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    ///
    /// # Panics
    /// When the scorer was not made for one of the scores.
    pub fn all_picture_scores(
        &self,
        scores: &[AnomalyScore],
        set: &ImageSet,
    ) -> Result<Vec<Vec<f64>>, InferError> {
        let pictures = set.picture_count();
        let mut all = vec![Vec::with_capacity(pictures); scores.len()];
        for number in 0..pictures {
            let patches = covering(&set.picture(number)?, set.shape().height)?;
            let of_patches = self.all_scores(scores, &patches)?;
            for (of_pictures, of_patches) in all.iter_mut().zip(of_patches) {
                of_pictures.push(highest(&of_patches));
            }
        }
        Ok(all)
    }
}

/// What is not a number is higher than any.
fn highest(scores: &[f64]) -> f64 {
    let higher = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    scores.iter().copied().fold(f64::NEG_INFINITY, higher)
}

/// Square patches of a picture, of `side` pixels a side, as few as cover it, evenly spread.
fn covering(picture: &Image, side: usize) -> Result<ImageSet, InferError> {
    let shape = picture.shape();
    let (rows, columns) = (starts(shape.height, side), starts(shape.width, side));
    let patch = ImageShape::new(shape.channels, side, side);
    let mut pixels = Vec::with_capacity(rows.len() * columns.len() * patch.values());
    for &top in &rows {
        for &left in &columns {
            for plane in picture.pixels().chunks_exact(shape.pixels()) {
                for row in top..top + side {
                    pixels.extend_from_slice(&plane[row * shape.width + left..][..side]);
                }
            }
        }
    }
    let patches = ImageSet::from_images("patches", patch, pixels, None, Vec::new())?;
    Ok(patches)
}

/// Where patches of `side` pixels begin that cover `length`, which is no shorter.
fn starts(length: usize, side: usize) -> Vec<usize> {
    let count = length.div_ceil(side);
    let room = length - side;
    (0..count)
        .map(|index| index * room / (count - 1).max(1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_cover_every_pixel() {
        for side in [1, 4, 7] {
            for length in side..40 {
                let starts = starts(length, side);
                let mut end = 0;
                for start in &starts {
                    assert!(*start <= end, "{length} by {side}: {starts:?}");
                    end = start + side;
                }
                assert_eq!(end, length, "{length} by {side}: {starts:?}");
                assert!((starts.len() - 1) * side < length);
            }
        }
        let shape = ImageShape::new(2, 5, 7);
        let picture = Image::new(shape, (0..70).collect()).unwrap();
        let patches = covering(&picture, 4).unwrap();
        assert_eq!(
            (patches.len(), patches.shape()),
            (4, ImageShape::new(2, 4, 4))
        );
        let last = patches.image(3).unwrap();
        // From row 1 and column 3 on.
        assert_eq!(last.pixels()[..4], [10, 11, 12, 13]);
        assert_eq!(last.pixels()[31], 69);
    }

    #[test]
    fn what_is_no_number_is_seen() {
        assert_eq!(highest(&[1.0, 3.0, 2.0]), 3.0);
        assert!(highest(&[1.0, f64::NAN, 2.0]).is_nan());
    }
}
