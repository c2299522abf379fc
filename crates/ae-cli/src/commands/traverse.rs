//! `ae traverse`.

use std::path::PathBuf;

use ae_data::{Image, ImageSet};
use ae_models::Autoencoder as _;
use ae_report::{GridRequest, GridRow, picture_grid};
use ae_train::{CodeReport, report_codes};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::{above_zero, at_least_one};
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, Part};
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::evaluation::BATCH_SIZE;
use crate::inference::OpenModel;
use crate::pictures::sample;

/// Draw what single numbers of a code do.
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
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
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
    /// The numbers drawn, counted from 0, in the order of the rows.
    numbers: Vec<Number>,
    picture: PathBuf,
}

/// A number of the code, and what is known of it.
#[derive(Clone, Serialize)]
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
    check_writable(&arguments.out, arguments.force)?;
    for (option, value) in [("--steps", arguments.steps), ("--rows", arguments.rows)] {
        if value > MOST {
            let why = format!("'{value}': at most {MOST} fit on a picture");
            return Err(CliError::usage(option, why));
        }
    }
    let (opened, source, set) = OpenModel::with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        &terminal,
    )?;
    let set = set.subset(sample(&set, MEASURED_IMAGES));
    let mut numbers = numbers(&opened, &set, source.seed)?;
    let start = match &arguments.image {
        Some(image) => opened.encode(1, opened.read_image(image)?.to_unit())?,
        None => numbers.iter().map(|number| number.mean as f32).collect(),
    };
    let merit = |number: &Number| number.kl.unwrap_or(number.deviation);
    numbers.sort_by(|a, b| merit(b).total_cmp(&merit(a)).then(a.index.cmp(&b.index)));
    numbers.truncate(arguments.rows);

    let offsets: Vec<f64> = (0..arguments.steps)
        .map(|step| {
            let last = (arguments.steps - 1).max(1) as f64;
            arguments.reach * (2.0 * step as f64 / last - 1.0)
        })
        .collect();
    let mut rows = Vec::with_capacity(numbers.len());
    for number in &numbers {
        rows.push(row(&opened, &start, number, &offsets)?);
    }
    let begin = match &arguments.image {
        Some(image) => format!("around the code of {}", image.display()),
        None => "around the middle of the codes".to_owned(),
    };
    let traversed = Traversed {
        model: opened.path.name(),
        numbers,
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

/// What the images say of every number of the code.
fn numbers(opened: &OpenModel, set: &ImageSet, seed: u64) -> Result<Vec<Number>, CliError> {
    let report = report_codes(&opened.model, set, seed, &opened.device.device, BATCH_SIZE)?;
    if let Some(CodeReport::Variational(report)) = report {
        // The prior says where codes are: around 0, with a deviation of 1.
        let divergences = report.kl_per_dimension.into_iter().enumerate();
        return Ok(divergences
            .map(|(index, kl)| Number {
                index,
                mean: 0.0,
                deviation: 1.0,
                kl: Some(kl),
            })
            .collect());
    }
    let values = opened.model.code_values();
    let (mut sums, mut squares) = (vec![0.0; values], vec![0.0; values]);
    let codes = opened.codes(set)?;
    for code in codes.chunks_exact(values) {
        for ((sum, square), &value) in sums.iter_mut().zip(&mut squares).zip(code) {
            *sum += f64::from(value);
            *square += f64::from(value).powi(2);
        }
    }
    let count = set.len() as f64;
    let moments = sums.into_iter().zip(squares).enumerate();
    Ok(moments
        .map(|(index, (sum, square))| {
            let mean = sum / count;
            Number {
                index,
                mean,
                deviation: (square / count - mean * mean).max(0.0).sqrt(),
                kl: None,
            }
        })
        .collect())
}

/// What the decoder draws when one number moves.
fn row(
    opened: &OpenModel,
    start: &[f32],
    number: &Number,
    offsets: &[f64],
) -> Result<GridRow, CliError> {
    let codes = offsets.iter().flat_map(|offset| {
        let mut code = start.to_vec();
        code[number.index] = (number.mean + offset * number.deviation) as f32;
        code
    });
    let shape = opened.image_shape();
    let values = opened.decode(offsets.len(), codes.collect())?;
    let images = values.chunks_exact(shape.values());
    let mut row = GridRow::images(
        format!("number {}", number.index),
        images
            .map(|values| Image::from_unit(shape, values))
            .collect(),
    );
    row.note = match number.kl {
        Some(kl) => format!("kl {kl:.2} nats"),
        None => format!("deviation {:.3}", number.deviation),
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
