#![doc = include_str!("../README.md")]

mod arguments;
mod backend;
mod commands;
mod error;
mod failures;
mod files;
mod inference;
mod interrupt;
mod measure;
mod models;
mod npy;
mod output;
mod pictures;
mod progress;
mod sources;
mod tiling;
mod usage;

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::arguments::Cli;
use crate::error::CliError;

/// Runs `ae` with the process's arguments, its own name first, and says how the process ends.
///
/// Errors are printed to standard error as `error: WHAT: WHY`, with a `hint:` line where something
/// would help.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match without_panics(|| run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.lines() {
                output::say(&line);
            }
            error.status().into()
        }
    }
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> Result<(), CliError> {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => commands::run(cli.command),
        Err(help)
            if matches!(
                help.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            let terminal = output::Terminal {
                form: output::Form::Text,
                quiet: false,
            };
            terminal.text(&help.to_string())
        }
        Err(error) => Err(usage::usage_error(&error)),
    }
}

/// The last resort: a panic anywhere below becomes one `error:` line and exit code 1.
///
/// The hook itself only takes note. Burn's runtimes catch panics of their own and go on, so it must
/// neither print nor exit.
fn without_panics(run: impl FnOnce() -> Result<(), CliError>) -> Result<(), CliError> {
    static FIRST: Mutex<Option<String>> = Mutex::new(None);
    panic::set_hook(Box::new(|information| {
        let place = information.location().map_or_else(String::new, |location| {
            format!(" ({}:{})", location.file(), location.line())
        });
        let message = information.payload_as_str().unwrap_or("no message");
        if let Ok(mut first) = FIRST.lock() {
            first.get_or_insert(format!("{message}{place}"));
        }
    }));
    // Nothing that was being changed is looked at again after a panic.
    panic::catch_unwind(panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let message = FIRST.lock().ok().and_then(|mut first| first.take());
        Err(CliError::failure(
            "internal error",
            message.unwrap_or_else(|| "no message".to_owned()),
        )
        .hint("this is a mistake in ae; please report it with the command line"))
    })
}
