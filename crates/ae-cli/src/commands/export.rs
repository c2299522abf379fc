//! `ae export`.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ae_infer::{OpenModel, PHOTO, PhotoDenoiser};
use ae_interchange::{
    Half, ImagePreparation, OnnxSummary, OnnxValue, PYTORCH_FILES, write_onnx, write_pytorch,
};
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::arguments::value::named;
use crate::arguments::{DeviceArguments, ModelPosition};
use crate::backend;
use crate::codec::model::{BUILT_IN as BUILT_IN_CODEC, is_model as is_codec_model};
use crate::command::Example;
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::{CliError, Status};
use crate::opening::open;

/// What `ae --help` shows.
pub(super) const EXAMPLES: &[Example] = &[(
    "ae export runs/glyphs-conv-1 -o model.onnx",
    "a model for ONNX Runtime, or for PyTorch",
)];

/// Write a model as a file for other programs: ONNX, or a folder for PyTorch.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae export runs/glyphs-conv-1 -o model.onnx
  ae export runs/glyphs-vae-1 -o encoder.onnx --half encoder
  ae export photo -o photo.onnx                            the denoiser that is built in
  ae export runs/glyphs-conv-1 --to pytorch -o for-pytorch/

An ONNX file takes `image`, float32 [batch, channels, height, width] from 0, black, to 1, white,
and gives `reconstruction` and, where the model has codes, `code`. The batch is of any size, and so
is the image where the model takes images of any size. A vae gives the mean of its posterior. The
file's metadata says how images are brought to the model.

The folder has model.py, plain torch.nn whose load() gives the module; model.safetensors, its
weights; and model.toml, by which ae import takes weights back that were trained further.")]
pub(super) struct ExportArguments {
    /// The model; photo is the one that is built in.
    #[command(flatten)]
    model: ModelPosition,
    /// What it is written for: a file of ONNX, or a folder for PyTorch.
    #[arg(long, value_name = "FORM", default_value = "onnx", value_parser = named::<Form>(["onnx", "pytorch"]))]
    to: Form,
    /// Which part of the model an ONNX file has; model.py has all [default: both].
    #[arg(long, value_name = "HALF", value_parser = named::<Half>(Half::ALL.map(Half::name)))]
    half: Option<Half>,
    /// The .onnx file, or the folder for PyTorch.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Onnx,
    Pytorch,
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "onnx" => Ok(Self::Onnx),
            "pytorch" => Ok(Self::Pytorch),
            _ => Err("expected onnx or pytorch".to_owned()),
        }
    }
}

#[derive(Serialize)]
struct Exported {
    model: String,
    kind: &'static str,
    format: &'static str,
    out: PathBuf,
    parameters: usize,
    #[serde(flatten)]
    onnx: Option<OnnxFacts>,
}

#[derive(Serialize)]
struct OnnxFacts {
    half: &'static str,
    opset: i64,
    input: ValueFacts,
    outputs: Vec<ValueFacts>,
}

#[derive(Serialize)]
struct ValueFacts {
    name: &'static str,
    /// Sizes, and names of those that are known when the model is run.
    shape: Vec<String>,
}

pub(super) fn run(arguments: ExportArguments, context: &Context<'_>) -> Result<(), CliError> {
    let out = &arguments.out;
    match arguments.to {
        Form::Onnx => check_file(out, arguments.force)?,
        Form::Pytorch => check_folder(out, arguments.half, arguments.force)?,
    }
    let model = open_model(arguments.model.path().as_deref(), context)?;
    let preparation = preparation(&model);
    let (card, half) = (model.card(), arguments.half.unwrap_or_default());
    let (format, parameters, onnx) = match arguments.to {
        Form::Onnx => {
            let summary = write_onnx(out, model.model(), card, &preparation, half)?;
            (
                "onnx",
                summary.parameters,
                Some(OnnxFacts::of(summary, half)),
            )
        }
        Form::Pytorch => {
            let summary = write_pytorch(out, model.model(), card, &preparation)?;
            ("pytorch", summary.parameters, None)
        }
    };
    let exported = Exported {
        model: model.name().to_owned(),
        kind: model.kind(),
        format,
        out: out.clone(),
        parameters,
        onnx,
    };
    context.terminal.result(&exported, || exported.text())
}

