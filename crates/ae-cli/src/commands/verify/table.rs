//! The table of all rows.

use ae_report::{Column, counted, markdown_table, table, thousands};
use serde::Serialize;

use super::description::Description;
use super::kept::SeedResult;
use super::protocols::{Known, Protocol};
use super::verdict::{Outcome, Verdict};

/// The table.
#[derive(Serialize)]
pub(super) struct Verified {
    device: String,
    rows: Vec<Row>,
    passed: usize,
    failed: usize,
    partial: usize,
    skipped: usize,
}

#[derive(Serialize)]
pub(super) struct Row {
    /// The protocol in words.
    #[serde(flatten)]
    description: Description,
    data_set: &'static str,
    published: Option<f64>,
    reference: Option<String>,
    /// Mean over the seeds.
    found: Option<f64>,
    standard_error: Option<f64>,
    /// How far above what others got the mean may be.
    allowance: Option<f64>,
    /// Of each seed.
    results: Vec<SeedResult>,
    /// Of training and measuring all seeds.
    hours: f64,
    verdict: Verdict,
    #[serde(skip)]
    cells: Vec<String>,
}

impl Row {
    pub(super) fn skipped(protocol: &Protocol) -> Self {
        Self::new(protocol, &[], None)
    }

    pub(super) fn measured(protocol: &Protocol, results: &[SeedResult]) -> Self {
        let values: Vec<f64> = results.iter().map(|result| result.value).collect();
        let epochs = results.iter().map(|result| result.epochs).min();
        let outcome = Outcome::new(&values, epochs.unwrap_or(0));
        Self::new(protocol, results, Some(outcome))
    }

    fn new(protocol: &Protocol, results: &[SeedResult], outcome: Option<Outcome>) -> Self {
        let text = |value| protocol.measure.text(value);
        let (published, reference) = match protocol.known {
            Known::Published(printed) => (Some(printed), None),
            Known::Reference(reference) => {
                let (mean, error) = (text(reference.mean), text(reference.standard_error));
                (None, Some(format!("{mean} ± {error} ({})", reference.runs)))
            }
        };
        let verdict = outcome.map_or(Verdict::Skipped, |outcome| outcome.verdict(protocol));
        let hours = results.iter().map(|result| result.seconds).sum::<f64>() / 3600.0;
        let found = outcome.map(|outcome| match outcome.seeds {
            1 => format!("{} (1)", text(outcome.mean)),
            seeds => format!(
                "{} ± {} ({seeds})",
                text(outcome.mean),
                text(outcome.standard_error)
            ),
        });
        Self {
            description: Description::new(protocol),
            data_set: protocol.data.name(),
            published: published.map(|_| protocol.known.value()),
            found: outcome.map(|outcome| outcome.mean),
            standard_error: outcome.map(|outcome| outcome.standard_error),
            allowance: outcome.map(|outcome| outcome.allowance(protocol)),
            cells: vec![
                protocol.name.to_owned(),
                protocol.data.name().to_owned(),
                protocol.origin.text(),
                protocol.measure.name(),
                published.unwrap_or_default().to_owned(),
                reference.clone().unwrap_or_default(),
                found.unwrap_or_default(),
                outcome.map_or_else(String::new, |_| format!("{hours:.2}")),
                verdict_text(protocol, outcome, verdict),
            ],
            reference,
            results: results.to_vec(),
            hours,
            verdict,
        }
    }
}

/// The verdict as the table has it, with what is missing of a part.
fn verdict_text(protocol: &Protocol, outcome: Option<Outcome>, verdict: Verdict) -> String {
    let epochs = (protocol.train)().epochs;
    match (verdict, outcome) {
        (Verdict::Pass, _) => "pass".to_owned(),
        (Verdict::Fail, Some(outcome)) => format!(
            "FAIL: {} allowed",
            protocol
                .measure
                .text(protocol.known.value() + outcome.allowance(protocol))
        ),
        (Verdict::Partial, Some(outcome)) => {
            let seeds = format!(
                "{} of {}",
                outcome.seeds,
                counted(protocol.seeds as usize, "seed")
            );
            match outcome.epochs < epochs {
                true => format!(
                    "partial: {} of {} epochs, {seeds}",
                    thousands(outcome.epochs as u64),
                    thousands(epochs as u64)
                ),
                false => format!("partial: {seeds}"),
            }
        }
        _ => "skipped: no data".to_owned(),
    }
}

impl Verified {
    pub(super) fn new(device: String, rows: Vec<Row>) -> Self {
        let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        Self {
            device,
            passed: count(Verdict::Pass),
            failed: count(Verdict::Fail),
            partial: count(Verdict::Partial),
            skipped: count(Verdict::Skipped),
            rows,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn failed(&self) -> usize {
        self.failed
    }

    pub(super) fn text(&self, markdown: bool) -> String {
        let columns = [
            Column::left("protocol"),
            Column::left("data"),
            Column::left("whose"),
            Column::left("measure"),
            Column::left("published"),
            Column::left("PyTorch (seeds)"),
            Column::left("ae (seeds)"),
            Column::left("hours"),
            Column::left("verdict"),
        ];
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.cells.clone()).collect();
        let table = match markdown {
            true => markdown_table(&columns, &rows),
            false => table(&columns, &rows),
        };
        format!(
            "{table}\n{} passed, {} failed, {} partial, {} skipped; mean ± standard error over seeds, on {}\n",
            self.passed, self.failed, self.partial, self.skipped, self.device
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::verify::rows::PROTOCOLS;

    #[test]
    fn a_row_says_where_it_stands() {
        let protocol = &PROTOCOLS[0];
        let result = |value, epochs| SeedResult {
            value,
            epochs,
            kept_epoch: Some(epochs),
            seconds: 1_800.0,
        };
        let check = |results: &[SeedResult], verdict: &str, hours: &str| {
            let row = match results {
                [] => Row::skipped(protocol),
                results => Row::measured(protocol, results),
            };
            assert_eq!(row.cells.last().map(String::as_str), Some(verdict));
            assert_eq!(row.cells[7], hours);
        };
        let all = |value| vec![result(value, 10); 3];
        check(&[], "skipped: no data", "");
        check(&all(0.005_3), "pass", "1.50");
        check(&all(0.006), "FAIL: 0.00552 allowed", "1.50");
        check(&[result(0.1, 10)], "partial: 1 of 3 seeds", "0.50");
        check(
            &[result(0.1, 10), result(0.1, 4)],
            "partial: 4 of 10 epochs, 2 of 3 seeds",
            "1.00",
        );
    }
}
