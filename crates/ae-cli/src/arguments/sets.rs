//! `ae data …`.

use std::path::PathBuf;

use ae_data::NoiseChain;
use clap::{Args, Subcommand};

use super::data::noise;
use super::value::at_least_one;
use super::{DataArguments, OutputArguments};

pub(super) const DATA_EXAMPLES: &str = "\
Examples:
  ae data info notMNIST_small.tar.gz         counts, shape, range, duplicates, unreadable files
  ae data show glyphs -o grid.png
  ae data noise --noise gaussian:0.5 --noise cutout:0.3 -o noises.png
  ae data glyphs --fonts ~/.fonts -o my-glyphs/

A set is a name (glyphs, lines, notmnist-small, notmnist-large), an IDX file or a folder of them, notMNIST's
.tar.gz, a folder of images, or one image.";

/// A command about image sets.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Say what a set holds, and what looks wrong with it.
    #[command(
        after_help = "Examples:\n  ae data info glyphs\n  ae data info notMNIST_small.tar.gz --json\n  ae data info pictures/ --size 64x48 --channels gray"
    )]
    Info(DataInfoArguments),
    /// Draw images of a set.
    #[command(
        after_help = "Examples:\n  ae data show glyphs -o grid.png\n  ae data show pictures/ --size 64 --count 200 -o grid.png"
    )]
    Show(DataShowArguments),
    /// Draw one row of images under each noise.
    #[command(
        after_help = "Examples:\n  ae data noise -o noises.png\n  ae data noise --noise gaussian:0.5 --noise gaussian:0.1,masking:0.3 -o two.png"
    )]
    Noise(DataNoiseArguments),
    /// Make a set of letters from fonts.
    #[command(
        after_help = "Examples:\n  ae data glyphs --fonts /usr/share/fonts -o my-glyphs/\n  ae train --data my-glyphs/"
    )]
    Glyphs(DataGlyphsArguments),
}

/// A set, named with or without `--data`.
#[derive(Debug, Args)]
pub(crate) struct DataPosition {
    /// The set; the same as --data.
    #[arg(value_name = "SET", conflicts_with = "data")]
    pub set: Option<String>,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
}

/// Says what a set holds.
#[derive(Debug, Args)]
pub(crate) struct DataInfoArguments {
    /// The set.
    #[command(flatten)]
    pub set: DataPosition,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Draws images of a set.
#[derive(Debug, Args)]
pub(crate) struct DataShowArguments {
    /// The set.
    #[command(flatten)]
    pub set: DataPosition,
    /// How many images to draw, spread over the set.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 100)]
    pub count: usize,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Draws noises.
#[derive(Debug, Args)]
pub(crate) struct DataNoiseArguments {
    /// The set.
    #[command(flatten)]
    pub set: DataPosition,
    /// A noise to draw; may be given several times [default: one of each kind].
    #[arg(long, value_name = "CHAIN", value_parser = noise)]
    pub noise: Vec<NoiseChain>,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 10)]
    pub count: usize,
    /// The seed of the noise.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Makes a set of letters.
#[derive(Debug, Args)]
pub(crate) struct DataGlyphsArguments {
    /// A folder of fonts, searched with its subfolders; may be given several times.
    #[arg(long, value_name = "DIR", required = true)]
    pub fonts: Vec<PathBuf>,
    /// The folder for the four IDX files.
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    pub force: bool,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}
