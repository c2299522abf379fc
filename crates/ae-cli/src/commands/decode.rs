//! `ae decode`.

use std::path::{Path, PathBuf};

use ae_data::Image;
use ae_models::Autoencoder as _;
use ae_report::thousands;
use clap::Args;
use serde::Serialize;

use crate::arguments::{DeviceArguments, ModelOption};
use crate::context::Context;
use crate::destination::{Destination, check_writable};
use crate::error::{CliError, Status};
use crate::evaluation::BATCH_SIZE;
use crate::inference::OpenModel;
use crate::models::Wanted;
use crate::npy::NpyReader;

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
    let mut codes = NpyReader::open(&arguments.codes)?;
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

    let opened = OpenModel::open(
        arguments.model.model.as_deref(),
        Wanted::Any,
        arguments.device,
        &terminal,
    )?;
    let code_values = opened.model.code_values();
    if codes.row_values() != code_values {
        return Err(CliError::failure(
            Status::Data,
            arguments.codes.display(),
            format!(
                "shape {:?}, codes of {} numbers, but {} takes {:?}, {code_values} numbers",
                codes.shape(),
                thousands(codes.row_values() as u64),
                opened.path.name(),
                opened.model.code_shape(),
            ),
        )
        .hint("the first axis counts the codes; --model names the model that made them"));
    }
    destination.prepare()?;
    for image in &images {
        check_writable(image, arguments.force)?;
    }
    let shape = opened.image_shape();
    for batch in images.chunks(BATCH_SIZE) {
        let mut values = Vec::with_capacity(batch.len() * code_values);
        for _ in batch {
            values.extend(codes.read_row()?);
        }
        let output = opened.decode(batch.len(), values)?;
        for (path, values) in batch.iter().zip(output.chunks(shape.values())) {
            Image::from_unit(shape, values).write(path)?;
        }
    }
    let decoded = Decoded {
        codes: arguments.codes,
        model: opened.path.name(),
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
