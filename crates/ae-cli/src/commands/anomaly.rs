//! `ae anomaly`.

use std::path::PathBuf;

use ae_data::ImageSet;
use ae_eval::{alarm_threshold, auroc};
use ae_infer::OpenModel;
use ae_report::{Cells, GridRequest, GridRow, picture_grid, significant, thousands};
use ae_train::DataConfig;
use clap::Args;
use serde::Serialize;

use crate::arguments::value::share;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition};
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::{CliError, Status};
use crate::image_source::ImageSource;
use crate::measured_set::{open_set, request_of};
use crate::opening::{Wanted, open};
use crate::terminal::Terminal;

/// Find images that are anomalous to a model.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae anomaly runs/glyphs-conv-1 --foreign digits/ -o anomalous.png
  ae anomaly runs/glyphs-vae-1 --data scans/ --size 28 --channels gray --false-alarm-rate 0.05 --json

The score is the reconstruction's error, and a variational model's negative bound. The threshold is
where the stated share of the training images would be called anomalous.")]
pub(super) struct AnomalyArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images: the threshold is from the training images, the test images are judged.
    #[command(flatten)]
    data: DataArguments,
    /// A set that is known to be out of distribution: print the area under the ROC curve.
    #[arg(long, value_name = "SET")]
    foreign: Option<String>,
    /// The share of training images that may be above the threshold.
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = 0.01)]
    false_alarm_rate: f64,
    /// Draw the most anomalous images with where they are anomalous, as a PNG file.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Images of each set on the picture.
const DRAWN: usize = 10;

#[derive(Serialize)]
struct Anomalies {
    model: String,
    /// What is larger for a more anomalous image.
    score: &'static str,
    false_alarm_rate: f64,
    threshold: f64,
    test: Judged,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<Judged>,
    /// The chance that a foreign image scores above a test image.
    #[serde(skip_serializing_if = "Option::is_none")]
    auroc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<PathBuf>,
}

/// A set's scores.
#[derive(Serialize)]
struct Judged {
    data: String,
    images: usize,
    mean_score: f64,
    /// The share of images above the threshold.
    above_threshold: f64,
    /// Every image's score, in the set's order.
    scores: Vec<f64>,
}

pub(super) fn run(arguments: AnomalyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    if let Some(out) = &arguments.out {
        check_writable(out, arguments.force)?;
    }
    let path = arguments.model.path();
    let model = open(path.as_deref(), Wanted::Any, arguments.device, context)?;
    let request = request_of(&arguments.data, None);
    let opened = open_set(&model, &request, &terminal)?;
    let seed = opened.seed();
    let foreign = match &arguments.foreign {
        Some(name) => Some(foreign_set(name, &model, &arguments.data, seed, &terminal)?),
        None => None,
    };
    let split = opened.split()?;
    let scores = |set: &ImageSet| model.anomaly_scores(set, seed);
    let familiar = scores(&split.train)?;
    let threshold = alarm_threshold(&familiar, arguments.false_alarm_rate)
        .ok_or_else(|| CliError::failure(Status::Data, split.train.name(), "no training images"))?;
    let test = Judged::new(&split.test, scores(&split.test)?, threshold);
    let judged_foreign = match &foreign {
        Some(set) => Some(Judged::new(set, scores(set)?, threshold)),
        None => None,
    };
    let anomalies = Anomalies {
        model: model.name().to_owned(),
        score: model.anomaly_score().name(),
        false_alarm_rate: arguments.false_alarm_rate,
        threshold,
        auroc: judged_foreign
            .as_ref()
            .and_then(|foreign| auroc(&test.scores, &foreign.scores)),
        test,
        foreign: judged_foreign,
        picture: arguments.out,
    };
    if let Some(out) = &anomalies.picture {
        let mut rows = rows("test", &model, &split.test, &anomalies.test)?;
        if let (Some(set), Some(judged)) = (&foreign, &anomalies.foreign) {
            rows.extend(self::rows("foreign", &model, set, judged)?);
        }
        let picture = picture_grid(&GridRequest {
            title: anomalies.model.clone(),
            subtitle: format!(
                "the strangest images; below each its {}, strange above {}",
                anomalies.score,
                significant(threshold, 3)
            ),
            column_labels: Vec::new(),
            rows,
        })?;
        picture.write_png(out)?;
    }
    terminal.result(&anomalies, || anomalies.text())
}

