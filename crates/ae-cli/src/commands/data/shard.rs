//! `ae data shard`.

use std::fs;
use std::path::{Path, PathBuf};

use ae_data::{Part, shard_name, write_shard};
use ae_report::{counted, thousands};
use clap::Args;
use serde::Serialize;

use crate::arguments::value::at_least_one;
use crate::arguments::{DataPosition, part};
use crate::context::Context;
use crate::destination::make_folder;
use crate::error::{CliError, Status};
use crate::image_source::{ImageSource, own_part, tell_left_out};

/// Write a set as shards: tar archives by WebDataset's convention.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae data shard letters.tar.gz -o shards/
  ae data shard t10k-images-idx3-ubyte --images-per-shard 1000 -o shards/
  mpirun -n 4 ae encode runs/letters-conv-1 --data 'shards/*.tar' -o codes/

Of each image a shard has KEY.png, of 8 bits and without loss, and KEY.cls with the number of its class, where the set has
labels; the key is the image's index. Each shard is there whole or not at all, and the same images give the same bytes.")]
pub(in crate::commands) struct DataShardArguments {
    /// The set.
    #[command(flatten)]
    set: DataPosition,
    /// Which images, of a set that has parts of its own [default: all].
    #[arg(long, value_parser = part())]
    part: Option<Part>,
    /// Images in a shard; the last has what is left.
    #[arg(long, value_name = "N", value_parser = at_least_one, default_value_t = 10_000)]
    images_per_shard: usize,
    /// The folder.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Replace the shards that are there.
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Sharded {
    data: String,
    folder: PathBuf,
    images: usize,
    has_labels: bool,
    shards: usize,
    bytes: u64,
    /// What --data takes.
    pattern: String,
}

pub(in crate::commands) fn run(
    arguments: DataShardArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    let out = &arguments.out;
    let there = match out.is_dir() {
        true => shards_in(out)?,
        false => Vec::new(),
    };
    if let Some(path) = there.first()
        && !arguments.force
    {
        return Err(
            CliError::failure(Status::Files, path.display(), "exists already")
                .hint("--force replaces the shards; --out names another folder"),
        );
    }
    let source = ImageSource::alone(arguments.set);
    if let Some(side) = source.config.patch {
        terminal.warning(format!(
            "--patch {side}: of each picture the patch from its center goes into a shard, and the rest is left out"
        ));
    }
    let dataset = source.open(&terminal)?;
    tell_left_out(&dataset, &terminal);
    if dataset.value_range.is_some() {
        terminal.warning("pictures of more than 8 bits, of which shards keep 8");
    }
    let has_parts = dataset.validation.is_some() || dataset.test.is_some();
    if has_parts && arguments.part.is_none() {
        terminal.warning(format!(
            "{} has parts of its own, which go into the same shards, one after the other: --part train, validation or test takes one",
            dataset.name
        ));
    }
    let mut images = own_part(&dataset, arguments.part)?;
    if let Some(limit) = source.config.limit {
        images = source.limited(&images, limit)?;
    }
    let shards = images.len().div_ceil(arguments.images_per_shard);
    make_folder(out)?;
    for path in there {
        fs::remove_file(&path).map_err(|error| CliError::io(&path, "remove", &error))?;
    }
    let mut bytes = 0;
    for number in 0..shards {
        let start = number * arguments.images_per_shard;
        let end = (start + arguments.images_per_shard).min(images.len());
        let path = out.join(shard_name(number));
        write_shard(&images, start..end, &path)?;
        bytes += fs::metadata(&path)
            .map_err(|error| CliError::io(&path, "read", &error))?
            .len();
    }
    let pattern = format!("shard-{{{:06}..{:06}}}.tar", 0, shards.saturating_sub(1));
    let sharded = Sharded {
        data: images.name().to_owned(),
        folder: out.clone(),
        images: images.len(),
        has_labels: !images.classes().is_empty(),
        shards,
        bytes,
        pattern: out.join(pattern).display().to_string(),
    };
    terminal.result(&sharded, || sharded.text())
}

/// The shards that a folder holds.
fn shards_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let read = |error| CliError::io(folder, "read", &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let name = entry.map_err(read)?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("shard-") && name.ends_with(".tar") {
            found.push(folder.join(&*name));
        }
    }
    found.sort();
    Ok(found)
}

impl Sharded {
    fn text(&self) -> String {
        format!(
            "{}: {} {} in {}, {} bytes\n--data '{}'",
            self.data,
            thousands(self.images as u64),
            match self.has_labels {
                true => "images with their classes",
                false => "images",
            },
            counted(self.shards, "shard"),
            thousands(self.bytes),
            self.pattern,
        )
    }
}
