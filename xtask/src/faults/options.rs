//! What the command line asks for.

use std::path::PathBuf;

/// What `faults` runs.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask faults                         every case; builds ae in release mode first
  cargo xtask faults --quick                 a subset in two minutes, as CI has it
  cargo xtask faults --only checkpoints --ae target/debug/ae
  cargo xtask faults --table                 every case, and the table in docs/reliability.md anew")]
pub struct FaultsOptions {
    /// Leave out the cases that take long.
    #[arg(long)]
    pub quick: bool,
    /// Only the families, or the cases, whose name contains this.
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// The ae to break things around [default: built in release mode].
    #[arg(long, value_name = "PATH")]
    pub ae: Option<PathBuf>,
    /// The seed of random moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Write the table into docs/reliability.md.
    #[arg(long, conflicts_with_all = ["quick", "only"])]
    pub table: bool,
    /// Only list the cases.
    #[arg(long)]
    pub list: bool,
}

impl FaultsOptions {
    /// The subset for CI, around an `ae` that is built already.
    #[must_use]
    pub fn quick_with(ae: PathBuf) -> Self {
        Self {
            quick: true,
            only: None,
            ae: Some(ae),
            seed: 1,
            table: false,
            list: false,
        }
    }
}
