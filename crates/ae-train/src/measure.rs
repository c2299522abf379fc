//! What a trained model is measured by, over a set of images.

pub(crate) mod anomaly;
pub(crate) mod code_activity;
pub(crate) mod code_report;
pub(crate) mod codeword_usage;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod log_likelihood;
pub(crate) mod measurement;
pub(crate) mod objective;
pub(crate) mod throughput;