/// The model that is built in, one that is named, or the newest. Nothing is computed, so it is opened on the usual device.
fn open_model(path: Option<&Path>, context: &Context<'_>) -> Result<OpenModel, CliError> {
    if let Some(path) = path {
        if path == Path::new(PHOTO) {
            let device = backend::open(DeviceArguments::default().backend)?;
            let photo = PhotoDenoiser::open(&device.device, None)?;
            return Ok(photo.model().clone());
        }
        if is_codec_model(path) || (path == Path::new(BUILT_IN_CODEC) && !path.exists()) {
            return Err(CliError::usage(
                path.display(),
                "a model of kind pixel cannot be exported: it codes by tables of integers, for ae compress and ae \
                 decompress alone",
            ));
        }
    }
    open(path, DeviceArguments::default(), context)
}

/// How images are brought to a model, in the words of an exported file.
fn preparation(model: &OpenModel) -> ImagePreparation {
    let preparation = model.preparation();
    let binarize = preparation.binarize;
    ImagePreparation {
        fit: preparation.fit.to_string(),
        patch: preparation.patch,
        deep_range: preparation.range.map(|range| range.to_string()),
        binarization: (!binarize.is_none()).then(|| binarize.to_string()),
    }
}

/// Checks that an ONNX file may be written.
fn check_file(out: &Path, force: bool) -> Result<(), CliError> {
    let is_device =
        fs::metadata(out).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    let is_onnx = out
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
    if !is_onnx && !is_device && !out.is_dir() {
        return Err(CliError::usage(
            format!("--out {}", out.display()),
            "a file of ONNX is named .onnx",
        )
        .hint("--to pytorch writes a folder for PyTorch"));
    }
    check_writable(out, force)
}

/// Checks that a folder for PyTorch may be written.
fn check_folder(out: &Path, half: Option<Half>, force: bool) -> Result<(), CliError> {
    if half.is_some() {
        return Err(CliError::usage(
            "--half",
            "not with --to pytorch: model.py has encode and decode",
        ));
    }
    let is_named_as_file = out.extension().is_some_and(|extension| {
        ["onnx", "pt", "pth", "py", "safetensors"]
            .iter()
            .any(|name| extension.eq_ignore_ascii_case(name))
    });
    if out.is_file() || (is_named_as_file && !out.is_dir()) {
        return Err(CliError::usage(
            format!("--out {}", out.display()),
            format!(
                "a file; --to pytorch writes a folder with {}",
                PYTORCH_FILES.join(", ")
            ),
        ));
    }
    if out.join("config.toml").exists() {
        let reason = "a run that was trained here is not written over";
        return Err(CliError::failure(Status::Files, out.display(), reason)
            .hint("--out names another folder"));
    }
    let there = PYTORCH_FILES
        .iter()
        .map(|name| out.join(name))
        .find(|file| file.symlink_metadata().is_ok());
    match there {
        Some(file) if !force => {
            Err(
                CliError::failure(Status::Files, file.display(), "exists already")
                    .hint("--force writes over it; --out names another folder"),
            )
        }
        _ => Ok(()),
    }
}

impl OnnxFacts {
    fn of(summary: OnnxSummary, half: Half) -> Self {
        let value = |value: OnnxValue| ValueFacts {
            name: value.name,
            shape: value.shape,
        };
        Self {
            half: half.name(),
            opset: summary.opset,
            input: value(summary.input),
            outputs: summary.outputs.into_iter().map(value).collect(),
        }
    }
}

impl Exported {
    fn text(&self) -> String {
        let out = self.out.display();
        let parameters = thousands(self.parameters as u64);
        let Some(onnx) = &self.onnx else {
            return format!(
                "{out}: {}, {parameters} parameters",
                PYTORCH_FILES.join(", ")
            );
        };
        let mut text = format!(
            "{out}: ONNX of opset {}, {parameters} parameters\n",
            onnx.opset
        );
        let ends = std::iter::once(("in", &onnx.input))
            .chain(onnx.outputs.iter().map(|output| ("out", output)));
        for (end, value) in ends {
            text.push_str(&format!(
                "  {end:3} {:14} [{}]\n",
                value.name,
                value.shape.join(", ")
            ));
        }
        text
    }
}
