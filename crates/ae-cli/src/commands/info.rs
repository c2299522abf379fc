//! `ae info`.

use std::path::PathBuf;

use ae_models::{CodeBits, ModelCard, ModelConfig};
use ae_report::thousands;
use ae_train::{EpochReport, MetricsLine, RunDirectory, read_metrics};
use clap::Args;
use serde::Serialize;

use crate::arguments::ModelPosition;
use crate::context::Context;
use crate::error::{CliError, Status};
use crate::opening::{Wanted, find};

/// Say what a model or a run is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae info                                    the newest run under runs/
  ae info runs/glyphs-conv-1
  ae info model.safetensors --json")]
pub(super) struct InfoArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
}

#[derive(Serialize)]
struct Information {
    model: String,
    file: PathBuf,
    kind: String,
    description: Option<String>,
    parameters: Option<usize>,
    input_shape: [usize; 3],
    code_shape: Option<Vec<usize>>,
    code: Option<CodeBits>,
    is_compression: Option<bool>,
    bits_per_pixel: Option<f64>,
    #[serde(flatten)]
    card: CardFacts,
    run: Option<RunFacts>,
}

#[derive(Serialize)]
struct CardFacts {
    config: serde_json::Value,
    noise: Option<String>,
    data_name: Option<String>,
    data_fingerprint: Option<String>,
    library_version: String,
}

#[derive(Serialize)]
struct RunFacts {
    epochs: usize,
    best: Option<EpochReport>,
}

pub(super) fn run(arguments: InfoArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let path = find(arguments.model.path().as_deref(), Wanted::Any, context)?;
    let card = path.card(context.registry)?;
    let run = match path.run() {
        Some(run) => run_facts(&RunDirectory::open(run)?)?,
        None => None,
    };
    let information = Information::new(path.name(), path.file().to_owned(), card, run)?;
    terminal.result(&information, || information.text())
}

/// What the run's log says; nothing where it was deleted.
fn run_facts(run: &RunDirectory) -> Result<Option<RunFacts>, CliError> {
    if !run.metrics_file().is_file() {
        return Ok(None);
    }
    let mut facts = RunFacts {
        epochs: 0,
        best: None,
    };
    for line in read_metrics(&run.metrics_file())? {
        if let MetricsLine::Epoch(report) = line {
            facts.epochs += 1;
            if report.best {
                facts.best = Some(report);
            }
        }
    }
    Ok(Some(facts))
}

impl Information {
    fn new(
        model: String,
        file: PathBuf,
        card: ModelCard,
        run: Option<RunFacts>,
    ) -> Result<Self, CliError> {
        let checked = match &card.config {
            Some(config) => Some(config.check(card.input_shape)?),
            None => None,
        };
        let code = checked.as_ref().and_then(|config| config.code_bits());
        let [_, height, width] = card.input_shape;
        let config = serde_json::to_value(&card.config)
            .map_err(|error| CliError::failure(Status::Internal, file.display(), error))?;
        Ok(Self {
            model,
            file,
            kind: match &card.config {
                Some(config) => config.kind().to_owned(),
                None => "a program's own".to_owned(),
            },
            description: card.config.as_ref().map(ModelConfig::description),
            parameters: checked.as_ref().and_then(|config| config.parameter_count()),
            input_shape: card.input_shape,
            code_shape: checked
                .as_ref()
                .and_then(|config| config.code_shape())
                .map(<[usize]>::to_vec),
            code,
            is_compression: code.map(|code| code.is_compression()),
            bits_per_pixel: code.map(|code| code.code_bits as f64 / (height * width) as f64),
            card: CardFacts {
                config,
                noise: card.noise,
                data_name: card.data_name,
                data_fingerprint: card.data_fingerprint,
                library_version: card.library_version,
            },
            run,
        })
    }

    fn text(&self) -> String {
        let mut lines = vec![
            ("model", self.model.clone()),
            ("file", self.file.display().to_string()),
            ("kind", self.kind.clone()),
        ];
        if let Some(description) = &self.description {
            lines.push(("", description.clone()));
        }
        if !self.card.config.is_null() {
            lines.push(("configuration", self.card.config.to_string()));
        }
        if let Some(parameters) = self.parameters {
            lines.push(("parameters", thousands(parameters as u64)));
        }
        let [channels, height, width] = self.input_shape;
        lines.push((
            "input",
            format!("{width}x{height}x{channels} (width x height x channels)"),
        ));
        if let Some(shape) = &self.code_shape {
            lines.push((
                "code",
                match shape.as_slice() {
                    [maps, height, width] => {
                        format!("{width}x{height}x{maps} (width x height x maps)")
                    }
                    shape => format!("{shape:?}"),
                },
            ));
        }
        if let Some(code) = &self.code {
            lines.push(("", code.to_string()));
        }
        if let Some(bits) = self.bits_per_pixel {
            lines.push(("", format!("{bits:.3} bits per pixel")));
        }
        let card = &self.card;
        lines.push((
            "trained on",
            card.data_name
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ));
        if let Some(fingerprint) = &card.data_fingerprint {
            lines.push(("", format!("SHA-256 {fingerprint}")));
        }
        lines.push((
            "noise",
            card.noise.clone().unwrap_or_else(|| "none".to_owned()),
        ));
        if let Some(run) = &self.run {
            lines.push(("epochs", run.epochs.to_string()));
            if let Some(best) = &run.best {
                let score = match &best.validation {
                    Some(validation) => format!("test mse {:.5}", validation.mse),
                    None => format!("training loss {:.5}", best.train_loss),
                };
                lines.push(("best", format!("epoch {}, {score}", best.epoch)));
            }
        }
        lines.push(("written by", format!("ae {}", card.library_version)));
        lines
            .into_iter()
            .map(|(name, value)| format!("{name:<14} {value}\n"))
            .collect()
    }
}
