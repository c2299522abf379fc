//! How anomalous images are to a model, and where.

pub(crate) mod error_map;
pub(crate) mod normal_images;
pub(crate) mod picture_scores;
pub(crate) mod score;
pub(crate) mod scorer;
