//! The tables of a model's symbols: measured when its training ends, kept in its run.

use std::fs;
use std::io;
use std::path::Path;

use ae_codec::{CodeShape, CodecError, TransformTables};
use ae_data::ImageSet;
use ae_files::write_atomically;
use ae_infer::{BATCH_SIZE, OpenModel};

use crate::codec::images::codec_shape;
use crate::error::{CliError, Status};

/// The tables' file in a run's directory.
pub(crate) const TABLES_FILE: &str = "model.aetransform";

/// Images that tables are measured on, at most, evenly spread.
const MOST_IMAGES: usize = 32_768;

/// Measures the tables of a model whose file is `file`, on the images that it was trained on.
///
/// # Errors
/// The images cannot be read, or are not gray.
pub(crate) fn measure(
    model: &OpenModel,
    file: &Path,
    train: &ImageSet,
) -> Result<TransformTables, CliError> {
    let shape = codec_shape(train)?;
    let network = fs::read(file).map_err(|error| CliError::io(file, "read", &error))?;
    let step = train.len().div_ceil(MOST_IMAGES).max(1);
    let indices: Vec<usize> = (0..train.len()).step_by(step).collect();
    let mut symbols = vec![Vec::new(); model.qualities()?];
    let values = train.shape().values();
    for batch in indices.chunks(BATCH_SIZE) {
        let mut pixels = vec![0; batch.len() * values];
        for (&index, image) in batch.iter().zip(pixels.chunks_exact_mut(values)) {
            train.read_into(index, image)?;
        }
        for (quality, symbols) in symbols.iter_mut().enumerate() {
            symbols.extend(model.symbols(&pixels, quality)?);
        }
    }
    let code = code_shape(model)?;
    let network = TransformTables::network_of(&network);
    TransformTables::measure(shape, code, network, &symbols)
        .map_err(|error| CliError::from(error).about(file))
}

/// Keeps tables in a run.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn keep(tables: &TransformTables, run: &Path) -> Result<(), CliError> {
    let file = run.join(TABLES_FILE);
    write_atomically(&file, |mut to| {
        tables.write(&mut to).map_err(|error| match error {
            CodecError::Write(error) => error,
            error => io::Error::other(error),
        })
    })
    .map_err(|error| CliError::io(&file, "write", &error))
}

fn code_shape(model: &OpenModel) -> Result<CodeShape, CliError> {
    let sides = model.code_shape()?;
    let side = |index: usize| sides.get(index).and_then(|&side| u16::try_from(side).ok());
    let shape = match (side(0), side(1), side(2)) {
        (Some(channels), Some(rows), Some(columns)) => CodeShape::new(channels, rows, columns),
        _ => None,
    };
    shape.ok_or_else(|| {
        let reason = "its codes have too many symbols for tables";
        CliError::failure(Status::Model, model.name(), reason)
    })
}
