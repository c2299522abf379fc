#![doc = include_str!("../README.md")]

pub mod baselines;
mod codes;
mod corruption;
mod error;
pub mod filters;
pub mod jpeg;
pub mod pca;
mod quality;
mod spread;

pub use baselines::{
    Baseline, BaselineKind, BaselineRequest, baselines, measure_baselines, unlearned,
};
pub use codes::detection::{alarm_threshold, auroc};
pub use codes::interpolation::Interpolation;
pub use codes::logistic::LogisticRegression;
pub use codes::mixture::GaussianMixture;
pub use codes::neighbors::neighbor_accuracy;
pub use codes::rows::LabeledRows;
pub use codes::tsne;
pub use corruption::{Corruption, Part, SeededNoise};
pub use error::EvalError;
pub use pca::Pca;
pub use quality::cross_entropy::cross_entropy;
pub use quality::meter::{Quality, QualityMeter};
pub use quality::ssim::{DATA_RANGE, ssim};
