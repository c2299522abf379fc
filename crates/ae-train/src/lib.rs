#![doc = include_str!("../README.md")]

mod anomaly;
mod checkpoint;
mod code_report;
mod config;
mod error;
mod evaluate;
mod latent;
mod loader;
mod log_likelihood;
mod metrics;
mod observer;
mod optimizer;
mod optimizer_config;
mod optional;
mod progress;
mod readback;
mod rmsprop;
mod run_config;
mod run_directory;
mod schedule;
mod store;
mod tensor_file;
mod throughput;
mod train;
mod trained;

pub use anomaly::anomaly_scores;
#[cfg(any(test, fuzzing))]
pub use checkpoint::fuzz_manifest;
pub use code_report::{ACTIVE_VARIANCE, CodeReport, SparseReport, VariationalReport, report_codes};
pub use config::{CheckedTrainConfig, EarlyStopping, TrainConfig};
pub use error::{ChangedField, ConfigError, Divergence, TrainError};
pub use evaluate::{Reconstruction, encode_set, evaluate, reconstruct_set};
pub use log_likelihood::{LogLikelihood, estimate_log_likelihood};
pub use metrics::{MetricsLine, StepMetrics, read_metrics};
pub use observer::{
    CheckpointReport, EpochReport, Observer, Resumed, StartReport, StepReport, Validation,
};
pub use optimizer_config::{
    AdamSettings, AdamWSettings, OptimizerConfig, RmsPropForm, RmsPropSettings, SgdSettings,
};
pub use run_config::{Convolutions, DataConfig, RunConfig};
pub use run_directory::RunDirectory;
pub use schedule::ScheduleConfig;
pub use throughput::{Throughput, ThroughputPlan, inference_throughput, training_throughput};
pub use train::train;
pub use trained::{Outcome, Trained};

/// The workspace's README, whose example is compiled with this crate's.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;
