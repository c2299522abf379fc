//! `ae data info`.

use ae_data::{DataError, Dataset, DatasetInfo, Division, SetInfo};
use ae_report::thousands;
use ae_train::TrainConfig;
use clap::Args;
use serde::Serialize;

use crate::arguments::DataPosition;
use crate::context::Context;
use crate::error::CliError;
use crate::image_source::ImageSource;

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
    /// The seed of the run whose parts are told [default: 1].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// What a set is and how a run would divide it.
#[derive(Serialize)]
struct Info {
    #[serde(flatten)]
    set: DatasetInfo,
    parts: Parts,
}

/// How a run of this seed would divide the set.
#[derive(Serialize)]
struct Parts {
    seed: u64,
    division: Division,
    test_share: f64,
    validation_share: f64,
    #[serde(flatten)]
    images: Images,
}

/// Images in each part, or why the set cannot be divided.
#[derive(Serialize)]
#[serde(untagged)]
enum Images {
    Divided {
        train: usize,
        validation: usize,
        test: usize,
        shared: usize,
        dropped: usize,
    },
    Undivided {
        error: String,
    },
}

pub(in crate::commands) fn run(
    arguments: DataInfoArguments,
    context: &Context<'_>,
) -> Result<(), CliError> {
    let terminal = context.terminal;
    let mut source = ImageSource::alone(arguments.set);
    source.seed = arguments.seed.unwrap_or(TrainConfig::default().seed);
    let mut dataset = source.open_untold()?;
    let parts = Parts::of(&source, &dataset)?;
    if let Some(limit) = source.config.limit {
        dataset.train = source.limited(&dataset.train, limit)?;
        for set in [&mut dataset.validation, &mut dataset.test]
            .into_iter()
            .flatten()
        {
            *set = source.limited(set, limit)?;
        }
    }
    let info = Info {
        set: dataset.info()?,
        parts,
    };
    terminal.result(&info, || text(&info))
}

impl Parts {
    fn of(source: &ImageSource, dataset: &Dataset) -> Result<Self, CliError> {
        let options = source.config.split_options(source.seed);
        let images = match dataset.split(&options) {
            Ok(_) => {
                let split = source.divided(dataset)?;
                Images::Divided {
                    train: split.train.len(),
                    validation: split.validation.len(),
                    test: split.test.len(),
                    shared: split.shared,
                    dropped: split.dropped,
                }
            }
            Err(
                error @ (DataError::TooFewImages { .. }
                | DataError::NoTrainingImages { .. }
                | DataError::OnlyCopies { .. }),
            ) => Images::Undivided {
                error: error.to_string(),
            },
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            seed: source.seed,
            division: options.division,
            test_share: options.test_share,
            validation_share: options.validation_share,
            images,
        })
    }

    fn text(&self) -> String {
        match &self.images {
            Images::Divided {
                train,
                validation,
                test,
                ..
            } => format!(
                "train {}, validation {}, test {} (of a run with seed {})",
                thousands(*train as u64),
                thousands(*validation as u64),
                thousands(*test as u64),
                self.seed
            ),
            Images::Undivided { error } => format!("none: {error}"),
        }
    }
}

fn text(info: &Info) -> String {
    let Info { set: info, parts } = info;
    let mut lines = vec![("set".to_owned(), info.name.clone())];
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    if !info.layout.recognized.is_empty() {
        line("layout:", info.layout.to_string());
    }
    for sentence in &info.layout.values {
        line("values:", sentence.clone());
    }
    line(
        "fingerprint",
        info.fingerprint.get(..12).unwrap_or_default().to_owned(),
    );
    if info.files > 0 {
        line("files", thousands(info.files as u64));
    }
    if info.masks > 0 {
        line(
            "masks",
            format!("of {} images", thousands(info.masks as u64)),
        );
    }
    line("parts", parts.text());
    let later = [("validation ", &info.validation), ("test ", &info.test)];
    if later.iter().all(|(_, part)| part.is_none()) {
        describe("", &info.train, &mut lines);
    } else {
        describe("train ", &info.train, &mut lines);
        for (name, part) in later {
            if let Some(part) = part {
                describe(name, part, &mut lines);
            }
        }
        let what = match info.validation {
            None => "test images also occur among the training images",
            Some(_) => "validation or test images also occur among the images before them",
        };
        lines.push((
            "shared".to_owned(),
            format!("{} {what}", thousands(info.shared as u64)),
        ));
    }
    let mut text: String = lines
        .into_iter()
        .map(|(name, value)| format!("{name:<21} {value}\n"))
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
    let warnings = [
        Some(&info.train),
        info.validation.as_ref(),
        info.test.as_ref(),
    ]
    .into_iter()
    .flatten()
    .flat_map(|part| &part.warnings);
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
