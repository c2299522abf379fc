//! Commands that say what codes are good for: `ae anomaly`, `ae probe`, `ae map`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::value::{above_zero, at_least_one, share};
use super::{DataArguments, DeviceArguments, ModelPosition, OutputArguments, Part};

/// Scores images by how strange they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae anomaly runs/glyphs-conv-1 --foreign digits/ -o strange.png
  ae anomaly runs/glyphs-vae-1 --data scans/ --size 28 --channels gray --false-alarm-rate 0.05 --json

The score is the reconstruction's error, and a variational model's negative bound. The threshold is
where the stated share of the training images would be called strange.")]
pub(crate) struct AnomalyArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images: the threshold is from the training images, the test images are judged.
    #[command(flatten)]
    pub data: DataArguments,
    /// A set that is known to be strange: print the area under the ROC curve.
    #[arg(long, value_name = "SET")]
    pub foreign: Option<String>,
    /// The share of training images that may be above the threshold.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.01)]
    pub false_alarm_rate: f64,
    /// Draw the strangest images with where they are strange, as a PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
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

/// Measures how much codes tell of the labels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae probe runs/glyphs-vae-1
  ae probe runs/glyphs-conv-1 --data letters.tar.gz --neighbours 10 --json

Nearest neighbours and logistic regression learn the labels of the training images from their codes,
and are measured on the test images; so are PCA codes of as many numbers, and the pixels.")]
pub(crate) struct ProbeArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images, with labels.
    #[command(flatten)]
    pub data: DataArguments,
    /// How many nearest neighbours vote.
    #[arg(long, value_name = "K", value_parser = at_least_one, default_value_t = 5)]
    pub neighbours: usize,
    /// Where to compute.
    #[command(flatten)]
    pub device: DeviceArguments,
    /// How to print.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Lays codes out in a plane.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae map runs/glyphs-vae-1 -o map.png
  ae map runs/glyphs-vae-1 --method pca --count 2000 -o map.html

A .png is a picture; an .html file needs no network and shows each image under the pointer.")]
pub(crate) struct MapArguments {
    /// The model.
    #[command(flatten)]
    pub model: ModelPosition,
    /// The images.
    #[command(flatten)]
    pub data: DataArguments,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    pub part: Option<Part>,
    /// How the plane is found.
    #[arg(long, value_enum, default_value_t = MapMethod::Tsne)]
    pub method: MapMethod,
    /// How many neighbours t-SNE looks at, about.
    #[arg(long, value_name = "N", value_parser = above_zero, default_value_t = 30.0)]
    pub perplexity: f64,
    /// How many images to lay out, at most.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 1_000)]
    pub count: usize,
    /// The PNG or HTML file.
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

/// How a plane is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapMethod {
    /// t-SNE: neighbours stay neighbours, distances mean little.
    Tsne,
    /// The first two principal components: distances are true as far as they go.
    Pca,
}
