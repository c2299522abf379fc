//! `ae traverse`.

use std::path::PathBuf;

use ae_data::Part;
use ae_infer::{LatentDimension, OpenModel};
use ae_report::{GridRequest, GridRow, picture_grid};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::{above_zero, at_least_one};
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, part};
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::measured_set::MeasuredSet;
use crate::opening::open_with_images;
use crate::pictures::sample;

/// Draw what single latent dimensions do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae traverse runs/glyphs-vae-1 -o numbers.png
  ae traverse runs/glyphs-vae-1 --image a.png --rows 12 --reach 2 -o numbers.png

A row for each of the numbers that say most about the images: by their divergence from the prior for
a variational model, by their variance for any other. A row moves one number and keeps the rest.")]
pub(super) struct TraverseArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images that say which numbers matter, and how far they reach.
    #[command(flatten)]
    data: DataArguments,
    /// Which images [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// Begin at this image's code [default: at the prior's mean, or the codes' mean].
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// How many numbers to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 8)]
    rows: usize,
    /// Images in a row.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 9)]
    steps: usize,
    /// How many standard deviations a row reaches to either side.
    #[arg(long, value_name = "DEVIATIONS", value_parser = above_zero, default_value_t = 3.0)]
    reach: f64,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Images that say which numbers matter.
const MEASURED_IMAGES: usize = 2_000;
/// Images in a row, and rows, at most.
const MOST: usize = 40;

#[derive(Serialize)]
struct Traversed {
    model: String,
    /// The images that say which numbers matter.
    #[serde(flatten)]
    set: MeasuredSet,
    /// The numbers drawn, counted from 0, in the order of the rows.
    numbers: Vec<Number>,
    picture: PathBuf,
}

/// A latent dimension, and what is known of it.
#[derive(Serialize)]
struct Number {
    index: usize,
    /// Where a row begins if no image says so, and what a step of one deviation is.
    mean: f64,
    deviation: f64,
    /// Nats of divergence from the prior, for a model that has one.
    kl: Option<f64>,
}

pub(super) fn run(arguments: TraverseArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    for (option, value) in [("--steps", arguments.steps), ("--rows", arguments.rows)] {
        if value > MOST {
            let why = format!("'{value}': at most {MOST} fit on a picture");
            return Err(CliError::usage(option, why));
        }
    }
    let (model, opened, set) = open_with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        context,
    )?;
    let set = set.subset(sample(&set, MEASURED_IMAGES));
    let mut dimensions = model.latent_dimensions(&set, opened.seed())?;
    let start: Vec<f32> = match &arguments.image {
        Some(image) => model.encode(&[model.read_image(image)?])?.into_values(),
        None => dimensions.iter().map(|each| each.mean as f32).collect(),
    };
    dimensions.sort_by(|a, b| b.merit().total_cmp(&a.merit()).then(a.index.cmp(&b.index)));
    dimensions.truncate(arguments.rows);

    let offsets: Vec<f64> = (0..arguments.steps)
        .map(|step| {
            let last = (arguments.steps - 1).max(1) as f64;
            arguments.reach * (2.0 * step as f64 / last - 1.0)
        })
        .collect();
    let mut rows = Vec::with_capacity(dimensions.len());
    for dimension in &dimensions {
        rows.push(row(&model, &start, dimension, &offsets)?);
    }
    let begin = match &arguments.image {
        Some(image) => format!("around the code of {}", image.display()),
        None => "around the middle of the codes".to_owned(),
    };
    let traversed = Traversed {
        model: model.name().to_owned(),
        set: MeasuredSet::of(&opened),
        numbers: dimensions.into_iter().map(Number::from).collect(),
        picture: arguments.out,
    };
    let picture = picture_grid(&GridRequest {
        title: traversed.model.clone(),
        subtitle: format!("one number of the code at a time, {begin}"),
        column_labels: offsets.iter().map(|&offset| deviations(offset)).collect(),
        rows,
    })?;
    picture.write_png(&traversed.picture)?;
    terminal.result(&traversed, || {
        format!("picture   {}", traversed.picture.display())
    })
}

/// A distance from the middle, in deviations: `−2.25`, `0`, `+3`.
fn deviations(offset: f64) -> String {
    let text = format!("{offset:+.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "+0" | "-0" => "0".to_owned(),
        text => text.replace('-', "−"),
    }
}

impl From<LatentDimension> for Number {
    fn from(dimension: LatentDimension) -> Self {
        Self {
            index: dimension.index,
            mean: dimension.mean,
            deviation: dimension.deviation,
            kl: dimension.divergence,
        }
    }
}

/// What the decoder makes of the code when one dimension moves.
fn row(
    model: &OpenModel,
    start: &[f32],
    dimension: &LatentDimension,
    offsets: &[f64],
) -> Result<GridRow, CliError> {
    let mut row = GridRow::images(
        format!("number {}", dimension.index),
        model.traverse(start, dimension, offsets)?,
    );
    row.note = match dimension.divergence {
        Some(divergence) => format!("kl {divergence:.2} nats"),
        None => format!("deviation {:.3}", dimension.deviation),
    };
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::deviations;

    #[test]
    fn distances_are_written_shortly() {
        for (offset, expected) in [
            (-2.25, "−2.25"),
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "+3"),
            (0.5, "+0.5"),
        ] {
            assert_eq!(deviations(offset), expected);
        }
    }
}
