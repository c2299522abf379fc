#![doc = include_str!("../README.md")]

mod batches;
mod config;
mod distributed;
mod error;
mod measure;
mod neighbors;
mod number_or_off;
mod optim;
mod run;
mod setting_checks;
mod trainer;
mod zero_shot;

pub use config::self_supervision::SelfSupervision;
pub use config::{CheckedTrainConfig, EarlyStopping, Selection, TrainConfig};
pub use distributed::communicator::{Alone, Communicator};
pub use error::{Capability, ChangedField, ConfigError, Divergence, TrainError};
pub use measure::code_activity::CodeActivity;
pub use measure::code_report::{ACTIVE_VARIANCE, CodeReport, SparseReport, VariationalReport};
pub use measure::codeword_usage::CodewordReport;
pub use measure::evaluate::Reconstruction;
pub use measure::log_likelihood::LogLikelihood;
pub use measure::measurement::Measurement;
pub use measure::throughput::{Throughput, ThroughputPlan, inference_throughput};
pub use optim::config::{
    AdamSettings, AdamWSettings, OptimizerConfig, RmsPropForm, RmsPropSettings, SgdSettings,
};
pub use optim::schedule::ScheduleConfig;
pub use optim::segment::{RateChange, RunLength, Segment};
pub use optim::warm_up::WarmUp;
#[cfg(any(test, fuzzing))]
pub use run::checkpoint::fuzz_manifest;
pub use run::config::{DataConfig, RunConfig};
pub use run::data_card::{DataCard, own_parts};
pub use run::directory::RunDirectory;
pub use run::metrics::{MetricsLine, StepMetrics, read_metrics};
pub use run::reports::{
    CheckpointReport, EpochReport, Resumed, StartReport, StepReport, TestReport, Validation,
};
pub use trainer::Trainer;
pub use trainer::observer::Observer;
pub use trainer::throughput::training_throughput;
pub use trainer::trained::{Outcome, Trained};
pub use zero_shot::denoiser::{ZeroShot, ZeroShotSettings};
