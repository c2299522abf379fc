//! `ae data noise`.

use std::path::PathBuf;

use ae_data::{Image, ImageSet, NoiseChain, NoiseKind};
use ae_infer::noisy_image;
use ae_random::{Draw, Purpose};
use ae_report::{GridRequest, GridRow, picture_grid};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataPosition, read_noise};
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::image_source::ImageSource;
use crate::pictures::sample;

/// Draw one row of images under each noise.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae data noise -o noises.png
  ae data noise --noise gaussian:0.5 --noise gaussian:0.1,masking:0.3 -o two.png")]
pub(in crate::commands) struct DataNoiseArguments {
    /// The set.
    #[command(flatten)]
    set: DataPosition,
    /// A noise to draw; may be given several times [default: one of each kind].
    #[arg(long, value_name = "CHAIN", value_parser = read_noise)]
    noise: Vec<NoiseChain>,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 10)]
    count: usize,
    /// The seed of the noise.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
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
    noises: Vec<String>,
    picture: PathBuf,
}

pub(in crate::commands) fn run(
    arguments: DataNoiseArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    let set = ImageSource::alone(arguments.set).open(&terminal)?.train;
    let set = set.subset(sample(&set, arguments.count));
    let noises = match arguments.noise.is_empty() {
        false => arguments.noise,
        true => one_of_each()?,
    };
    let mut rows = vec![GridRow::images("clean", row(&set, None, arguments.seed)?)];
    for noise in &noises {
        let images = row(&set, Some(noise), arguments.seed)?;
        rows.push(GridRow::images(noise.to_string(), images));
    }
    let picture = picture_grid(&GridRequest {
        title: format!("{} under noise", set.name()),
        subtitle: "strengths in pixel units, where 1 is the full range".to_owned(),
        column_labels: Vec::new(),
        rows,
    })?;
    picture.write_png(&arguments.out)?;
    let shown = Shown {
        data: set.name().to_owned(),
        noises: noises.iter().map(ToString::to_string).collect(),
        picture: arguments.out,
    };
    terminal.result(&shown, || format!("picture   {}", shown.picture.display()))
}

fn one_of_each() -> Result<Vec<NoiseChain>, CliError> {
    NoiseKind::ALL
        .iter()
        .map(|kind| Ok(kind.example().parse()?))
        .collect()
}

fn row(set: &ImageSet, noise: Option<&NoiseChain>, seed: u64) -> Result<Vec<Image>, CliError> {
    (0..set.len())
        .map(|index| {
            let image = set.image(index)?;
            let Some(noise) = noise else { return Ok(image) };
            let draw = Draw {
                seed,
                purpose: Purpose::Display,
                epoch: 0,
                index: index as u64,
            };
            Ok(noisy_image(&image, noise, draw))
        })
        .collect()
}
