//! `ae verify`.

mod description;
mod kept;
mod measure;
mod models;
mod protocols;
mod rows;
mod table;
mod verdict;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use self::description::Description;
use self::kept::SeedResult;
use self::measure::Laboratory;
use self::protocols::Protocol;
use self::rows::PROTOCOLS;
use self::table::{Row, Verified};
use crate::arguments::DeviceArguments;
use crate::arguments::value::at_least_one;
use crate::backend;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::signals::Signals;

/// Train reference protocols and compare with what others got.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae verify --list
  ae verify --quick --data ../shared/datasets
  ae verify --full --data datasets/downloads --keep verified --markdown > table.md
  ae verify --only mnist-10k --only IWAE --data ../shared/datasets
  ae verify --only 'k = 1,' --seeds 1 --epochs-limit 121 --keep verified --data datasets/downloads

Each row trains one protocol from several seeds and sets the test images' mean and standard error
beside what a paper printed or PyTorch got on the same images; nothing is chosen by test images. A row
passes within the tolerance that --list names, or better: mostly two standard errors. Where fewer seeds
or epochs are trained than the protocol has, it is partial and neither passes nor fails. A row whose
data is missing is skipped by name. With --keep, a command that was stopped, or is given more seeds or
epochs, continues where it was. Exit code 1 when a row fails.")]
pub(super) struct VerifyArguments {
    /// The folder that holds the sets, each in a folder of its name.
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    data: Option<PathBuf>,
    /// The rows that take minutes [default].
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Every row: days.
    #[arg(long)]
    full: bool,
    /// Only the rows, quick or not, with this in "PROTOCOL on DATA"; may be repeated.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["quick", "full"])]
    only: Vec<String>,
    /// Print the protocols, every row's where none is chosen, and train nothing.
    #[arg(long)]
    list: bool,
    /// Train from at most this many seeds.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    seeds: Option<usize>,
    /// Stop each training after this many epochs.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    epochs_limit: Option<usize>,
    /// Keep each row's runs and what they gave in this folder, and resume those that are there.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print the table for a README.
    #[arg(long)]
    markdown: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: VerifyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let protocols = chosen(&arguments)?;
    let Some(data) = arguments.data.as_ref().filter(|_| !arguments.list) else {
        return list(&protocols, context);
    };
    let terminal = context.terminal;
    if !data.is_dir() {
        return Err(CliError::usage(
            format!("--data {}", data.display()),
            "no such folder",
        ));
    }
    backend::set_threads(arguments.device.threads)?;
    let device = backend::open(arguments.device.backend)?;
    let laboratory = Laboratory {
        registry: context.registry,
        device: &device.device,
        terminal,
        signals: Signals::listen(true)?,
        keep: arguments.keep.as_deref(),
        epochs_limit: arguments.epochs_limit,
    };
    let mut rows = Vec::new();
    for protocol in protocols {
        let path = protocol.data.path(data);
        if !path.exists() {
            terminal.warning(format!(
                "skipped: {}: {} is missing: {}",
                protocol.name,
                path.display(),
                protocol.data.source()
            ));
            rows.push(Row::skipped(protocol));
            continue;
        }
        let seeds = arguments
            .seeds
            .map_or(protocol.seeds, |most| protocol.seeds.min(most as u64));
        let mut results: Vec<SeedResult> = Vec::new();
        for seed in 1..=seeds {
            terminal.note(format!("{}, seed {seed}", protocol.title()));
            let result = laboratory.measure(protocol, &path, seed)?;
            let measure = protocol.measure;
            terminal.note(format!("{} {}", measure.name(), measure.text(result.value)));
            results.push(result);
        }
        rows.push(Row::measured(protocol, &results));
    }
    let verified = Verified::new(device.name.clone(), rows);
    terminal.result(&verified, || verified.text(arguments.markdown))?;
    match verified.failed() {
        0 => Ok(()),
        failed => Err(CliError::failure(
            Status::Internal,
            "ae verify",
            format!("{failed} of {} protocols failed", verified.rows()),
        )),
    }
}

/// What the rows are.
#[derive(Serialize)]
struct Listed {
    protocols: Vec<Description>,
}

/// Prints what the rows are.
fn list(protocols: &[&'static Protocol], context: &Context<'_>) -> Result<(), CliError> {
    let listed = Listed {
        protocols: protocols.iter().map(|row| Description::new(row)).collect(),
    };
    context.terminal.result(&listed, || {
        let texts: Vec<String> = listed.protocols.iter().map(Description::text).collect();
        texts.join("\n")
    })
}

/// The rows that were asked for.
fn chosen(arguments: &VerifyArguments) -> Result<Vec<&'static Protocol>, CliError> {
    let VerifyArguments {
        only,
        quick,
        full,
        list,
        ..
    } = arguments;
    if let Some(unknown) = only
        .iter()
        .find(|text| !PROTOCOLS.iter().any(|row| row.title().contains(*text)))
    {
        let rows: Vec<_> = PROTOCOLS.iter().map(Protocol::title).collect();
        return Err(
            CliError::usage(format!("--only {unknown}"), "no row has that in it")
                .hint(format!("there are: {}", rows.join("; "))),
        );
    }
    let is_chosen = |row: &&Protocol| match only[..] {
        [] => row.is_quick || *full || (*list && !quick),
        _ => only.iter().any(|text| {
            // A whole title, which another may begin with, means itself.
            let is_title = PROTOCOLS.iter().any(|row| row.title() == *text);
            row.title() == *text || (!is_title && row.title().contains(text))
        }),
    };
    Ok(PROTOCOLS.iter().filter(is_chosen).collect())
}
