//! `ae denoise`.

mod arguments;
mod denoiser;
mod jobs;
mod picture;
mod pictures;
mod report;
mod shards;
mod step_progress;
mod unpacked;

pub(super) use arguments::DenoiseArguments;

use crate::command::Example;
use crate::context::Context;
use crate::error::CliError;
use crate::sharded::shards_of;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[
    (
        "ae denoise photo.png -o clean.png",
        "a photograph, by the model that is built in",
    ),
    (
        "ae denoise photo.png -o clean.png --model bm3d",
        "the same by a filter, without training",
    ),
    (
        "ae denoise --self scan.png -o clean.png",
        "by a network that is trained on nothing but the scan",
    ),
];

pub(super) fn run(arguments: DenoiseArguments, context: &Context<'_>) -> Result<(), CliError> {
    if let [one] = arguments.pictures.as_slice() {
        let found = match one.extension().is_some_and(|ending| ending == "tar") && one.is_file() {
            true => Some(vec![one.clone()]),
            false => shards_of(one.to_str())?,
        };
        if let Some(found) = found {
            return shards::run(&arguments, found, context);
        }
    }
    context.ranks.check_alone("denoise")?;
    pictures::denoise(arguments, None, context).map(|_| ())
}
