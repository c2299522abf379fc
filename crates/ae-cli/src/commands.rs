//! The commands: a file each, with its arguments and what it does, and the list of them.
//!
//! A command checks its raw arguments, calls the libraries, and prints. To add one, write its file, name the file here,
//! and add an entry: the parser, help, hints, completions and tests are made from the list.

mod anomaly;
mod bench;
mod completions;
mod compress;
mod data;
mod decode;
mod decompress;
mod denoise;
mod devices;
mod encode;
mod eval;
mod export;
mod generate;
mod import;
mod info;
mod interpolate;
mod man;
mod map;
mod probe;
mod reconstruct;
mod serve;
mod show;
mod train;
mod traverse;
mod verify;

use crate::command::Entry;

/// Every command, in the order of `ae --help`.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        Entry::command("train", train::run)
            .examples(train::EXAMPLES)
            .builds_models()
            .shares_work(),
        Entry::command("eval", eval::run).examples(eval::EXAMPLES),
        Entry::command("reconstruct", reconstruct::run),
        Entry::command("denoise", denoise::run)
            .examples(denoise::EXAMPLES)
            .shares_work(),
        Entry::command("encode", encode::run).shares_work(),
        Entry::command("decode", decode::run),
        Entry::command("compress", compress::run)
            .examples(compress::EXAMPLES)
            .shares_work(),
        Entry::command("decompress", decompress::run),
        Entry::command("show", show::run),
        Entry::command("generate", generate::run).examples(generate::EXAMPLES),
        Entry::command("interpolate", interpolate::run),
        Entry::command("traverse", traverse::run),
        Entry::command("anomaly", anomaly::run)
            .examples(anomaly::EXAMPLES)
            .shares_work(),
        Entry::command("probe", probe::run),
        Entry::command("map", map::run),
        Entry::command("info", info::run),
        Entry::command("export", export::run).examples(export::EXAMPLES),
        Entry::command("import", import::run),
        Entry::command("verify", verify::run),
        Entry::command("serve", serve::run).examples(serve::EXAMPLES),
        Entry::group("data", data::ABOUT, data::help(), data::all()).examples(data::EXAMPLES),
        Entry::command("bench", bench::run),
        Entry::command("devices", devices::run),
        Entry::command("completions", completions::run).without_results(),
        Entry::command("man", man::run).without_results(),
    ]
}
