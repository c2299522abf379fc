#![doc = include_str!("../README.md")]

mod arguments;
mod backend;
mod codec;
mod command;
mod command_line;
mod commands;
mod context;
mod destination;
mod embedding;
mod error;
mod evaluation;
mod image_source;
mod measured_set;
mod opening;
mod out_of_memory;
mod panics;
mod pictures;
mod progress;
mod ranks;
mod rate_distortion;
mod sharded;
mod signals;
mod stored_codes;
mod terminal;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

pub use ae_infer::Registry;

pub use crate::embedding::{exit_code_of, explain, explain_codec, open_codec, open_device};
pub use crate::error::Status;
pub use crate::out_of_memory::{RememberingAllocator, end_in_good_order};

/// Runs `ae` with the process's arguments, its own name first, and says how the process ends.
///
/// Errors are printed to standard error as `error: WHAT: WHY`, with a `hint:` line where something
/// would help.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_with(Registry::builtin(), arguments)
}

/// Runs `ae` as [`main`] does, with the kinds of models that `registry` has.
pub fn run_with(registry: Registry, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match run(&registry, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(status) => status.into(),
    }
}

/// Runs `ae`, and says how the process is to end where something went wrong, which has been told.
fn run(registry: &Registry, arguments: impl IntoIterator<Item = OsString>) -> Result<(), Status> {
    signals::survive_quotas();
    let entries = commands::all();
    let ranks = ranks::Ranks::of_process();
    let ended = panics::caught(|| command_line::run(&entries, registry, &ranks, arguments));
    let ended = ended.map_err(|error| {
        let status = error.status();
        if ranks.tells() {
            terminal::tell(&ranks.named(error));
        }
        status
    });
    ranks.leave(ended.err());
    ended
}
