//! Where to compute, and with how many threads.

use clap::Args;

use super::value::at_least_one;
use crate::backend::BackendChoice;

/// The backend and its threads.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Device")]
pub(crate) struct DeviceArguments {
    /// auto, flex, ndarray, wgpu (a hardware GPU), wgpu:N (the N-th one), wgpu:cpu (a software
    /// adapter); auto takes a hardware GPU when there is one, else flex.
    #[arg(long, value_name = "BACKEND", default_value_t)]
    pub backend: BackendChoice,
    /// Threads to compute with [default: all cores].
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub threads: Option<usize>,
}
