//! Writing arrays of rows.

use std::io::{self, Write};
use std::iter;
use std::path::Path;

use ae_data::DataError;

use super::header::{NpyHeader, NpyNumber};

/// Writes a file of `rows` rows of shape `row_shape`, which `fill` hands over one at a time.
///
/// The file appears under its name when it is complete, and not at all when `fill` fails.
///
/// # Errors
/// Those of `fill`, or the file cannot be written.
///
/// # Panics
/// If `fill` hands over another number of rows, or rows of another length.
pub fn write_npy<E: From<DataError>>(
    path: &Path,
    rows: usize,
    row_shape: &[usize],
    fill: impl FnOnce(&mut NpyRows<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut failure = None;
    let written = ae_files::write_atomically(path, |file| {
        file.write_all(&header(rows, row_shape))?;
        let mut sink = NpyRows {
            path,
            file,
            row_values: row_shape.iter().product(),
            rows_left: rows,
        };
        if let Err(error) = fill(&mut sink) {
            failure = Some(error);
            // Nobody reads this: it only keeps the file from getting its name.
            return Err(io::Error::other("the rows could not be made"));
        }
        assert_eq!(sink.rows_left, 0, "rows are missing");
        Ok(())
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(written.map_err(|source| DataError::Write {
            path: path.to_owned(),
            source,
        })?),
    }
}

/// Takes the rows of a file that is being written.
pub struct NpyRows<'a> {
    path: &'a Path,
    file: &'a mut dyn Write,
    row_values: usize,
    rows_left: usize,
}

impl NpyRows<'_> {
    /// Appends one row.
    ///
    /// # Errors
    /// The disk is full.
    ///
    /// # Panics
    /// If the row hasn't the shape's number of values, or is one too many.
    pub fn push(&mut self, row: &[f32]) -> Result<(), DataError> {
        assert_eq!(row.len(), self.row_values, "a row of another shape");
        assert!(self.rows_left > 0, "a row more than announced");
        self.rows_left -= 1;
        let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.file
            .write_all(&bytes)
            .map_err(|source| DataError::Write {
                path: self.path.to_owned(),
                source,
            })
    }
}

/// The header of `rows` rows of shape `row_shape`.
pub(super) fn header(rows: usize, row_shape: &[usize]) -> Vec<u8> {
    let shape: Vec<usize> = iter::once(rows).chain(row_shape.iter().copied()).collect();
    NpyHeader::to_bytes(NpyNumber::Float32, &shape)
}
