//! Indices of codewords: those of a training set, what is said of them, and their tables.

use std::path::Path;

use ae_codec::{IndexCode, IndexTables, TransformTables};
use ae_data::ImageSet;
use ae_infer::{IndexGrid, OpenModel};
use ae_report::thousands;
use ae_train::CodewordReport;

use super::tables::{network_file, read_batches};
use crate::codec::images::codec_shape;
use crate::error::{CliError, Status};
use crate::terminal::Terminal;

/// The indices that a model has for the images that it was trained on, or for some of them, evenly spread.
///
/// # Errors
/// The images cannot be read, or the device fails.
pub(crate) fn of_training(model: &OpenModel, train: &ImageSet) -> Result<Vec<u16>, CliError> {
    let mut indices = Vec::new();
    read_batches(train, |pixels| {
        indices.extend(model.indices(pixels)?);
        Ok(())
    })?;
    Ok(indices)
}

/// Says how codewords are used on training images, and warns where hardly any are.
pub(crate) fn tell_usage(grid: &IndexGrid, indices: &[u16], terminal: &Terminal) {
    let indices = indices.iter().map(|&index| index.into());
    let report = CodewordReport::count(grid.codewords, indices);
    terminal.note(format!(
        "codewords on training images: {} of {} used, perplexity {:.1}",
        thousands(report.used as u64),
        thousands(report.codewords as u64),
        report.perplexity
    ));
    if report.is_collapsed() {
        terminal.warning(format!(
            "the codewords collapsed: on the training images their perplexity is {:.1}, below a tenth of {}; fewer of them, a \
             smaller --learning-rate or another --seed helps in most cases",
            report.perplexity,
            thousands(report.codewords as u64),
        ));
    }
}

/// Measures the tables of a model whose file is `file` from the indices of its training images.
///
/// # Errors
/// The file cannot be read, or the images are not gray.
pub(crate) fn tables(
    model: &OpenModel,
    grid: &IndexGrid,
    file: &Path,
    train: &ImageSet,
    indices: &[u16],
) -> Result<IndexTables, CliError> {
    let shape = codec_shape(train)?;
    let network = TransformTables::network_of(&network_file(file)?);
    let side = |side: usize| u16::try_from(side).unwrap_or(0);
    let (rows, columns) = (side(grid.rows), side(grid.columns));
    let code = match &grid.levels {
        Some(levels) => IndexCode::of_levels(rows, columns, levels),
        None => {
            let vectors = model.codeword_vectors()?;
            let channels = vectors.len() / grid.codewords.max(1);
            IndexCode::by_similarity(rows, columns, &vectors, channels)
        }
    };
    let code = code.ok_or_else(|| {
        let reason = "its codes have too many places for tables, or no power of two of codewords";
        CliError::failure(Status::Model, model.name(), reason)
    })?;
    IndexTables::measure(shape, code, network, indices)
        .map_err(|error| CliError::from(error).about(file))
}
