//! `ae eval`.

use ae_data::NoiseChain;

use crate::arguments::{EvalArguments, MeasuredPart};
use crate::error::CliError;
use crate::inference::OpenModel;
use crate::measure::{Conditions, evaluate};
use crate::models::Wanted;
use crate::output::Terminal;
use crate::sources::{Source, check_shape, trained_noise};

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
    let evaluation = evaluate(
        opened.path.name(),
        &opened.model,
        &opened.device.device,
        Conditions {
            split: &split,
            noise: noise
                .as_ref()
                .filter(|noise: &&NoiseChain| !noise.is_empty()),
            seed: arguments.seed.unwrap_or(source.seed),
        },
    )?;
    terminal.result(&evaluation, || evaluation.text())
}
