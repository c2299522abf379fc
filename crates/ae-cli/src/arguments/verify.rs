//! `ae verify`.

use std::path::PathBuf;

use clap::Args;

use super::{DeviceArguments, OutputArguments};

/// Trains reference protocols and compares.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae verify --quick --data ../shared/datasets
  ae verify --full --data datasets/downloads --markdown > table.md
  ae verify --only mnist-10k --only IWAE --data ../shared/datasets

Each row trains one protocol, from as many seeds as PyTorch's, and sets the test images' mean and
standard error beside what a paper printed or PyTorch got on the same images. A row passes within
two standard errors of PyTorch, or 5% of a printed number, or better. A row whose data is missing is
skipped by name. Exit code 1 when a row fails.")]
pub(crate) struct VerifyArguments {
    /// The folder that holds the sets, each in a folder of its name.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The rows that take minutes [default].
    #[arg(long, conflicts_with = "full")]
    pub quick: bool,
    /// Every row: hours.
    #[arg(long)]
    pub full: bool,
    /// Only the rows, quick or not, with this in "PROTOCOL on DATA"; may be repeated.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["quick", "full"])]
    pub only: Vec<String>,
    /// Print the table for a README.
    #[arg(long)]
    pub markdown: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}
