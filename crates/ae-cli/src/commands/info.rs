//! `ae info`.

mod built_in;
mod codec;

use std::path::{Path, PathBuf};

use ae_data::Part;
use ae_infer::PHOTO;
use ae_models::{CodeBits, ModelCard, ModelConfig, Registry};
use ae_report::thousands;
use ae_train::{
    DataCard, EpochReport, MetricsLine, RunDirectory, RunLength, Segment, read_metrics,
};
use clap::Args;
use serde::Serialize;

use crate::arguments::ModelPosition;
use crate::codec::model::{BUILT_IN, is_container, is_model, is_tables, run_of_tables};
use crate::context::Context;
use crate::destination::PIPE;
use crate::error::{CliError, Status};
use crate::opening::find;

/// Say what a model, a run or a compressed file is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae info                                    the newest run under runs/
  ae info runs/glyphs-conv-1
  ae info model.safetensors --json
  ae info photo                              the denoiser that is built in
  ae info letters.aez                        what is in it, and which model it needs
  ae info -                                  the same of what comes by a pipe")]
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
    /// How images are brought to the model and what set it was trained on, where the file says it.
    data_card: Option<DataCard>,
    library_version: String,
}

#[derive(Serialize)]
struct RunFacts {
    epochs: usize,
    best: Option<EpochReport>,
    /// What the first steps were taken by, where the run was resumed with another length.
    segments: Vec<Segment>,
}

pub(super) fn run(arguments: InfoArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let path = arguments.model.clone().path();
    if let Some(path) = &path {
        if path.to_str() == Some(PHOTO) {
            return built_in::photo(context.registry, &terminal);
        }
        if path == Path::new(BUILT_IN) && !path.exists() {
            return built_in::glyphs(&terminal);
        }
        if path == Path::new(PIPE) || is_container(path) {
            return codec::container(path, &terminal);
        }
        if is_model(path) {
            return codec::model(path, &terminal);
        }
        if is_tables(path) {
            return Err(
                CliError::failure(Status::Model, path.display(), "not a model file")
                    .hint(run_of_tables(path)),
            );
        }
    }
    let path = find(path.as_deref(), context)?;
    let card = path.card(context.registry)?;
    let run = match path.run() {
        // A folder of imported weights has no history.
        Some(run) if run.join("model.toml").is_file() => None,
        Some(run) => run_facts(&RunDirectory::open(run)?, context.registry)?,
        None => None,
    };
    let information = Information::new(path.name(), path.file().to_owned(), card, run)?;
    terminal.result(&information, || information.text())
}

/// What the run's log says; nothing where it was deleted.
fn run_facts(run: &RunDirectory, registry: &Registry) -> Result<Option<RunFacts>, CliError> {
    if !run.metrics_file().is_file() {
        return Ok(None);
    }
    let mut facts = RunFacts {
        epochs: 0,
        best: None,
        segments: match run.config_file().is_file() {
            true => run.read_run_config(registry)?.train.segments,
            false => Vec::new(),
        },
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
        let data_card = card.data.as_ref().map(DataCard::from_json).transpose();
        let data_card =
            data_card.map_err(|error| CliError::failure(Status::Model, file.display(), error))?;
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
                data_card,
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
        let name = card.data_name.as_deref().unwrap_or("unknown");
        match &card.data_card {
            Some(data) => lines.extend(data_lines(name, data, self.input_shape)),
            None => {
                lines.push(("trained on", name.to_owned()));
                if let Some(fingerprint) = &card.data_fingerprint {
                    lines.push(("", format!("training images' SHA-256 {fingerprint}")));
                }
                let beside = match self.run {
                    Some(_) => "the file doesn't say it; config.toml beside it does",
                    None => "unknown: the file, of an earlier version, doesn't say it",
                };
                lines.push(("images", beside.to_owned()));
            }
        }
        lines.push((
            "noise",
            card.noise.clone().unwrap_or_else(|| "none".to_owned()),
        ));
        if let Some(run) = &self.run {
            lines.push(("epochs", run.epochs.to_string()));
            lines.extend(run.segments.iter().map(|segment| {
                let length = match segment.length() {
                    RunLength::Epochs(epochs) => epochs.to_string(),
                    RunLength::Steps(steps) => format!("{steps} steps"),
                };
                let text = format!("up to step {} in a run of {length}", segment.until_step);
                ("", text)
            }));
            if let Some(best) = &run.best {
                let score = match &best.validation {
                    Some(validation) => {
                        let part = best.measured_part().unwrap_or(Part::Validation);
                        format!("{part} mse {:.5}", validation.mse)
                    }
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

/// What a model file says of its data, in lines for people.
fn data_lines(name: &str, data: &DataCard, input: [usize; 3]) -> Vec<(&'static str, String)> {
    let mut lines = vec![(
        "trained on",
        match data.source == name {
            true => name.to_owned(),
            false => format!("{name}, {}", data.source),
        },
    )];
    lines.push(("", format!("fingerprint {}", data.fingerprint.digest)));
    const MOST: usize = 30;
    if !data.classes.is_empty() {
        let mut names = data.classes.iter().take(MOST).cloned().collect::<Vec<_>>();
        if data.classes.len() > MOST {
            names.push("…".to_owned());
        }
        let text = format!("{}: {}", data.classes.len(), names.join(", "));
        lines.push(("classes", text));
    }
    let [channels, height, width] = input;
    let color = match (data.channels, channels) {
        (Some(channels), _) => channels.to_string(),
        (None, channels) => format!("{channels} channels, as they came"),
    };
    let size = match (data.patch, data.size) {
        (Some(side), _) => format!("patches of {side}x{side} from pictures of any sizes"),
        (None, Some(size)) => format!("{size}, fit {}", data.fit),
        (None, None) => format!("{width}x{height}, as they came; others fit by {}", data.fit),
    };
    lines.push(("images", format!("{size}; {color}")));
    if let Some(range) = data.range {
        lines.push((
            "",
            format!("black and white are {range} in pictures of more than 8 bits"),
        ));
    }
    if let Some(method) = data.self_supervised {
        let text = format!("{method}, on noisy images alone: what is clean was never seen");
        lines.push(("trained by", text));
    }
    if !data.binarize.is_none() {
        let text = format!(
            "black and white, drawn from seed {}: {}",
            data.seed, data.binarize
        );
        lines.push(("", text));
    }
    let shares = format!(
        "test share {}, validation share {}, seed {}",
        data.test_share, data.validation_share, data.seed
    );
    let own: Vec<&str> = data.own_parts.iter().map(|part| part.name()).collect();
    let division = match own.as_slice() {
        [] => format!("by {}; {shares}", data.division),
        own => format!(
            "by {}; {shares}; of its own: {}",
            data.division,
            own.join(", ")
        ),
    };
    lines.push(("division", division));
    if let Some(limit) = data.limit {
        lines.push(("", format!("at most {limit} images of each part")));
    }
    lines
}
