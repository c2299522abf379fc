//! What several processes that train one model have to know of each other before they begin.

use ae_data::Split;
use ae_report::counted;
use ae_train::{CheckedTrainConfig, RunConfig};

use super::arguments::TrainArguments;
use super::configuration;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::ranks::Ranks;
use crate::terminal::Terminal;

/// Parts of a batch of a run that a launcher begins, where nobody says how many: also with one rank, so that any number of
/// ranks gives the same bytes.
const PARTS: usize = 8;

/// The run's configuration: what the first rank makes of the arguments and its files.
///
/// # Errors
/// Those of [`configuration::configuration`].
pub(super) fn configuration(
    arguments: &TrainArguments,
    context: &Context<'_>,
) -> Result<RunConfig, CliError> {
    let ranks = context.ranks;
    let own = || {
        let mut config = configuration::configuration(arguments, context.registry)?;
        if ranks.launcher().is_some() && !is_decided(arguments) {
            config.train.batch_parts = PARTS;
        }
        Ok(config)
    };
    if ranks.size() == 1 {
        return own();
    }
    let internal = |error: &dyn std::error::Error| {
        CliError::failure(Status::Internal, "the configuration of rank 0", error)
    };
    let text = ranks.of_first(|| toml::to_string(&own()?).map_err(|error| internal(&error)))?;
    RunConfig::from_toml(&text, context.registry).map_err(|error| internal(&error))
}

/// Whether the arguments or a file of theirs say in how many parts a batch is computed.
pub(super) fn is_decided(arguments: &TrainArguments) -> bool {
    arguments.batch_parts.is_some() || arguments.resume.is_some() || arguments.config.is_some()
}

/// Tells how a batch is shared out, and which ranks have nothing to do.
pub(super) fn tell(train: &CheckedTrainConfig, split: &Split, ranks: &Ranks, terminal: &Terminal) {
    let Some(launcher) = ranks.launcher() else {
        return;
    };
    let size = ranks.size();
    let images = train.batch_size.min(split.train.len());
    let part = images.div_ceil(train.batch_parts).max(1);
    let parts = images.div_ceil(part);
    terminal.note(format!(
        "{launcher}: {}, a batch in {} of {}; the same bytes for any number of ranks, and without {launcher} by \
         --batch-parts {}",
        counted(size, "rank"),
        counted(parts, "part"),
        counted(part, "image"),
        train.batch_parts,
    ));
    if parts < size {
        terminal.warning(format!(
            "{} of {} have no part of a batch to compute: --batch-parts of a new run makes more",
            size - parts,
            counted(size, "rank"),
        ));
    }
}
