//! `ae data show`.

use std::path::PathBuf;

use ae_report::{ImageGridRequest, image_grid, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::DataPosition;
use crate::arguments::value::at_least_one;
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::image_source::ImageSource;
use crate::pictures::sample;

/// Draw images of a set.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae data show glyphs -o grid.png
  ae data show pictures/ --size 64 --count 200 -o grid.png")]
pub(in crate::commands) struct DataShowArguments {
    /// The set.
    #[command(flatten)]
    set: DataPosition,
    /// How many images to draw, spread over the set.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 100)]
    count: usize,
    /// The PNG file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Shown {
    data: String,
    images: usize,
    picture: PathBuf,
}

pub(in crate::commands) fn run(
    arguments: DataShowArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    let set = ImageSource::alone(arguments.set).open(&terminal)?.train;
    let chosen = sample(&set, arguments.count);
    let images = chosen
        .iter()
        .map(|&index| set.image(index))
        .collect::<Result<Vec<_>, _>>()?;
    let labels: Vec<String> = chosen
        .iter()
        .filter_map(|&index| Some(set.classes()[set.label(index)? as usize].clone()))
        .collect();
    let picture = image_grid(&ImageGridRequest {
        title: set.name(),
        subtitle: &format!(
            "{} of {} images, {} (width x height x channels)",
            thousands(images.len() as u64),
            thousands(set.len() as u64),
            set.shape()
        ),
        images: &images,
        labels: &labels,
        columns: None,
    })?;
    picture.write_png(&arguments.out)?;
    let shown = Shown {
        data: set.name().to_owned(),
        images: images.len(),
        picture: arguments.out,
    };
    terminal.result(&shown, || format!("picture   {}", shown.picture.display()))
}
