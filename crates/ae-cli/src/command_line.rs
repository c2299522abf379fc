//! The command line as a whole: a parser made from the list of commands, and the way from what was typed to a command.

use std::ffi::OsString;

use clap::Command;
use clap::error::ErrorKind;

use crate::command::{Entry, run_named};
use crate::context::Context;
use crate::error::CliError;
use crate::ranks::Ranks;
use crate::terminal::{Form, Terminal};
use crate::usage::usage_error;
use ae_infer::Registry;

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 a bug in ae; 2 wrong command line or configuration; 3 bad data; 4 bad model
or checkpoint; 5 files, locks, disk; 6 network (ports, downloads); 7 training diverged; 8 device or
memory; 130 stopped by ctrl-c, 143 by SIGTERM or SIGHUP, everything saved.
`ae COMMAND --help` shows a command's options, with examples.";

/// Parses `arguments`, the program's own name first, and runs the command that they name.
///
/// # Errors
/// The arguments are not understood, or the command fails.
pub(crate) fn run(
    entries: &[Entry],
    registry: &Registry,
    ranks: &Ranks,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(), CliError> {
    let parser = parser(entries, registry);
    let terminal = Terminal {
        form: Form::Text,
        quiet: false,
        is_mute: false,
        is_of_shard: false,
    };
    match parser.clone().try_get_matches_from(arguments) {
        Ok(matches) => {
            let context = Context {
                registry,
                ranks,
                terminal,
                parser: &parser,
            };
            run_named(entries, &matches, &context)
        }
        Err(help)
            if matches!(
                help.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            terminal.text(&help.to_string())
        }
        Err(error) => Err(usage_error(&error)),
    }
}

/// The parser of all commands.
fn parser(entries: &[Entry], registry: &Registry) -> Command {
    Command::new("ae")
        .about("Trains autoencoders on images and puts them to use")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .max_term_width(100)
        .after_help(format!("{}\n\n{EXIT_CODES}", examples(entries)))
        .subcommands(entries.iter().map(|entry| entry.parser(registry)))
}

/// What `ae --help` shows to begin with, aligned.
fn examples(entries: &[Entry]) -> String {
    let examples = || {
        entries
            .iter()
            .flat_map(|entry| entry.top_level_examples().iter())
    };
    let width = examples().map(|(line, _)| line.len()).max().unwrap_or(0);
    let mut text = "Examples:".to_owned();
    for (line, meaning) in examples() {
        text.push_str(&format!("\n  {line:width$}   {meaning}"));
    }
    text
}

#[cfg(test)]
mod tests;
