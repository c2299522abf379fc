//! Anomaly detection by a score: calibration, measures of a detector, and what a model has to beat.

mod beta;
pub(crate) mod conformal;
pub(crate) mod localization;
pub(crate) mod neighbor_distance;
pub(crate) mod png_length;
pub(crate) mod ranking;
mod regions;
pub(crate) mod trivial;
