//! How results are printed.

use clap::Args;

/// How a command prints.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArguments {
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print no progress and no notes.
    #[arg(long, short)]
    pub quiet: bool,
}
