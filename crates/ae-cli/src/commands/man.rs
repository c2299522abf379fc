//! `ae man`.

use std::path::PathBuf;

use ae_files::write_atomically;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::context::Context;
use crate::destination::{check_writable, make_folder};
use crate::error::CliError;

/// Write manual pages, one for each command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae man -o ~/.local/share/man/man1
  man ae-denoise")]
pub(super) struct ManArguments {
    /// The folder.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
    /// Write over pages that exist.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: ManArguments, context: &Context<'_>) -> Result<(), CliError> {
    let mut pages = Vec::new();
    let mut parser = context.parser.clone();
    parser.build();
    collect(&parser, &mut pages);
    make_folder(&arguments.out)?;
    for (name, _) in &pages {
        check_writable(&arguments.out.join(name), arguments.force)?;
    }
    for (name, page) in &pages {
        let path = arguments.out.join(name);
        write_atomically(&path, |file| file.write_all(page))
            .map_err(|error| CliError::io(&path, "write", &error))?;
    }
    context.terminal.text(&format!(
        "{} pages in {}",
        pages.len(),
        arguments.out.display()
    ))
}

/// The pages of a command, and of the commands that are typed after it, with the names of their files.
fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) {
    let man = Man::new(command.clone()).source(concat!("ae ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    // Into memory, which takes what it is given.
    if man.render(&mut page).is_ok() {
        pages.push((man.get_filename(), page));
    }
    for inner in command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
    {
        collect(inner, pages);
    }
}
