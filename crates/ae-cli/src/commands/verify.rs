//! `ae verify`.

mod measure;
mod models;
mod protocols;
mod rows;

use std::path::PathBuf;

use ae_report::{Column, markdown_table, table};
use clap::Args;
use serde::Serialize;

use self::measure::measure;
use self::protocols::{Known, Measure, Protocol};
use self::rows::PROTOCOLS;
use crate::arguments::DeviceArguments;
use crate::backend;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::progress::Progress;
use crate::signals::Signals;

/// Train reference protocols and compare with what others got.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae verify --quick --data ../shared/datasets
  ae verify --full --data datasets/downloads --markdown > table.md
  ae verify --only mnist-10k --only IWAE --data ../shared/datasets

Each row trains one protocol, from as many seeds as PyTorch's, without validation images (nothing is
chosen: the last epoch's model is measured), and sets the test images' mean and standard error beside
what a paper printed or PyTorch got on the same images. A row passes within two standard errors of
PyTorch, or 5% of a printed number, or better. A row whose data is missing is skipped by name.
Exit code 1 when a row fails.")]
pub(super) struct VerifyArguments {
    /// The folder that holds the sets, each in a folder of its name.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The rows that take minutes [default].
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Every row: hours.
    #[arg(long)]
    full: bool,
    /// Only the rows, quick or not, with this in "PROTOCOL on DATA"; may be repeated.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["quick", "full"])]
    only: Vec<String>,
    /// Print the table for a README.
    #[arg(long)]
    markdown: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

/// How far a mean may be above the reference's, in standard errors of the difference.
const MOST_STANDARD_ERRORS: f64 = 2.0;
/// How far above a published number, which came without an error, a mean may be.
const PUBLISHED_MARGIN: f64 = 0.05;
/// How far above principal components a linear model may be.
const PCA_MARGIN: f64 = 0.01;

/// The table.
#[derive(Serialize)]
struct Verified {
    device: String,
    rows: Vec<Row>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Row {
    protocol: &'static str,
    data: &'static str,
    measure: String,
    published: Option<f64>,
    reference: Option<String>,
    /// Mean over the seeds.
    found: Option<f64>,
    standard_error: Option<f64>,
    values: Vec<f64>,
    verdict: Verdict,
    #[serde(skip)]
    cells: Vec<String>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Pass,
    Fail,
    Skipped,
}

pub(super) fn run(arguments: VerifyArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    if !arguments.data.is_dir() {
        return Err(CliError::usage(
            format!("--data {}", arguments.data.display()),
            "no such folder",
        ));
    }
    let protocols = chosen(&arguments)?;
    backend::set_threads(arguments.device.threads)?;
    let device = backend::open(arguments.device.backend)?;
    // Nothing is kept of a part of it, so a signal may end it at once.
    let signals = Signals::listen()?;
    let mut rows = Vec::new();
    for protocol in protocols {
        let path = protocol.data.path(&arguments.data);
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
        let mut values = Vec::new();
        for seed in 1..=protocol.seeds {
            terminal.note(format!("{}, seed {seed}", protocol.title()));
            let mut progress = Progress::new(terminal, signals.clone(), false);
            let value = measure(
                protocol,
                &path,
                seed,
                &device.device,
                &terminal,
                &mut progress,
            )?;
            drop(progress);
            let measure = protocol.measure;
            terminal.note(format!("{} {}", measure.name(), measure.text(value)));
            values.push(value);
        }
        rows.push(Row::measured(protocol, values));
    }
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let verified = Verified {
        device: device.name.clone(),
        passed: count(Verdict::Pass),
        failed: count(Verdict::Fail),
        skipped: count(Verdict::Skipped),
        rows,
    };
    terminal.result(&verified, || verified.text(arguments.markdown))?;
    match verified.failed {
        0 => Ok(()),
        failed => Err(CliError::failure(
            Status::Internal,
            "ae verify",
            format!("{failed} of {} protocols failed", verified.rows.len()),
        )),
    }
}

/// The rows that were asked for.
fn chosen(arguments: &VerifyArguments) -> Result<Vec<&'static Protocol>, CliError> {
    let VerifyArguments { only, full, .. } = arguments;
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
        [] => row.is_quick || *full,
        _ => only.iter().any(|text| {
            // A whole title, which another may begin with, means itself.
            let is_title = PROTOCOLS.iter().any(|row| row.title() == *text);
            row.title() == *text || (!is_title && row.title().contains(text))
        }),
    };
    Ok(PROTOCOLS.iter().filter(is_chosen).collect())
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// Whether a mean is within two standard errors of the reference, or better; within a margin of a published number,
/// where that is all there is.
fn verdict(protocol: &Protocol, mean: f64, standard_error: f64) -> Verdict {
    let most = match protocol.known {
        Known::Reference(reference) => {
            let error = reference.standard_error.hypot(standard_error);
            reference.mean + MOST_STANDARD_ERRORS * error
        }
        Known::Published(published, _) => match protocol.measure {
            Measure::OverPca => published * (1.0 + PCA_MARGIN),
            _ => published * (1.0 + PUBLISHED_MARGIN),
        },
    };
    if mean <= most {
        Verdict::Pass
    } else {
        Verdict::Fail
    }
}

impl Row {
    fn skipped(protocol: &Protocol) -> Self {
        Self::new(protocol, Vec::new(), None, Verdict::Skipped)
    }

