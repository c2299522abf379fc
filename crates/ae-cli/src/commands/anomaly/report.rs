//! What `ae anomaly` found.

use std::path::PathBuf;

use serde::Serialize;

use super::calibrated::Calibrated;
use super::detection::{Detection, FalseAlarms};
use super::judged::Judged;

/// What `ae anomaly` prints.
#[derive(Serialize)]
pub(super) struct Anomalies {
    pub(super) model: String,
    /// `error`, `complexity` or `distance`.
    pub(super) score: &'static str,
    /// What that is, with its unit and what it was learned from.
    pub(super) score_is: String,
    #[serde(flatten)]
    pub(super) calibrated: Calibrated,
    pub(super) judged: Judged,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) foreign: Option<Judged>,
    /// How often images that are known to be normal were called anomalous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) false_alarms: Option<FalseAlarms>,
    /// The chance that an anomalous image scores above a normal one, of the first of `detections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) auroc: Option<f64>,
    /// How well scores tell anomalous from normal images, and what needs no model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) detections: Vec<Detection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) csv: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) picture: Option<PathBuf>,
}
