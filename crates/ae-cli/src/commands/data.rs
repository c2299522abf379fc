//! `ae data …`: commands about image sets.

mod glyphs;
mod info;
mod noise;
mod shard;
mod show;

use crate::arguments::known_sets;
use crate::command::{Entry, Example};

pub(super) const ABOUT: &str = "Look at image sets, draw noises, make glyphs and shards";

pub(super) const EXAMPLES: &[Example] =
    &[("ae data info letters.tar.gz", "what a set of images holds")];

/// What `ae data --help` ends with.
pub(super) fn help() -> String {
    format!(
        "\
Examples:
  ae data info notMNIST_small.tar.gz         counts, shape, range, duplicates, unreadable files
  ae data show glyphs -o grid.png
  ae data noise --noise gaussian:0.5 --noise cutout:0.3 -o noises.png
  ae data glyphs --fonts ~/.fonts -o my-glyphs/
  ae data shard letters.tar.gz -o shards/

A set is {}.",
        known_sets()
    )
}

/// Every command of the group, in the order of its help.
pub(super) fn all() -> Vec<Entry> {
    vec![
        Entry::command("info", info::run),
        Entry::command("show", show::run),
        Entry::command("noise", noise::run),
        Entry::command("glyphs", glyphs::run),
        Entry::command("shard", shard::run),
    ]
}
