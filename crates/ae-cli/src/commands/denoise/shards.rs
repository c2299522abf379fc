//! Denoising a set in shards: of each comes one with the same files.

use std::fs;
use std::path::PathBuf;

use ae_data::{pack_shard, unpack_shard};

use crate::arguments::NoiseArgument;
use crate::commands::denoise::arguments::DenoiseArguments;
use crate::commands::denoise::denoiser::DenoiserArguments;
use crate::commands::denoise::pictures::denoise;
use crate::context::Context;
use crate::destination::make_folder;
use crate::error::CliError;
use crate::sharded::Sharded;

/// What decides the results.
#[derive(Debug)]
#[expect(dead_code, reason = "told as a whole")]
struct Options<'a> {
    denoiser: &'a DenoiserArguments,
    noise: &'a NoiseArgument,
    seed: u64,
    quality: Option<u8>,
}

/// Denoises the shards that fall to this process, each through a folder beside its result that is removed afterwards.
pub(super) fn run(
    arguments: &DenoiseArguments,
    shards: Vec<PathBuf>,
    context: &Context<'_>,
) -> Result<(), CliError> {
    for (option, path) in [
        ("--compare", &arguments.compare),
        ("--preview", &arguments.preview),
    ] {
        if path.is_some() {
            return Err(CliError::usage(option, "takes one picture, not shards"));
        }
    }
    if !arguments.denoiser.is_named() {
        return Err(CliError::usage("--model", "of shards, all by one: name it"));
    }
    let model = arguments.denoiser.file();
    let sharded = Sharded {
        command: "denoise",
        shards,
        out: &arguments.out,
        extension: "tar",
        model: model.as_deref(),
        force: arguments.force,
    };
    let options = Options {
        denoiser: &arguments.denoiser,
        noise: &arguments.noise,
        seed: arguments.seed,
        quality: arguments.quality,
    };
    sharded.run(&options, context, |shard, result, context| {
        let name = result.file_stem().unwrap_or_default().to_string_lossy();
        let folder = result.with_file_name(format!(".{name}"));
        let remove = || match fs::remove_dir_all(&folder) {
            Err(error) if folder.exists() => Err(CliError::io(&folder, "remove", &error)),
            _ => Ok(()),
        };
        remove()?;
        let (noisy, clean) = (folder.join("noisy"), folder.join("clean"));
        make_folder(&noisy)?;
        let order = unpack_shard(shard, &noisy)?;
        let mut one = arguments.clone();
        (one.pictures, one.out) = (vec![noisy.clone()], clean.clone());
        let denoised = denoise(one, context).map_err(|error| error.for_member(&noisy, shard));
        let packed = denoised.and_then(|()| Ok(pack_shard(result, &order, &[&clean, &noisy])?));
        remove()?;
        packed
    })
}
