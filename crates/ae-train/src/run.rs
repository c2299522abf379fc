//! A run: its directory, and every file in it.

pub(crate) mod checkpoint;
pub(crate) mod config;
pub(crate) mod data_card;
mod data_set;
pub(crate) mod directory;
pub(crate) mod metrics;
pub(crate) mod progress;
pub(crate) mod reports;
pub(crate) mod store;
pub(crate) mod tensor_file;
