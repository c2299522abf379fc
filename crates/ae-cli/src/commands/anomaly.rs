//! `ae anomaly`.

mod calibrated;
mod detection;
mod judged;
mod picture;
mod table;

use std::path::PathBuf;

use ae_data::Part;
use ae_infer::{AnomalyScore, ScorerRequest};
use clap::{Args, ValueEnum};
use serde::Serialize;

use self::calibrated::{Calibrated, Normal, calibrate};
use self::detection::{Detection, FalseAlarms, detections, false_alarms};
use self::judged::{Judged, JudgedSet, foreign_set, judged_set};
use crate::arguments::value::{at_least_one, named, share};
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, part};
use crate::command::Example;
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::opening::{Wanted, open};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae anomaly runs/parts-conv-1 --data delivery/",
    "which files are anomalous, at the rate of false alarms asked for",
)];

/// Find images that are anomalous to a model.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae anomaly runs/parts-conv-1 --data delivery/ --csv verdicts.csv -o heat-maps.png
  ae anomaly runs/parts-conv-1 --data test/ --sort score       test/ has good/ beside other folders: AUROC, too
  ae anomaly runs/glyphs-conv-1 --foreign digits/ --json       a set that is known to be out of distribution
  ae anomaly model.safetensors --normal parts/ --data new/     where the run's own set is gone

Every file is judged by its conformal p-value: the share of normal images held out from fitting that
score as high. The threshold is where the stated share of normal images would be called anomalous
by mistake; it takes 1 / share - 1 held-out images at least.")]
pub(super) struct AnomalyArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images to judge: all of a set that the model was not trained on, the test images of its own.
    #[command(flatten)]
    data: DataArguments,
    /// Which of the images are judged [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// Normal images to calibrate on [default: the validation images of the set that the model was trained on]: that set,
    /// where it lies elsewhere now, or normal images that the model was not trained on.
    #[arg(long, value_name = "SET")]
    normal: Option<String>,
    /// A set that is known to be out of distribution: print the area under the ROC curve.
    #[arg(long, value_name = "SET")]
    foreign: Option<String>,
    /// The share of normal images that may be called anomalous by mistake.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.05)]
    false_alarm_rate: f64,
    /// What is larger for a more anomalous image: the error of the reconstruction (a variational model's negative bound), the
    /// bits of the image by the model less those of its PNG file, or the distance of its code to training codes.
    #[arg(long, value_name = "NAME", value_parser = named::<AnomalyScore>(AnomalyScore::NAMES), default_value_t = AnomalyScore::Error)]
    score: AnomalyScore,
    /// How many nearest training codes a distance is a mean over.
    #[arg(long, alias = "neighbours", value_name = "K", value_parser = at_least_one, default_value_t = 2)]
    neighbors: usize,
    /// List the files in the set's order, or the most anomalous first.
    #[arg(long, value_enum, value_name = "ORDER", default_value_t = Order::Set)]
    sort: Order,
    /// Write every file's verdict to this CSV file, too.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw the most anomalous images with where they are anomalous, as a PNG file.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// The order of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// As in the set.
    Set,
    /// The most anomalous first.
    Score,
}

/// What `ae anomaly` prints.
#[derive(Serialize)]
struct Anomalies {
    model: String,
    /// `error`, `complexity` or `distance`.
    score: &'static str,
    /// What that is, with its unit and what it was learned from.
    score_is: String,
    #[serde(flatten)]
    calibrated: Calibrated,
    judged: Judged,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<Judged>,
    /// How often images that are known to be normal were called anomalous.
    #[serde(skip_serializing_if = "Option::is_none")]
    false_alarms: Option<FalseAlarms>,
    /// The chance that an anomalous image scores above a normal one, of the first of `detections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    auroc: Option<f64>,
    /// How well scores tell anomalous from normal images, and what needs no model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detections: Vec<Detection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<PathBuf>,
}

pub(super) fn run(arguments: AnomalyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    for file in [&arguments.out, &arguments.csv].into_iter().flatten() {
        check_writable(file, arguments.force)?;
    }
    let path = arguments.model.clone().path();
    let model = open(path.as_deref(), Wanted::Any, arguments.device, context)?;
    let set = judged_set(&model, &arguments, &terminal)?;
    let normal = Normal::find(&model, &arguments, &set, &terminal)?;
    let foreign = match &arguments.foreign {
        Some(name) => Some(foreign_set(name, &model, &arguments, &terminal)?),
        None => None,
    };
    let is_measured = foreign.is_some() || set.has_anomalous_classes();
    let scores = offered(&arguments, is_measured, &model, &normal);
    let score = scores[0];
    let scorer = model.anomaly_scorer(
        &scores,
        &ScorerRequest {
            held_out: normal.held_out.as_ref(),
            train: normal.train.as_ref(),
            neighbors: arguments.neighbors,
            seed: model.preparation().seed,
        },
    )?;
    let calibrated = calibrate(&scorer, score, &arguments, &normal, &terminal)?;
    let scored = |set: &JudgedSet| scorer.all_scores(&scores, &set.images);
    let judged_scores = scored(&set)?;
    let foreign_scores = foreign.as_ref().map(scored).transpose()?;
    let detections = detections(
        &model,
        &scores,
        (&set, &judged_scores),
        foreign.as_ref().zip(foreign_scores.as_ref()),
        normal.train.as_ref(),
    )?;
    let judged = set.judged(&judged_scores[0], &calibrated, arguments.sort);
    let anomalies = Anomalies {
        model: model.name().to_owned(),
        score: score.name(),
        score_is: scorer.describe(score),
        false_alarms: false_alarms(&set, &judged_scores[0], &calibrated, foreign.is_some()),
        judged,
        foreign: foreign
            .as_ref()
            .zip(foreign_scores.as_ref())
            .map(|(set, scores)| set.judged(&scores[0], &calibrated, arguments.sort)),
        auroc: detections.first().map(Detection::auroc),
        detections,
        calibrated,
        csv: arguments.csv,
        picture: arguments.out,
    };
    if let Some(warning) = anomalies
        .false_alarms
        .as_ref()
        .and_then(|measured| measured.warning(&anomalies.calibrated))
    {
        terminal.warning(warning);
    }
    if let Some(file) = &anomalies.csv {
        table::write_csv(file, &anomalies)?;
    }
    if let Some(file) = &anomalies.picture {
        picture::draw(&model, &anomalies, &set, foreign.as_ref())?.write_png(file)?;
    }
    terminal.result(&anomalies, || table::text(&anomalies))
}

/// The scores to compute, the chosen one first; the others, as far as they can be had, where it is known which images are
/// anomalous.
fn offered(
    arguments: &AnomalyArguments,
    is_measured: bool,
    model: &ae_infer::OpenModel,
    normal: &Normal,
) -> Vec<AnomalyScore> {
    let is_offered = |score: AnomalyScore| match score {
        AnomalyScore::Error => true,
        AnomalyScore::Complexity => model.knows_levels() || normal.held_out.is_some(),
        AnomalyScore::Distance => normal.train.is_some() && model.code_values().is_ok(),
    };
    let chosen = arguments.score;
    let mut scores = vec![chosen];
    let others = AnomalyScore::ALL.into_iter();
    scores.extend(others.filter(|&score| is_measured && score != chosen && is_offered(score)));
    scores
}
