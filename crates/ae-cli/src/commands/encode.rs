//! `ae encode`.

use std::path::PathBuf;

use ae_models::Autoencoder as _;
use ae_report::thousands;
use ae_train::TrainError;
use clap::Args;
use serde::Serialize;

use crate::arguments::{DataArguments, DeviceArguments, ModelPosition, Part};
use crate::context::Context;
use crate::destination::check_writable;
use crate::error::CliError;
use crate::evaluation::BATCH_SIZE;
use crate::image_source::{ImageSource, check_shape};
use crate::inference::OpenModel;
use crate::models::Wanted;
use crate::npy::write_npy;

/// Compress images to codes, as a NumPy file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ae encode runs/glyphs-conv-1 --data letters.tar.gz -o codes.npy
  ae encode --data photo.png -o code.npy
  python3 -c 'import numpy; print(numpy.load(\"codes.npy\").shape)'

The file holds little-endian float32 in C order, shape (images, code's shape...).")]
pub(super) struct EncodeArguments {
    /// The model.
    #[command(flatten)]
    model: ModelPosition,
    /// The images.
    #[command(flatten)]
    data: DataArguments,
    /// Which images of the set [default: all with --data, else test].
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// The .npy file.
    #[arg(long, short, value_name = "FILE", default_value = "codes.npy")]
    out: PathBuf,
    /// Write over a file that exists.
    #[arg(long)]
    force: bool,
    /// Where to compute.
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Serialize)]
struct Encoded {
    file: PathBuf,
    shape: Vec<usize>,
    dtype: &'static str,
    model: String,
    data: String,
}

pub(super) fn run(arguments: EncodeArguments, context: &Context<'_>) -> Result<(), CliError> {
    let terminal = context.terminal;
    check_writable(&arguments.out, arguments.force)?;
    let path = arguments.model.path();
    let opened = OpenModel::open(path.as_deref(), Wanted::Any, arguments.device, &terminal)?;
    let source = ImageSource::for_model(&arguments.data, &opened.path, &opened.card)?;
    let sets = source.part(arguments.part.unwrap_or(source.usual_part()), &terminal)?;
    for set in &sets {
        check_shape(&opened.path, &opened.card, set)?;
    }
    let rows = sets.iter().map(|set| set.len()).sum();
    let code_shape = opened.model.code_shape();
    write_npy::<TrainError>(&arguments.out, rows, &code_shape, |codes| {
        for set in &sets {
            ae_train::encode_set(
                &opened.model,
                set,
                &opened.device.device,
                BATCH_SIZE,
                |_, code| Ok(codes.push(code)?),
            )?;
        }
        Ok(())
    })?;
    let mut shape = vec![rows];
    shape.extend(code_shape);
    let encoded = Encoded {
        file: arguments.out,
        shape,
        dtype: "float32",
        model: opened.path.name(),
        data: sets[0].name().to_owned(),
    };
    terminal.result(&encoded, || encoded.text())
}

impl Encoded {
    fn text(&self) -> String {
        let shape: Vec<_> = self
            .shape
            .iter()
            .map(|&size| thousands(size as u64))
            .collect();
        format!(
            "{}: shape ({}), dtype {}, {} bytes of numbers",
            self.file.display(),
            shape.join(", "),
            self.dtype,
            thousands(self.shape.iter().product::<usize>() as u64 * 4),
        )
    }
}
