#![doc = include_str!("../README.md")]

pub mod baselines;
mod corruption;
mod detection;
mod error;
mod features;
pub mod filter;
mod interpolation;
pub mod jpeg;
mod logistic;
mod mixture;
mod neighbours;
pub mod pca;
mod quality;
mod ssim;
pub mod tsne;

pub use baselines::{Baseline, BaselineRequest, baselines};
pub use corruption::{Corruption, Part, SeededNoise};
pub use detection::{alarm_threshold, auroc};
pub use error::EvalError;
pub use features::LabelledRows;
pub use interpolation::Interpolation;
pub use logistic::LogisticRegression;
pub use mixture::GaussianMixture;
pub use neighbours::neighbour_accuracy;
pub use pca::Pca;
pub use quality::{Quality, QualityMeter, cross_entropy};
pub use ssim::ssim;