    fn measured(protocol: &Protocol, values: Vec<f64>) -> Self {
        let (mean, standard_error) = mean_and_error(&values);
        let verdict = verdict(protocol, mean, standard_error);
        Self::new(protocol, values, Some((mean, standard_error)), verdict)
    }

    /// `found` is the mean over the seeds and its standard error.
    fn new(
        protocol: &Protocol,
        values: Vec<f64>,
        found: Option<(f64, f64)>,
        verdict: Verdict,
    ) -> Self {
        let text = |value| protocol.measure.text(value);
        let (published, reference) = match protocol.known {
            Known::Published(value, whose) => (Some(format!("{value} ({whose})")), None),
            Known::Reference(reference) => {
                let (mean, error) = (text(reference.mean), text(reference.standard_error));
                (None, Some(format!("{mean} ± {error} ({})", reference.runs)))
            }
        };
        Self {
            protocol: protocol.name,
            data: protocol.data.name(),
            measure: protocol.measure.name(),
            published: match protocol.known {
                Known::Published(value, _) => Some(value),
                Known::Reference(_) => None,
            },
            found: found.map(|(mean, _)| mean),
            standard_error: found.map(|(_, error)| error),
            cells: vec![
                protocol.name.to_owned(),
                protocol.data.name().to_owned(),
                protocol.measure.name(),
                published.unwrap_or_default(),
                reference.clone().unwrap_or_default(),
                found.map_or_else(String::new, |(mean, error)| {
                    format!("{} ± {} ({})", text(mean), text(error), values.len())
                }),
                match verdict {
                    Verdict::Pass => "pass",
                    Verdict::Fail => "FAIL",
                    Verdict::Skipped => "skipped: no data",
                }
                .to_owned(),
            ],
            reference,
            values,
            verdict,
        }
    }
}

impl Verified {
    fn text(&self, markdown: bool) -> String {
        let columns = [
            Column::left("protocol"),
            Column::left("data"),
            Column::left("measure"),
            Column::left("published"),
            Column::left("PyTorch (seeds)"),
            Column::left("ae (seeds)"),
            Column::left("verdict"),
        ];
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.cells.clone()).collect();
        let table = match markdown {
            true => markdown_table(&columns, &rows),
            false => table(&columns, &rows),
        };
        format!(
            "{table}\n{} passed, {} failed, {} skipped; mean ± standard error over seeds, on {}\n",
            self.passed, self.failed, self.skipped, self.device
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_passes_within_two_standard_errors_or_below() {
        let protocol = &PROTOCOLS[0];
        let Known::Reference(reference) = protocol.known else {
            panic!("{} has a reference", protocol.name)
        };
        let error = reference.standard_error;
        let check = |mean, own_error, expected| {
            assert_eq!(
                verdict(protocol, mean, own_error),
                expected,
                "{mean} {own_error}"
            );
        };
        check(0.1 * reference.mean, 0.0, Verdict::Pass);
        check(reference.mean + 1.9 * error, 0.0, Verdict::Pass);
        check(reference.mean + 2.1 * error, 0.0, Verdict::Fail);
        check(reference.mean + 2.1 * error, error, Verdict::Pass);
        check(f64::NAN, error, Verdict::Fail);
    }

    #[test]
    fn the_spread_over_seeds_is_that_of_a_sample() {
        assert_eq!(mean_and_error(&[3.0]), (3.0, 0.0));
        let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0, 6.0]);
        // The sample's variance is 14/3, of four values.
        assert_eq!(mean, 3.0);
        assert!((error - (14.0f64 / 12.0).sqrt()).abs() < 1e-12);
    }
}
