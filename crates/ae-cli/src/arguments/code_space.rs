//! Commands that walk about in a model's codes: `ae generate`, `ae interpolate`, `ae traverse`.

use std::path::PathBuf;

use ae_eval::Interpolation;
use clap::Args;

use super::value::{above_zero, at_least_one, parsed};
use super::{DataArguments, DeviceArguments, ModelOption, ModelPosition, OutputArguments, Part};

/// Draws new images.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae generate runs/glyphs-vae-1 -o new.png                 codes drawn from the prior
  ae generate runs/glyphs-conv-1 --mixture 20 -o new.png   codes drawn from 20 Gaussians that are
                                                           fitted to those of the training images

A variational model has a prior, the standard normal; any other needs --mixture.")]
pub(crate) struct GenerateArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 60)]
    pub count: usize,
    /// Fit this many Gaussians to the codes of the training images, and draw codes from them.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub mixture: Option<usize>,
    /// The images that a mixture is fitted to.
    #[command(flatten)]
    pub data: DataArguments,
    /// The seed of the codes.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Draws the way from one image to another.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae interpolate a.png b.png -o between.png
  ae interpolate a.png b.png --model runs/glyphs-vae-1 --path spherical --steps 12 -o between.png

The first row fades the pixels, for comparison; the others decode codes between the two images'.")]
pub(crate) struct InterpolateArguments {
    /// The first image.
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    /// The last image.
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    /// The model.
    #[command(flatten)]
    pub model: ModelOption,
    /// The way between the two codes: linear, spherical [default: both].
    #[arg(long, value_name = "WAY", value_parser = parsed::<Interpolation>)]
    pub path: Option<Interpolation>,
    /// Images in a row, the two ends included.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 9)]
    pub steps: usize,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Draws what single numbers of a code do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae traverse runs/glyphs-vae-1 -o numbers.png
  ae traverse runs/glyphs-vae-1 --image a.png --rows 12 --reach 2 -o numbers.png

A row for each of the numbers that say most about the images: by their divergence from the prior for
a variational model, by their variance for any other. A row moves one number and keeps the rest.")]
pub(crate) struct TraverseArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images that say which numbers matter, and how far they reach.
    #[command(flatten)]
    pub data: DataArguments,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// Begin at this image's code [default: at the prior's mean, or the codes' mean].
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// How many numbers to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 8)]
    pub rows: usize,
    /// Images in a row.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 9)]
    pub steps: usize,
    /// How many standard deviations a row reaches to either side.
    #[arg(long, value_name = "DEVIATIONS", value_parser = above_zero, default_value_t = 3.0)]
    pub reach: f64,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}
