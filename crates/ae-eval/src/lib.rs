#![doc = include_str!("../README.md")]

pub mod baselines;
mod corruption;
mod error;
pub mod filter;
pub mod jpeg;
pub mod pca;
mod quality;
mod ssim;

pub use baselines::{Baseline, BaselineRequest, baselines};
pub use corruption::{Corruption, Part, SeededNoise};
pub use error::EvalError;
pub use pca::Pca;
pub use quality::{Quality, QualityMeter};
pub use ssim::ssim;
