//! `ae eval`.

mod rate_distortion;

use std::path::PathBuf;

use ae_data::{NoiseChain, Part};

use crate::arguments::value::at_least_one;
use crate::arguments::{
    DataArguments, DeviceArguments, ModelPosition, NoiseArgument, part, tell_unused_clip,
};
use crate::command::Example;
use crate::context::Context;
use crate::error::CliError;
use crate::evaluation::{Conditions, evaluate, evaluate_pictures};
use crate::measured_set::{MeasuredSet, open_set, request_of};
use crate::opening::open;
use crate::stored_codes::stored_codes;
use clap::Args;

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
  ae eval runs/glyphs-vae-1 --nll 200        the log-likelihood by 200 importance samples, too
  ae eval runs/letters-transform-1 --rate-distortion -o curves/   bits and losses beside JPEG, WebP and PNG

MSE, RMSE, PSNR and SSIM are of pixels on 0..1: their data range is 1. Bits per pixel of the log-likelihood are
of 256 levels, for the Gaussian's density (8 bits a value more) and the logistic alike; Bernoulli's are of black
and white.

A model that was trained on patches is measured on patches of its own test pictures, and on whole pictures of any other
set: each figure, the PSNR too, is then the mean over the pictures. With --patch it is measured on patches of them.")]
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
    /// Which images are measured [default: test, of the set that the model was trained on; all, of any other]. PCA and
    /// the like are fitted to the model's own training images.
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// Estimate the log-likelihood of the images by this many codes each (vae).
    #[arg(long, value_name = "SAMPLES", value_parser = at_least_one)]
    nll: Option<usize>,
    /// Measure bits and losses of a model of kind pixel or transform by whole files, beside JPEG, WebP and PNG, and draw them.
    #[arg(long, requires = "out", conflicts_with_all = ["noise", "nll"])]
    rate_distortion: bool,
    /// The folder of the pictures, with --rate-distortion.
    #[arg(long, short, value_name = "FOLDER", requires = "rate_distortion")]
    out: Option<PathBuf>,
    /// Write over pictures that are there.
    #[arg(long, requires = "rate_distortion")]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: EvalArguments, context: &Context<'_>) -> Result<(), CliError> {
    if arguments.rate_distortion
        && let Some(out) = arguments.out
    {
        return rate_distortion::run(
            rate_distortion::Request {
                model: arguments.model,
                data: arguments.data,
                part: arguments.part,
                threads: arguments.device.threads,
                out,
                force: arguments.force,
            },
            context,
        );
    }
    let terminal = context.terminal;
    let path = arguments.model.path();
    let model = open(path.as_deref(), arguments.device, context)?;
    let request = request_of(&arguments.data, arguments.part);
    let opened = open_set(&model, &request, &terminal)?;
    let images = opened.images()?;
    let is_whole = images.is_of_patches()
        && !opened.relation().is_own()
        && arguments.data.patch.is_none()
        && arguments.nll.is_none()
        && model.takes_any_size();
    let train = match opened.relation().is_own() {
        _ if is_whole => None,
        true => Some(opened.images_of(Part::Train)),
        false => Some(model.own_training_images(&request)),
    };
    let train = match train {
        None => None,
        Some(Ok(train)) => Some(train),
        Some(Err(error)) => {
            terminal.warning(format!(
                "baselines that learn are left out, as the model's training images cannot be had: {}",
                error
            ));
            None
        }
    };
    let trained = match arguments.noise.noise {
        Some(_) => None,
        None => model.trained_noise()?,
    };
    let noise = arguments.noise.or(trained);
    tell_unused_clip(&arguments.noise, noise.as_ref(), &context.terminal);
    if arguments.nll.is_some() && !model.has_prior() {
        return Err(CliError::usage(
            "--nll",
            format!("a model of kind {} has no likelihood", model.kind()),
        )
        .hint("ae train --model vae trains one that has"));
    }
    if model.is_self_supervised() && noise.as_ref().is_none_or(NoiseChain::is_empty) {
        terminal.warning(format!(
            "{} was trained on noisy pictures alone: if these are such, too, the figures tell how near the results come to \
             noisy pictures, which the better model need not be nearer to",
            model.name()
        ));
    }
    let seed = arguments.seed.unwrap_or(opened.seed());
    let conditions = Conditions {
        train: train.as_ref(),
        images: &images,
        set: MeasuredSet::of(&opened),
        noise: noise
            .as_ref()
            .filter(|noise: &&NoiseChain| !noise.is_empty()),
        seed,
    };
    let mut evaluation = match is_whole {
        true => evaluate_pictures(&model, conditions)?,
        false => evaluate(&model, conditions)?,
    };
    // Symbols are integers already, and noisy images' codes are no codes of the images.
    if let (Some(train), None, false) = (&train, &noise, is_whole)
        && model.qualities().is_err()
        && model.index_grid().is_none()
    {
        evaluation.stored_codes = stored_codes(&model, &images, train)?;
    }
    if let Some(samples) = arguments.nll {
        evaluation.likelihood = model.log_likelihood(&images, samples, seed)?;
    }
    terminal.result(&evaluation, || evaluation.text())
}
