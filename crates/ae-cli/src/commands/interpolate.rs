//! `ae interpolate`.

use std::path::{Path, PathBuf};

use ae_eval::Interpolation;
use ae_infer::fade;
use ae_report::{GridRequest, GridRow, picture_grid};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::{at_least_one, parsed};
use crate::arguments::{DeviceArguments, ModelOption};
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::opening::open;

/// Draw the way from one image to another.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae interpolate a.png b.png -o between.png
  ae interpolate a.png b.png --model runs/glyphs-vae-1 --path spherical --steps 12 -o between.png

The first row fades the pixels, for comparison; the others decode codes between the two images'.")]
pub(super) struct InterpolateArguments {
    /// The first image.
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// The last image.
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// The model.
    #[command(flatten)]
    model: ModelOption,
    /// The way between the two codes: linear, spherical [default: both].
    #[arg(long, value_name = "WAY", value_parser = parsed::<Interpolation>)]
    path: Option<Interpolation>,
    /// Images in a row, the two ends included.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 9)]
    steps: usize,
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

/// Images in a row, at most.
const MOST_STEPS: usize = 40;

#[derive(Serialize)]
struct Interpolated {
    model: String,
    from: PathBuf,
    to: PathBuf,
    paths: Vec<String>,
    steps: usize,
    picture: PathBuf,
}

pub(super) fn run(arguments: InterpolateArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    if !(2..=MOST_STEPS).contains(&arguments.steps) {
        return Err(CliError::usage(
            "--steps",
            format!("'{}': must be 2 to {MOST_STEPS}", arguments.steps),
        ));
    }
    let model = open(arguments.model.model.as_deref(), arguments.device, context)?;
    for note in model.preparation_notes(None, None) {
        terminal.warning(note);
    }
    let from = model.read_image(&arguments.from)?;
    let to = model.read_image(&arguments.to)?;

    let shares = (0..arguments.steps).map(|step| step as f64 / (arguments.steps - 1) as f64);
    let shares: Vec<f64> = shares.collect();
    let mut pixels = GridRow::images("pixels", fade(&from, &to, &shares));
    pixels.note = "faded".to_owned();
    let mut rows = vec![pixels];
    let ways = match arguments.path {
        Some(way) => vec![way],
        None => vec![Interpolation::Linear, Interpolation::Spherical],
    };
    for way in &ways {
        let images = model.interpolate(&from, &to, *way, &shares)?;
        let mut row = GridRow::images(way.to_string(), images);
        row.note = "in the code".to_owned();
        rows.push(row);
    }
    let interpolated = Interpolated {
        model: model.name().to_owned(),
        paths: ways.iter().map(ToString::to_string).collect(),
        steps: arguments.steps,
        picture: arguments.out,
        from: arguments.from,
        to: arguments.to,
    };
    let picture = picture_grid(&GridRequest {
        title: interpolated.model.clone(),
        subtitle: format!(
            "from {} to {}",
            name_of(&interpolated.from),
            name_of(&interpolated.to)
        ),
        column_labels: shares.iter().map(|share| format!("{share:.2}")).collect(),
        rows,
    })?;
    picture.write_png(&interpolated.picture)?;
    terminal.result(&interpolated, || {
        format!("picture   {}", interpolated.picture.display())
    })
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
