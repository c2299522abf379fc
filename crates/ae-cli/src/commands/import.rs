//! `ae import`.

use std::path::{Path, PathBuf};

use ae_data::NoiseChain;
use ae_interchange::{WeightsConfiguration, import, write_run};
use ae_models::Trainable as _;
use ae_report::thousands;
use ae_train::DataCard;
use clap::Args;
use serde::Serialize;

use crate::arguments::DeviceArguments;
use crate::backend;
use crate::context::Context;
use crate::error::{CliError, Status};

/// Make a run of weights that PyTorch or another program has written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae import weights.safetensors --config model.toml -o runs/imported
  ae import weights.pt --config for-pytorch/model.toml -o runs/again
  ae eval runs/imported --data letters.tar.gz

The configuration says which model the weights are of. `ae export --to pytorch` writes it; by hand
it is

  input_shape = [1, 28, 28]       # channels, height, width
  noise = \"gaussian:0.5\"          # what the model was trained to remove; may be left out

  [model]                         # as in the config.toml of a run
  kind = \"conv\"
  widths = [32, 64, 128]

The tensors are called as those of the module that ae export writes, and have their shapes; what is
missing or too many is named. Of a .pt file, which is a program for Python, nothing is executed: it
is read by the few instructions that torch.save(model.state_dict(), ...) takes, and refused if it
has another.")]
pub(super) struct ImportArguments {
    /// A .safetensors file, or a .pt file of a state_dict.
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,
    /// Which model the weights are of.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder for the model.
    #[arg(long, short, value_name = "RUN")]
    out: PathBuf,
    /// Write over a model that was imported there.
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Imported {
    weights: PathBuf,
    run: PathBuf,
    kind: &'static str,
    description: String,
    input_shape: [usize; 3],
    parameters: usize,
}

pub(super) fn run(arguments: ImportArguments, context: &Context<'_>) -> Result<(), CliError> {
    check_run(&arguments.out, arguments.force)?;
    let configuration = WeightsConfiguration::read(&arguments.config, context.registry)?;
    check_words(&configuration, &arguments.config)?;
    let device = backend::open(DeviceArguments::default().backend)?;
    let (model, card) = import(&arguments.weights, &configuration, &device.device)?;
    write_run(&arguments.out, &model, &card)?;
    let imported = Imported {
        weights: arguments.weights,
        run: arguments.out,
        kind: model.config().kind(),
        description: model.config().description(),
        input_shape: model.input_shape(),
        parameters: model.parameter_count(),
    };
    context.terminal.result(&imported, || {
        format!(
            "{}: {}, {} parameters",
            imported.run.display(),
            imported.description,
            thousands(imported.parameters as u64)
        )
    })
}

/// Checks that a model may be written there.
fn check_run(out: &Path, force: bool) -> Result<(), CliError> {
    if out.exists() && !out.is_dir() {
        return Err(CliError::usage(
            format!("--out {}", out.display()),
            "a file; --out takes a folder here",
        ));
    }
    let refused = |reason| {
        CliError::failure(Status::Files, out.display(), reason).hint("--out names another folder")
    };
    // Its checkpoints and its log would be another model's.
    if out.join("config.toml").exists() {
        return Err(refused("a run that was trained here is not written over"));
    }
    let is_there = ["model.safetensors", "model.toml"]
        .iter()
        .any(|name| out.join(name).symlink_metadata().is_ok());
    match is_there && !force {
        true => Err(refused("a model exists already")
            .hint("--force writes over it; --out names another folder")),
        false => Ok(()),
    }
}

/// Checks what the configuration says in the words of other libraries.
fn check_words(configuration: &WeightsConfiguration, path: &Path) -> Result<(), CliError> {
    if let Some(noise) = &configuration.noise
        && let Err(error) = noise.parse::<NoiseChain>()
    {
        return Err(CliError::usage(path.display(), format!("noise: {error}")));
    }
    match configuration.data.as_ref().map(DataCard::from_json) {
        Some(Err(error)) => Err(CliError::usage(path.display(), format!("[data]: {error}"))),
        _ => Ok(()),
    }
}
