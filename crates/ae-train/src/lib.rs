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
mod progress;
mod readback;
mod rmsprop;
mod run_config;
mod run_directory;
mod schedule;
mod store;
mod tensor_file;
mod train;
mod trained;

#[cfg(fuzzing)]
pub use checkpoint::fuzz_manifest;
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
pub use train::train;
pub use trained::{Outcome, Trained};
