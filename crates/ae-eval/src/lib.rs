#![doc = include_str!("../README.md")]

mod anomaly;
pub mod baselines;
mod codes;
mod corruption;
mod error;
pub mod filters;
pub mod jpeg;
pub mod pca;
mod quality;
mod rate_distortion;
mod spread;

pub use anomaly::conformal::{AlarmThreshold, Calibration};
pub use anomaly::localization::{Localization, LocalizationMeter};
pub use anomaly::neighbor_distance::neighbor_distances;
pub use anomaly::png_length::png_bytes;
pub use anomaly::ranking::{auroc, average_precision};
pub use anomaly::trivial::{Reading, TrivialDetectors, TrivialScores, TrivialSettings};
pub use baselines::{
    Baseline, BaselineKind, BaselineRequest, baselines, measure_baselines, unlearned,
};
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
pub use rate_distortion::bd_rate::{BdRate, BdRateError};
pub use rate_distortion::curve::{Arrangement, RateCurve, RatePoint};
pub use rate_distortion::peers::{
    CodedImage, PeerCodec, decoded_by_peer, measure_peer, missing_peers, peers,
};
