//! `ae decode`.

use std::path::{Path, PathBuf};

use ae_infer::{BATCH_SIZE, Codes, InferError, NpyReader};
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::arguments::{DeviceArguments, ModelOption};
use crate::context::Context;
use crate::destination::{Destination, check_writable};
use crate::error::{CliError, Status};
use crate::opening::{Wanted, open};

/// Make images of the codes in a NumPy file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae decode codes.npy -o images/
  ae decode code.npy --model runs/glyphs-conv-1 -o image.png")]
pub(super) struct DecodeArguments {
    /// The .npy file: float32 or float64, one code a row.
    #[arg(value_name = "CODES")]
    codes: PathBuf,
    /// The model.
    #[command(flatten)]
    model: ModelOption,
    /// The folder for the images, or a file for a single one.
    #[arg(long, short, value_name = "PATH")]
    out: PathBuf,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Serialize)]
struct Decoded {
    codes: PathBuf,
    model: String,
    images: Vec<PathBuf>,
}

pub(super) fn run(arguments: DecodeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    let mut codes = NpyReader::open(&arguments.codes).map_err(InferError::from)?;
    let rows = codes.rows();
    if rows == 0 {
        return Err(CliError::failure(
            Status::Data,
            arguments.codes.display(),
            "holds no codes",
        ));
    }
    let destination = Destination::of(&arguments.out, rows)?;
    let images: Vec<PathBuf> = (0..rows)
        .map(|row| destination.path(Path::new(&format!("{row:06}.png"))))
        .collect();

    let model = open(
        arguments.model.model.as_deref(),
        Wanted::Any,
        arguments.device,
        context,
    )?;
    let code_values = model.code_values()?;
    if codes.row_values() != code_values {
        return Err(CliError::failure(
            Status::Data,
            arguments.codes.display(),
            format!(
                "shape {:?}, codes of {} numbers, but {} takes {:?}, {code_values} numbers",
                codes.shape(),
                thousands(codes.row_values() as u64),
                model.name(),
                model.code_shape()?,
            ),
        )
        .hint("the first axis counts the codes; --model names the model that made them"));
    }
    destination.prepare()?;
    for image in &images {
        check_writable(image, arguments.force)?;
    }
    for batch in images.chunks(BATCH_SIZE) {
        let mut rows = Codes::new(code_values);
        for _ in batch {
            rows.extend(codes.read_row().map_err(InferError::from)?);
        }
        for (path, image) in batch.iter().zip(model.decode(&rows)?) {
            image.write(path)?;
        }
    }
    let decoded = Decoded {
        codes: arguments.codes,
        model: model.name().to_owned(),
        images,
    };
    terminal.result(&decoded, || match decoded.images.as_slice() {
        [image] => image.display().to_string(),
        images => format!(
            "{} images in {}",
            thousands(images.len() as u64),
            arguments.out.display()
        ),
    })
}
