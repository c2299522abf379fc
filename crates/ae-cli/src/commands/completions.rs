//! `ae completions`.

use clap::Args;
use clap_complete::{Shell, generate};

use crate::context::Context;
use crate::error::CliError;

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae completions bash > ~/.local/share/bash-completion/completions/ae
  ae completions zsh > ~/.zfunc/_ae")]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(arguments: CompletionsArguments, context: &Context<'_>) -> Result<(), CliError> {
    // Into memory first: writing to a closed pipe would panic.
    let mut script = Vec::new();
    generate(
        arguments.shell,
        &mut context.parser.clone(),
        "ae",
        &mut script,
    );
    context.terminal.text(&String::from_utf8_lossy(&script))
}
