//! `ae probe`.

use ae_data::Part;
use ae_infer::ProbedFeatures;
use ae_report::{Column, table, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition};
use crate::context::Context;
use crate::error::CliError;
use crate::measured_set::{MeasuredSet, open_set, request_of};
use crate::opening::open;

/// Measure how much codes tell of the labels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae probe runs/glyphs-vae-1
  ae probe runs/glyphs-conv-1 --data letters.tar.gz --neighbors 10 --json

Nearest neighbors and logistic regression learn the labels of the training images from their codes,
and are measured on the test images; so are PCA codes of as many numbers, and the pixels.")]
pub(super) struct ProbeArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images, with labels.
    #[command(flatten)]
    data: DataArguments,
    /// How many nearest neighbors vote.
    #[arg(long, alias = "neighbours", value_name = "K", value_parser = at_least_one, default_value_t = 5)]
    neighbors: usize,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// What `ae probe` prints.
#[derive(Serialize)]
struct Probed {
    model: String,
    /// What was measured on.
    #[serde(flatten)]
    set: MeasuredSet,
    train_images: usize,
    test_images: usize,
    classes: usize,
    /// Their names, in the order of the labels.
    class_names: Vec<String>,
    #[serde(rename = "neighbours")]
    neighbors: usize,
    /// Codes, PCA codes and pixels.
    features: Vec<FeatureAccuracy>,
}

/// How much one kind of features tells of the labels.
#[derive(Serialize)]
struct FeatureAccuracy {
    name: &'static str,
    numbers: usize,
    /// The share of test images whose label the nearest training images have.
    #[serde(rename = "neighbour_accuracy")]
    neighbor_accuracy: f64,
    /// The share of test images whose label a linear classifier predicts.
    linear_accuracy: f64,
}

pub(super) fn run(arguments: ProbeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let path = arguments.model.path();
    let model = open(path.as_deref(), arguments.device, context)?;
    let request = request_of(&arguments.data, Some(Part::Test));
    let opened = open_set(&model, &request, &terminal)?;
    let split = opened.split()?;
    let neighbors = arguments.neighbors.min(split.train.len());
    if neighbors < arguments.neighbors {
        terminal.warning(format!(
            "--neighbors {}: all {neighbors} training images vote, there are no more",
            arguments.neighbors
        ));
    }
    let features = model.probe(&split, neighbors)?;
    let probed = Probed {
        model: model.name().to_owned(),
        set: MeasuredSet::of(&opened),
        train_images: split.train.len(),
        test_images: split.test.len(),
        classes: split.train.classes().len(),
        class_names: split.train.classes().to_vec(),
        neighbors,
        features: features.into_iter().map(FeatureAccuracy::from).collect(),
    };
    terminal.result(&probed, || probed.text())
}

impl From<ProbedFeatures> for FeatureAccuracy {
    fn from(features: ProbedFeatures) -> Self {
        Self {
            name: features.name,
            numbers: features.values,
            neighbor_accuracy: features.neighbor_accuracy,
            linear_accuracy: features.linear_accuracy,
        }
    }
}

/// The names of classes, the first of many.
fn listed(names: &[String]) -> String {
    const MOST: usize = 30;
    let mut text = names
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > MOST {
        text.push_str(", …");
    }
    text
}

impl Probed {
    fn text(&self) -> String {
        let columns = [
            Column::left("features"),
            Column::decimal("numbers"),
            Column::decimal(format!("{} neighbours %", self.neighbors)),
            Column::decimal("logistic regression %"),
        ];
        let rows: Vec<Vec<String>> = self
            .features
            .iter()
            .map(|features| {
                vec![
                    features.name.to_owned(),
                    thousands(features.numbers as u64),
                    format!("{:.2}", 100.0 * features.neighbor_accuracy),
                    format!("{:.2}", 100.0 * features.linear_accuracy),
                ]
            })
            .collect();
        format!(
            "{}: {} classes of {} ({}), learned from {} training images, measured on {} test images\n\n{}",
            self.model,
            self.classes,
            self.set.data,
            listed(&self.class_names),
            thousands(self.train_images as u64),
            thousands(self.test_images as u64),
            table(&columns, &rows),
        )
    }
}
