//! `ae probe`.

use ae_data::ImageSet;
use ae_eval::{LabeledRows, LogisticRegression, Pca, neighbor_accuracy};
use ae_models::Autoencoder as _;
use ae_report::{Column, table, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition};
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, check_shape};
use crate::inference::OpenModel;
use crate::models::Wanted;

/// Measure how much codes tell of the labels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae probe runs/glyphs-vae-1
  ae probe runs/glyphs-conv-1 --data letters.tar.gz --neighbours 10 --json

Nearest neighbours and logistic regression learn the labels of the training images from their codes,
and are measured on the test images; so are PCA codes of as many numbers, and the pixels.")]
pub(super) struct ProbeArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images, with labels.
    #[command(flatten)]
    data: DataArguments,
    /// How many nearest neighbours vote.
    #[arg(long, value_name = "K", value_parser = at_least_one, default_value_t = 5)]
    neighbours: usize,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Numbers that a set's features may have in all: a gibibyte.
const MOST_NUMBERS: usize = 1 << 28;
/// The decay of the logistic regression's weights.
const DECAY: f64 = 1e-4;

/// What `ae probe` prints.
#[derive(Serialize)]
pub(crate) struct Probed {
    model: String,
    data: String,
    train_images: usize,
    test_images: usize,
    classes: usize,
    neighbours: usize,
    /// Codes, PCA codes and pixels.
    pub(crate) features: Vec<ProbedFeatures>,
}

/// How much one kind of features tells of the labels.
#[derive(Serialize)]
pub(crate) struct ProbedFeatures {
    name: &'static str,
    numbers: usize,
    /// The share of test images whose label the nearest training images have.
    pub(crate) neighbour_accuracy: f64,
    /// The share of test images whose label a linear classifier predicts.
    pub(crate) linear_accuracy: f64,
}

pub(super) fn run(arguments: ProbeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let path = arguments.model.path();
    let opened = OpenModel::open(path.as_deref(), Wanted::Any, arguments.device, &terminal)?;
    let source = ImageSource::for_model(&arguments.data, &opened.path, &opened.card)?;
    let split = source.split(&terminal)?;
    check_shape(&opened.path, &opened.card, &split.test)?;
    let (train_labels, test_labels) = (labels(&split.train)?, labels(&split.test)?);
    let numbers = opened.model.code_values().max(split.train.shape().values());
    if numbers.saturating_mul(split.train.len()) > MOST_NUMBERS {
        return Err(CliError::failure(
            Status::Data,
            split.train.name(),
            format!(
                "{} images of {} numbers are too many to keep at once",
                thousands(split.train.len() as u64),
                thousands(numbers as u64)
            ),
        )
        .hint("--limit takes the first N"));
    }
    let (train_pixels, test_pixels) = (pixels(&split.train)?, pixels(&split.test)?);
    let values = split.train.shape().values();
    let code_values = opened.model.code_values();
    let components = code_values.min(values).min(split.train.len());
    let pca = Pca::fit_images(&split.train, components)?;
    let project = |pixels: &[f32]| -> Vec<f32> {
        let rows = pixels.chunks_exact(values);
        rows.flat_map(|row| pca.encode(row)).collect()
    };
    let kinds = [
        (
            "code",
            code_values,
            opened.codes(&split.train)?,
            opened.codes(&split.test)?,
        ),
        (
            "PCA",
            pca.components(),
            project(&train_pixels),
            project(&test_pixels),
        ),
        ("pixels", values, train_pixels, test_pixels),
    ];
    let mut features = Vec::with_capacity(kinds.len());
    for (name, numbers, train, test) in &kinds {
        let train = LabeledRows::new(train, *numbers, &train_labels)?;
        let test = LabeledRows::new(test, *numbers, &test_labels)?;
        features.push(ProbedFeatures {
            name,
            numbers: *numbers,
            neighbour_accuracy: neighbor_accuracy(&train, &test, arguments.neighbours),
            linear_accuracy: LogisticRegression::fit(&train, DECAY).accuracy(&test),
        });
    }
    let probed = Probed {
        model: opened.path.name(),
        data: split.train.name().to_owned(),
        train_images: split.train.len(),
        test_images: split.test.len(),
        classes: split.train.classes().len(),
        neighbours: arguments.neighbours,
        features,
    };
    terminal.result(&probed, || probed.text())
}

/// A set's labels.
fn labels(set: &ImageSet) -> Result<Vec<u8>, CliError> {
    let labels: Option<Vec<u8>> = (0..set.len()).map(|index| set.label(index)).collect();
    labels.ok_or_else(|| {
        CliError::failure(
            Status::Data,
            set.name(),
            "no labels, which are what is to be told",
        )
        .hint("class folders, or an IDX file of labels beside the images, are labels")
    })
}

/// A set's pixels, image after image.
fn pixels(set: &ImageSet) -> Result<Vec<f32>, CliError> {
    let values = set.shape().values();
    let mut pixels = vec![0.0; set.len() * values];
    for (index, image) in pixels.chunks_exact_mut(values).enumerate() {
        set.read_unit_into(index, image)?;
    }
    Ok(pixels)
}

impl Probed {
    fn text(&self) -> String {
        let columns = [
            Column::left("features"),
            Column::decimal("numbers"),
            Column::decimal(format!("{} neighbours %", self.neighbours)),
            Column::decimal("logistic regression %"),
        ];
        let rows: Vec<Vec<String>> = self
            .features
            .iter()
            .map(|features| {
                vec![
                    features.name.to_owned(),
                    thousands(features.numbers as u64),
                    format!("{:.2}", 100.0 * features.neighbour_accuracy),
                    format!("{:.2}", 100.0 * features.linear_accuracy),
                ]
            })
            .collect();
        format!(
            "{}: {} classes of {}, learned from {} images, measured on {}\n\n{}",
            self.model,
            self.classes,
            self.data,
            thousands(self.train_images as u64),
            thousands(self.test_images as u64),
            table(&columns, &rows),
        )
    }
}
