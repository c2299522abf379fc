//! `ae eval`.

use ae_data::NoiseChain;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, NoiseArgument};
use crate::command::Example;
use crate::context::Context;
use crate::error::CliError;
use crate::evaluation::{Conditions, evaluate};
use crate::image_source::ImageSource;
use crate::opening::{Wanted, open};
use clap::{Args, ValueEnum};

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae eval runs/glyphs-conv-1",
    "a model beside PCA, JPEG and other baselines",
)];

/// Measure a model beside baselines on the same images.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae eval                                    the newest run under runs/, on its own test images
  ae eval runs/glyphs-conv-1 --data letters.tar.gz --json
  ae eval runs/glyphs-conv-1 --noise salt-and-pepper:0.2 --limit 500
  ae eval runs/glyphs-vae-1 --nll 200        the log-likelihood by 200 importance samples, too")]
pub(super) struct EvalArguments {
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
    /// Which images of the set are measured; PCA and the like are fitted to the training images.
    #[arg(long, value_enum, default_value_t = MeasuredPart::Test)]
    part: MeasuredPart,
    /// Estimate the log-likelihood of the images by this many codes each (vae).
    #[arg(long, value_name = "SAMPLES", value_parser = at_least_one)]
    nll: Option<usize>,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// Which images a model is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MeasuredPart {
    /// The test images.
    Test,
    /// The training images.
    Train,
}

pub(super) fn run(arguments: EvalArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let path = arguments.model.path();
    let model = open(path.as_deref(), Wanted::Any, arguments.device, context)?;
    let source = ImageSource::for_model(&arguments.data, &model, context.registry)?;
    let mut split = source.split(&terminal)?;
    if arguments.part == MeasuredPart::Train {
        split.test = split.train.clone();
    }
    model.check_set(&split.test)?;
    let noise = match arguments.noise.noise {
        Some(noise) => Some(noise),
        None => model.trained_noise()?,
    };
    if arguments.nll.is_some() && !model.has_prior() {
        return Err(CliError::usage(
            "--nll",
            format!("a model of kind {} has no likelihood", model.kind()),
        )
        .hint("ae train --model vae trains one that has"));
    }
    let seed = arguments.seed.unwrap_or(source.seed);
    let mut evaluation = evaluate(
        &model,
        Conditions {
            split: &split,
            noise: noise
                .as_ref()
                .filter(|noise: &&NoiseChain| !noise.is_empty()),
            seed,
        },
    )?;
    if let Some(samples) = arguments.nll {
        evaluation.likelihood = model.log_likelihood(&split.test, samples, seed)?;
    }
    terminal.result(&evaluation, || evaluation.text())
}
