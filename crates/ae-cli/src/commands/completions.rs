//! `ae completions`.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::arguments::{Cli, OutputArguments};
use crate::error::CliError;
use crate::terminal::Terminal;

pub(super) fn run(shell: Shell) -> Result<(), CliError> {
    // Into memory first: writing to a closed pipe would panic.
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "ae", &mut script);
    Terminal::from(OutputArguments::default()).text(&String::from_utf8_lossy(&script))
}
