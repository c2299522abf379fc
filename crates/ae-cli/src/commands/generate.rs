//! `ae generate`.

use std::path::PathBuf;

use ae_data::Part;
use ae_infer::CodeSource;
use ae_report::{ImageGridRequest, image_grid};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition};
use crate::codec::transform::model::with_tables;
use crate::command::Example;
use crate::context::Context;
use crate::destination::check_drawing;
use crate::error::CliError;
use crate::measured_set::{open_set, request_of};
use crate::opening::{find, open};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] =
    &[("ae generate runs/glyphs-vae-1 -o new.png", "new letters")];

/// Draw new images, from codes drawn at random.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae generate runs/glyphs-vae-1 -o new.png                 codes drawn from the prior
  ae generate runs/letters-vq-1 -o new.png                 codewords drawn one after the other
  ae generate runs/glyphs-conv-1 --mixture 20 -o new.png   codes drawn from 20 Gaussians that are
                                                           fitted to those of the training images

A variational model has a prior, the standard normal; one with codewords (vq, fsq) the tables that its codes are
compressed by, place after place; any other needs --mixture.")]
pub(super) struct GenerateArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// How many images to draw.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 60)]
    count: usize,
    /// Fit this many Gaussians to the codes of the training images, and draw codes from them.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    mixture: Option<usize>,
    /// The images that a mixture is fitted to.
    #[command(flatten)]
    data: DataArguments,
    /// The seed of the codes.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
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

/// Images on one picture, at most.
const MOST_IMAGES: usize = 2_000;

#[derive(Serialize)]
struct Generated {
    model: String,
    /// Where the codes came from.
    codes: String,
    images: usize,
    picture: PathBuf,
}

pub(super) fn run(arguments: GenerateArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_drawing(&arguments.out, arguments.force)?;
    if arguments.count > MOST_IMAGES {
        return Err(CliError::usage(
            "--count",
            format!(
                "'{}': at most {MOST_IMAGES} fit on a picture",
                arguments.count
            ),
        ));
    }
    let found = find(arguments.model.path().as_deref(), context)?;
    let path = found.run().unwrap_or(found.file());
    let model = open(Some(path), arguments.device, context)?;
    let name = model.name().to_owned();
    let (images, codes) = match (arguments.mixture, model.index_grid()) {
        (None, Some(_)) => {
            let model = with_tables(model, &found)?;
            let images = model.drawn(arguments.count, arguments.seed)?;
            (images, "the tables of its codewords".to_owned())
        }
        (None, None) => {
            let codes = CodeSource::Prior;
            let images = model.generate(&codes, arguments.count, arguments.seed)?;
            (images, codes.to_string())
        }
        (Some(components), _) => {
            let request = request_of(&arguments.data, None);
            let opened = open_set(&model, &request, &context.terminal)?;
            let images = match opened.relation().is_own() {
                true => opened.images_of(Part::Train)?,
                false => opened.images()?,
            };
            let mixture = model.fit_mixture(&images, components, opened.seed())?;
            let codes = CodeSource::Mixture(mixture);
            let images = model.generate(&codes, arguments.count, arguments.seed)?;
            (images, codes.to_string())
        }
    };
    let generated = Generated {
        model: name,
        codes,
        images: images.len(),
        picture: arguments.out,
    };
    let picture = image_grid(&ImageGridRequest {
        title: &generated.model,
        subtitle: &format!(
            "{} images, their codes drawn from {}; seed {}",
            generated.images, generated.codes, arguments.seed
        ),
        images: &images,
        labels: &[],
        columns: None,
    })?;
    picture.write_png(&generated.picture)?;
    terminal.result(&generated, || {
        format!("picture   {}", generated.picture.display())
    })
}
