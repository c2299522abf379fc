//! `ae data info`.

use ae_data::{DatasetInfo, SetInfo};
use ae_report::thousands;

use crate::arguments::DataPosition;
use crate::context::Context;
use crate::error::CliError;
use crate::image_source::ImageSource;
use clap::Args;

/// Say what a set holds, and what looks wrong with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae data info glyphs
  ae data info notMNIST_small.tar.gz --json
  ae data info pictures/ --size 64x48 --channels gray")]
pub(in crate::commands) struct DataInfoArguments {
    /// The set.
    #[command(flatten)]
    set: DataPosition,
}

pub(in crate::commands) fn run(
    arguments: DataInfoArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    let source = ImageSource::alone(arguments.set);
    let mut dataset = source.open_untold()?;
    if let Some(limit) = source.config.limit {
        dataset.train = dataset.train.take(limit);
        dataset.test = dataset.test.map(|test| test.take(limit));
    }
    let info = dataset.info()?;
    terminal.result(&info, || text(&info))
}

fn text(info: &DatasetInfo) -> String {
    let mut lines = vec![("set".to_owned(), info.name.clone())];
    if info.files > 0 {
        lines.push(("files".to_owned(), thousands(info.files as u64)));
    }
    match &info.test {
        None => describe("", &info.train, &mut lines),
        Some(test) => {
            describe("train ", &info.train, &mut lines);
            describe("test ", test, &mut lines);
            lines.push((
                "shared".to_owned(),
                format!(
                    "{} test images also occur among the training images",
                    thousands(info.shared as u64)
                ),
            ));
        }
    }
    let mut text: String = lines
        .into_iter()
        .map(|(name, value)| format!("{name:<17} {value}\n"))
        .collect();
    if !info.skipped.is_empty() {
        text.push_str(&format!(
            "\n{} of {} files skipped:\n",
            thousands(info.skipped.len() as u64),
            thousands(info.files as u64)
        ));
        for skipped in &info.skipped {
            text.push_str(&format!("  {}: {}\n", skipped.file, skipped.reason));
        }
    }
    let warnings = info
        .train
        .warnings
        .iter()
        .chain(info.test.iter().flat_map(|test| &test.warnings));
    for warning in warnings {
        text.push_str(&format!("\nwarning: {warning}\n"));
    }
    text
}

fn describe(part: &str, info: &SetInfo, lines: &mut Vec<(String, String)>) {
    let mut line = |name: &str, value: String| lines.push((format!("{part}{name}"), value));
    line("images", thousands(info.images as u64));
    line(
        "shape",
        format!("{} (width x height x channels)", info.shape),
    );
    if !info.classes.is_empty() {
        let counts: Vec<_> = info
            .classes
            .iter()
            .map(|count| format!("{} {}", count.class, thousands(count.images as u64)))
            .collect();
        line("classes", counts.join(", "));
    }
    line(
        "range",
        format!("{} to {} of 255", info.minimum, info.maximum),
    );
    line(
        "mean",
        format!(
            "{:.4}, standard deviation {:.4} (of 1)",
            info.mean, info.standard_deviation
        ),
    );
    line(
        "duplicates",
        format!(
            "{} images are copies of others",
            thousands(info.duplicates as u64)
        ),
    );
}
