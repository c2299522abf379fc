//! Denoising a set in shards: of each comes one with the same files.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{ShardFile, pack_shard, unpack_shard};

use crate::arguments::NoiseArgument;
use crate::commands::denoise::arguments::DenoiseArguments;
use crate::commands::denoise::denoiser::DenoiserArguments;
use crate::commands::denoise::pictures::denoise;
use crate::commands::denoise::unpacked::Unpacked;
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
        seed: arguments.seed.unwrap_or_default(),
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
        let mut one = arguments.clone();
        (one.pictures, one.out) = (vec![noisy.clone()], clean.clone());
        let unpacked = Unpacked {
            archive: shard,
            folder: &noisy,
            results: &clean,
        };
        let denoised = || {
            let files = unpack_shard(shard, &noisy)?;
            let written =
                denoise(one, Some(unpacked), context).map_err(|error| unpacked.error(error))?;
            let results = written
                .iter()
                .map(|picture| (picture.input.as_path(), picture.output.as_path()));
            let files = with_results(files, &results.collect());
            if let Some(kept) = kept_as_they_are(&files, &noisy) {
                let shard = shard.display();
                context
                    .terminal
                    .warning(format!("{shard}: kept as they are, no pictures: {kept}"));
            }
            Ok(pack_shard(result, &files)?)
        };
        let packed = denoised();
        let removed = remove();
        packed.and(removed)
    })
}

/// The files of an archive, each picture with its result in its place, which may have another ending.
fn with_results(files: Vec<ShardFile>, results: &HashMap<&Path, &Path>) -> Vec<ShardFile> {
    let of_file = |file: ShardFile| match results.get(file.file.as_path()) {
        Some(result) => ShardFile {
            name: file
                .name
                .with_file_name(result.file_name().unwrap_or_default()),
            file: result.to_path_buf(),
        },
        None => file,
    };
    files.into_iter().map(of_file).collect()
}

/// The first names, and the number, of files that went into the result from `unpacked` and do not belong to a picture by WebDataset's
/// convention, by which the files of a sample have its key up to the first dot of their names.
fn kept_as_they_are(files: &[ShardFile], unpacked: &Path) -> Option<String> {
    const NAMED: usize = 3;
    let key = |name: &Path| {
        let file = name.file_name().unwrap_or_default().to_string_lossy();
        let key = file.split('.').next().unwrap_or_default().to_owned();
        name.with_file_name(key)
    };
    let (kept, denoised): (Vec<_>, Vec<_>) = files
        .iter()
        .partition(|file| file.file.starts_with(unpacked));
    let keys: HashSet<PathBuf> = denoised.iter().map(|file| key(&file.name)).collect();
    let alone = kept.iter().filter(|file| !keys.contains(&key(&file.name)));
    let alone: Vec<String> = alone.map(|file| file.name.display().to_string()).collect();
    match alone.len() {
        0 => None,
        1..=NAMED => Some(alone.join(", ")),
        count => Some(format!("{count} files, as {}", alone[..NAMED].join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_kept_and_told_of_unless_it_is_a_picture_s() {
        let file = |name: &str| ShardFile {
            name: name.into(),
            file: Path::new("noisy").join(name),
        };
        let names = ["a/1.png", "a/1.cls", "a/2.pbm", "2.txt", "a/.hidden.png"];
        let written =
            [("a/1.png", "a/1.png"), ("a/2.pbm", "a/2.pbm.pgm")].map(|(input, output)| {
                (
                    Path::new("noisy").join(input),
                    Path::new("clean").join(output),
                )
            });
        let results = written
            .iter()
            .map(|(input, output)| (input.as_path(), output.as_path()));
        let files = with_results(names.map(file).to_vec(), &results.collect());
        let found: Vec<_> = files
            .iter()
            .map(|file| (file.name.to_str().unwrap(), file.file.to_str().unwrap()))
            .collect();
        let expected = [
            ("a/1.png", "clean/a/1.png"),
            ("a/1.cls", "noisy/a/1.cls"),
            ("a/2.pbm.pgm", "clean/a/2.pbm.pgm"),
            ("2.txt", "noisy/2.txt"),
            ("a/.hidden.png", "noisy/a/.hidden.png"),
        ];
        assert_eq!(found, expected);
        assert_eq!(
            kept_as_they_are(&files, Path::new("noisy")).as_deref(),
            Some("2.txt, a/.hidden.png")
        );
        assert_eq!(kept_as_they_are(&files[..3], Path::new("noisy")), None);
    }
}
