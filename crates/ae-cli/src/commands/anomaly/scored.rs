//! The scores of what is judged: images, or pictures by their patches.

use ae_data::ImageSet;
use ae_infer::{AnomalyScore, AnomalyScorer, InferError};

/// The scores by several of every image of a set, or of every picture where the images are patches.
///
/// # Errors
/// The images cannot be read, or the device fails.
pub(super) fn all_scores(
    scorer: &AnomalyScorer<'_>,
    scores: &[AnomalyScore],
    images: &ImageSet,
) -> Result<Vec<Vec<f64>>, InferError> {
    match images.is_of_patches() {
        true => scorer.all_picture_scores(scores, images),
        false => scorer.all_scores(scores, images),
    }
}

/// What a score is, with its unit and what it was learned from.
pub(super) fn in_words(
    scorer: &AnomalyScorer<'_>,
    score: AnomalyScore,
    images: &ImageSet,
) -> String {
    let words = scorer.describe(score);
    match images.is_of_patches() {
        true => {
            let side = images.shape().height;
            format!("{words}, the highest of the patches of {side}x{side} that cover a picture")
        }
        false => words,
    }
}
