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
use crate::opening::open;

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

    let model = open(arguments.model.model.as_deref(), arguments.device, context)?;
    let code_values = model.code_values()?;
    let code_shape = model.code_shape()?;
    // Only the product would let codes pass whose axes are in another order.
    let row_shape = codes.shape().get(1..).unwrap_or_default();
    if row_shape != [code_values] && row_shape != code_shape.as_slice() {
        return Err(CliError::failure(
            Status::Data,
            arguments.codes.display(),
            format!(
                "shape {:?}, so a code of {}, but {} takes {}",
                codes.shape(),
                of_shape(row_shape),
                model.name(),
                match code_shape.len() {
                    1 => of_shape(&code_shape),
                    _ => format!("{} or {}", of_shape(&code_shape), of_shape(&[code_values])),
                },
            ),
        )
        .hint(
            "the first axis counts the codes, the others are a code's as ae encode writes them; --model names the \
             model that made them",
        ));
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

/// `[8, 7, 7]`, and `32 values` of a flat one.
fn of_shape(shape: &[usize]) -> String {
    match shape {
        [] => "one value".to_owned(),
        [values] => format!("{} values", thousands(*values as u64)),
        shape => format!("{shape:?}"),
    }
}
