#![doc = include_str!("../README.md")]

pub mod baselines;
mod codes;
mod corruption;
mod error;
pub mod filters;
pub mod jpeg;
pub mod pca;
mod quality;

pub use baselines::{Baseline, BaselineRequest, baselines};
pub use codes::detection::{alarm_threshold, auroc};
pub use codes::interpolation::Interpolation;
pub use codes::logistic::LogisticRegression;
pub use codes::mixture::GaussianMixture;
pub use codes::neighbors::neighbour_accuracy;
pub use codes::rows::LabelledRows;
pub use codes::tsne;
pub use corruption::{Corruption, Part, SeededNoise};
pub use error::EvalError;
pub use pca::Pca;
pub use quality::ssim::ssim;
pub use quality::{Quality, QualityMeter, cross_entropy};
