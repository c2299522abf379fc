//! `ae eval`.

use ae_data::NoiseChain;
use ae_models::Autoencoder as _;
use ae_train::estimate_log_likelihood;

use crate::arguments::{EvalArguments, MeasuredPart};
use crate::error::CliError;
use crate::evaluation::{Conditions, evaluate};
use crate::image_source::{Source, check_shape, trained_noise};
use crate::inference::OpenModel;
use crate::models::Wanted;
use crate::terminal::Terminal;

pub(super) fn run(arguments: EvalArguments) -> Result<(), CliError> {
    let terminal = Terminal::from(arguments.output);
    let path = arguments.model.path();
    let opened = OpenModel::open(path.as_deref(), Wanted::Any, arguments.device, &terminal)?;
    let source = Source::for_model(&arguments.data, &opened.path, &opened.card)?;
    let mut split = source.split(&terminal)?;
    if arguments.part == MeasuredPart::Train {
        split.test = split.train.clone();
    }
    check_shape(&opened.path, &opened.card, &split.test)?;
    let noise = match arguments.noise.noise {
        Some(noise) => Some(noise),
        None => trained_noise(&opened.path, &opened.card)?,
    };
    if arguments.nll.is_some() && opened.model.as_latent_variable_model().is_none() {
        return Err(CliError::usage(
            "--nll",
            format!("a model of kind {} has no likelihood", opened.kind()),
        )
        .hint("ae train --model vae trains one that has"));
    }
    let seed = arguments.seed.unwrap_or(source.seed);
    let mut evaluation = evaluate(
        opened.path.name(),
        &opened.model,
        &opened.device.device,
        Conditions {
            split: &split,
            noise: noise
                .as_ref()
                .filter(|noise: &&NoiseChain| !noise.is_empty()),
            seed,
        },
    )?;
    if let Some(samples) = arguments.nll {
        evaluation.likelihood = estimate_log_likelihood(
            &opened.model,
            &split.test,
            samples,
            seed,
            &opened.device.device,
        )?;
    }
    terminal.result(&evaluation, || evaluation.text())
}
