//! `ae generate`.

use std::path::PathBuf;

use ae_data::Image;
use ae_eval::GaussianMixture;
use ae_models::Autoencoder as _;
use ae_random::{Draw, Purpose};
use ae_report::{ImageGridRequest, image_grid};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition};
use crate::command::Example;
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::evaluation::BATCH_SIZE;
use crate::image_source::{ImageSource, check_shape};
use crate::inference::OpenModel;
use crate::models::Wanted;
use crate::terminal::Terminal;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] =
    &[("ae generate runs/glyphs-vae-1 -o new.png", "new letters")];

/// Draw new images, from codes drawn at random.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae generate runs/glyphs-vae-1 -o new.png                 codes drawn from the prior
  ae generate runs/glyphs-conv-1 --mixture 20 -o new.png   codes drawn from 20 Gaussians that are
                                                           fitted to those of the training images

A variational model has a prior, the standard normal; any other needs --mixture.")]
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
    check_writable(&arguments.out, arguments.force)?;
    if arguments.count > MOST_IMAGES {
        return Err(CliError::usage(
            "--count",
            format!(
                "'{}': at most {MOST_IMAGES} fit on a picture",
                arguments.count
            ),
        ));
    }
    let path = arguments.model.path();
    let opened = OpenModel::open(path.as_deref(), Wanted::Any, arguments.device, &terminal)?;
    let (described, code) = match arguments.mixture {
        Some(components) => {
            let mixture = fit(&opened, &arguments.data, components, &terminal)?;
            let described = format!("a mixture of {components} Gaussians");
            let code: Box<dyn Fn(Draw) -> Vec<f32>> = Box::new(move |draw| mixture.sample(draw));
            (described, code)
        }
        None => {
            let numbers = prior_numbers(&opened)?;
            let code: Box<dyn Fn(Draw) -> Vec<f32>> = Box::new(move |draw| {
                let mut code = vec![0.0; numbers];
                draw.stream().fill_standard_normal(&mut code);
                code
            });
            ("the prior".to_owned(), code)
        }
    };
    let shape = opened.image_shape();
    let mut images = Vec::with_capacity(arguments.count);
    for first in (0..arguments.count).step_by(BATCH_SIZE) {
        let count = BATCH_SIZE.min(arguments.count - first);
        let codes = (first..first + count).flat_map(|index| {
            code(Draw {
                seed: arguments.seed,
                purpose: Purpose::Display,
                epoch: 0,
                index: index as u64,
            })
        });
        let drawn = opened.decode(count, codes.collect())?;
        let drawn = drawn.chunks_exact(shape.values());
        images.extend(drawn.map(|values| Image::from_unit(shape, values)));
    }
    let generated = Generated {
        model: opened.path.name(),
        codes: described,
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

/// How many numbers the prior has.
fn prior_numbers(opened: &OpenModel) -> Result<usize, CliError> {
    if opened.model.as_latent_variable_model().is_some() {
        return Ok(opened.model.code_values());
    }
    Err(CliError::usage(
        opened.path.name(),
        format!(
            "a model of kind {} has no prior to draw codes from",
            opened.kind()
        ),
    )
    .hint("--mixture 20 fits one to the codes of the training images"))
}

fn fit(
    opened: &OpenModel,
    data: &DataArguments,
    components: usize,
    terminal: &Terminal,
) -> Result<GaussianMixture, CliError> {
    let source = ImageSource::for_model(data, &opened.path, &opened.card)?;
    let train = source.split(terminal)?.train;
    check_shape(&opened.path, &opened.card, &train)?;
    let codes = opened.codes(&train)?;
    Ok(GaussianMixture::fit(
        &codes,
        opened.model.code_values(),
        components,
        source.seed,
    )?)
}