/// All images of a set that the model was not trained on.
fn foreign_set(
    name: &str,
    model: &OpenModel,
    data: &DataArguments,
    seed: u64,
    terminal: &Terminal,
) -> Result<ImageSet, CliError> {
    let foreign = ImageSource {
        config: DataConfig {
            source: name.to_owned(),
            // Scaled only where that was asked for: a picture that was scaled is anomalous for that alone.
            size: data.size,
            channels: data.channels,
            binarize: data.binarize.unwrap_or(model.preparation().binarize),
            ..DataConfig::default()
        },
        seed,
    };
    let dataset = foreign.open(terminal)?;
    // Where the set is divided, its test images are what a test set is compared with.
    let set = dataset.test.unwrap_or(dataset.train);
    model.check_set(&set)?;
    Ok(set.take(data.limit.unwrap_or(usize::MAX)))
}

/// The most anomalous images, what the model makes of them, and where the two differ.
fn rows(
    name: &str,
    model: &OpenModel,
    set: &ImageSet,
    judged: &Judged,
) -> Result<Vec<GridRow>, CliError> {
    let mut order: Vec<usize> = (0..set.len()).collect();
    order.sort_by(|&a, &b| judged.scores[b].total_cmp(&judged.scores[a]));
    order.truncate(DRAWN);
    let captions = order
        .iter()
        .map(|&index| significant(judged.scores[index], 3))
        .collect();
    let shape = set.shape();
    let (mut images, mut outputs, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for map in model.error_maps(&set.subset(order))? {
        images.push(map.image);
        outputs.push(map.output);
        errors.extend(map.errors);
    }
    let mut seen = GridRow::images(name, images);
    seen.captions = captions;
    seen.note = judged.data.clone();
    let heat = GridRow {
        label: "error".to_owned(),
        note: "absolute, per pixel".to_owned(),
        cells: Cells::Codes {
            values: errors,
            shape: vec![shape.height, shape.width],
        },
        captions: Vec::new(),
    };
    Ok(vec![seen, GridRow::images("drawn", outputs), heat])
}

impl Judged {
    fn new(set: &ImageSet, scores: Vec<f64>, threshold: f64) -> Self {
        let count = scores.len() as f64;
        let above = scores.iter().filter(|&&score| score > threshold).count();
        Self {
            data: set.name().to_owned(),
            images: scores.len(),
            mean_score: scores.iter().sum::<f64>() / count,
            above_threshold: above as f64 / count,
            scores,
        }
    }
}

impl Anomalies {
    fn text(&self) -> String {
        let set = |judged: &Judged| {
            format!(
                "{} images of {}: mean score {}, {:.1}% above the threshold\n",
                thousands(judged.images as u64),
                judged.data,
                significant(judged.mean_score, 4),
                100.0 * judged.above_threshold,
            )
        };
        let mut text = format!(
            "{}: score is the {}\nthreshold {}: {:.1}% of the training images are above it\ntest:    {}",
            self.model,
            self.score,
            significant(self.threshold, 4),
            100.0 * self.false_alarm_rate,
            set(&self.test),
        );
        if let Some(foreign) = &self.foreign {
            text.push_str(&format!("foreign: {}", set(foreign)));
        }
        if let Some(auroc) = self.auroc {
            text.push_str(&format!("AUROC:   {auroc:.4}\n"));
        }
        if let Some(picture) = &self.picture {
            text.push_str(&format!("picture   {}\n", picture.display()));
        }
        text
    }
}
