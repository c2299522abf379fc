//! What `ae anomaly` is asked for.

use std::path::PathBuf;

use ae_data::Part;
use ae_infer::AnomalyScore;
use clap::{Args, ValueEnum};

use crate::arguments::value::{at_least_one, named, share};
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, part};

/// Find images that are anomalous to a model.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  ae anomaly runs/parts-conv-1 --data delivery/ --csv verdicts.csv -o heat-maps.png
  ae anomaly runs/parts-conv-1 --data test/ --sort score       test/ has good/ beside other folders: AUROC, too
  ae anomaly runs/glyphs-conv-1 --foreign digits/ --json       a set that is known to be out of distribution
  mpirun -n 4 ae anomaly runs/parts-conv-1 --data 'shards/*.tar' --csv verdicts/
                                                               of shards, a CSV file each in a folder
  ae anomaly model.safetensors --normal parts/ --data new/     where the run's own set is gone

Every file is judged by its conformal p-value: the share of normal images held out from fitting that
score as high. The threshold is where the stated share of normal images would be called anomalous
by mistake; it takes 1 / share - 1 held-out images at least.")]
pub(in crate::commands) struct AnomalyArguments {
    /// The model.
    #[command(flatten)]
    pub(super) model: ModelPosition,
    /// The images to judge: all of a set that the model was not trained on, the test images of its own.
    #[command(flatten)]
    pub(super) data: DataArguments,
    /// Which of the images are judged [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    pub(super) part: Option<Part>,
    /// Normal images to calibrate on [default: the validation images of the set that the model was trained on]: that set,
    /// where it lies elsewhere now, or normal images that the model was not trained on.
    #[arg(long, value_name = "SET")]
    pub(super) normal: Option<String>,
    /// A set that is known to be out of distribution: print the area under the ROC curve.
    #[arg(long, value_name = "SET")]
    pub(super) foreign: Option<String>,
    /// The share of normal images that may be called anomalous by mistake.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.05)]
    pub(super) false_alarm_rate: f64,
    /// What is larger for a more anomalous image: the error of the reconstruction (a variational model's negative bound), the
    /// bits of the image by the model less those of its PNG file, or the distance of its code to training codes.
    #[arg(long, value_name = "NAME", value_parser = named::<AnomalyScore>(AnomalyScore::NAMES), default_value_t = AnomalyScore::Error)]
    pub(super) score: AnomalyScore,
    /// How many nearest training codes a distance is a mean over.
    #[arg(long, alias = "neighbours", value_name = "K", value_parser = at_least_one, default_value_t = 2)]
    pub(super) neighbors: usize,
    /// List the files in the set's order, or the most anomalous first.
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Set)]
    pub(super) sort: Order,
    /// Write every file's verdict to this CSV file, too.
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Draw the most anomalous images with where they are anomalous, as a PNG file.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Write over files that exist.
    #[arg(long)]
    pub(super) force: bool,
    /// Where to compute.
    #[command(flatten)]
    pub(super) device: DeviceArguments,
}

/// The order of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// As in the set.
    Set,
    /// The most anomalous first.
    Score,
}
