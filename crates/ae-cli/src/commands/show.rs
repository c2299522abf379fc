//! `ae show`.

use std::path::PathBuf;

use ae_data::Part;
use ae_train::{RunDirectory, read_metrics};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{
    DataArguments, DeviceArguments, ModelPosition, NoiseArgument, part, tell_unused_clip,
};
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::image_source::read_run_config;
use crate::measured_set::MeasuredSet;
use crate::opening::{find, open_with_images};
use crate::pictures;

/// Draw what a model does, or how its losses fell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae show runs/glyphs-conv-1 -o letters.png          inputs, their codes, what comes out
  ae show runs/glyphs-conv-1 --noise masking:0.3 -o noisy.png   noisy, denoised, clean
  ae show runs/glyphs-conv-1 --losses -o losses.png  the run's losses by epoch")]
pub(super) struct ShowArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images.
    #[command(flatten)]
    data: DataArguments,
    /// Add this noise to what the model sees [default: what it was trained with].
    #[command(flatten)]
    noise: NoiseArgument,
    /// The seed of the noise [default: the run's].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Which images [default: test, of the set that the model was trained on; all, of any other].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 10)]
    count: usize,
    /// Draw the run's losses by epoch.
    #[arg(long)]
    losses: bool,
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

#[derive(Serialize)]
struct Shown {
    model: String,
    /// Nothing of the losses, which are of no set.
    #[serde(flatten)]
    set: Option<MeasuredSet>,
    picture: PathBuf,
}

pub(super) fn run(arguments: ShowArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    let out = arguments.out.clone();
    let (model, set, picture) = match arguments.losses {
        true => losses(arguments, context)?,
        false => model_at_work(arguments, context)?,
    };
    picture.write_png(&out)?;
    let shown = Shown {
        model,
        set,
        picture: out,
    };
    terminal.result(&shown, || format!("picture   {}", shown.picture.display()))
}

/// What was drawn: the model's name, the images it saw, and the picture.
type Drawn = (String, Option<MeasuredSet>, ae_report::Picture);

fn losses(arguments: ShowArguments, context: &Context<'_>) -> Result<Drawn, CliError> {
    let path = find(arguments.model.path().as_deref(), context)?;
    let name = path.name();
    let run = path.run().ok_or_else(|| {
        CliError::usage("--losses", format!("{name} is a model file outside a run"))
    })?;
    let config = read_run_config(run, context.registry)?;
    let lines = read_metrics(&RunDirectory::open(run)?.metrics_file())?;
    let picture = pictures::losses(&name, pictures::loss_name(&config), &lines)?;
    Ok((name, None, picture))
}

fn model_at_work(arguments: ShowArguments, context: &Context<'_>) -> Result<Drawn, CliError> {
    let (model, opened, set) = open_with_images(
        arguments.model,
        &arguments.data,
        arguments.part,
        arguments.device,
        context,
    )?;
    let trained = match arguments.noise.noise {
        Some(_) => None,
        None => model.trained_noise()?,
    };
    let noise = arguments.noise.or(trained);
    tell_unused_clip(&arguments.noise, noise.as_ref(), &context.terminal);
    let noise = noise.as_ref().filter(|noise| !noise.is_empty());
    let picture = pictures::model_at_work(
        &model,
        &set,
        arguments.count,
        noise.map(|noise| (noise, arguments.seed.unwrap_or(opened.seed()))),
    )?;
    let measured = Some(MeasuredSet::of(&opened));
    Ok((model.name().to_owned(), measured, picture))
}
