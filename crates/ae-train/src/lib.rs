#![doc = include_str!("../README.md")]

mod checkpoint;
mod config;
mod error;
mod evaluate;
mod loader;
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

pub use config::{CheckedTrainConfig, EarlyStopping, TrainConfig};
pub use error::{ChangedField, ConfigError, Divergence, TrainError};
pub use evaluate::{Reconstruction, encode_set, evaluate, reconstruct_set};
pub use metrics::{MetricsLine, StepMetrics, read_metrics};
pub use observer::{
    CheckpointReport, EpochReport, Observer, Resumed, StartReport, StepReport, Validation,
};
pub use optimizer_config::{
    AdamSettings, AdamWSettings, OptimizerConfig, RmsPropForm, RmsPropSettings, SgdSettings,
};
pub use run_config::{DataConfig, RunConfig};
pub use run_directory::RunDirectory;
pub use schedule::ScheduleConfig;
pub use throughput::{Throughput, ThroughputPlan, inference_throughput, training_throughput};
pub use train::train;
pub use trained::{Outcome, Trained};
