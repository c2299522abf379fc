//! Reading arrays row by row, their length and every number checked.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::NpyError;
use super::header::{NpyHeader, NpyNumber};

/// Reads rows of numbers, one at a time, from a file whose header and length agree.
#[derive(Debug)]
pub struct NpyReader {
    path: PathBuf,
    file: BufReader<File>,
    number: NpyNumber,
    shape: Vec<usize>,
    rows_read: usize,
}

impl NpyReader {
    /// Opens a file and checks its header against its length.
    ///
    /// # Errors
    /// The file cannot be read, is no `.npy` file, holds numbers of another type or order, or is
    /// shorter or longer than its shape says.
    pub fn open(path: &Path) -> Result<Self, NpyError> {
        let failed = |source| NpyError::Io {
            path: path.to_owned(),
            source,
        };
        let malformed = |reason: String| NpyError::Format {
            path: path.to_owned(),
            reason,
        };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(malformed("a folder, not an .npy file".to_owned()));
        }
        let mut file = BufReader::new(file);
        let header = NpyHeader::read(&mut file).map_err(malformed)?;
        if header.number == NpyNumber::Byte {
            let reason =
                "the numbers are of type '|u1'; codes are '<f4' (float32) or '<f8' (float64)";
            return Err(malformed(reason.to_owned()));
        }
        let found_bytes = metadata.len().saturating_sub(header.begins as u64);
        header.check_length(found_bytes).map_err(malformed)?;
        let NpyHeader { number, shape, .. } = header;
        Ok(Self {
            path: path.to_owned(),
            file,
            number,
            shape,
            rows_read: 0,
        })
    }

    /// All axes; the first counts the rows.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The length of the first axis.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The numbers in a row.
    pub fn row_values(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// The file cannot be read, or a number is not finite.
    pub fn read_row(&mut self) -> Result<Vec<f32>, NpyError> {
        let mut bytes = vec![0; self.row_values() * self.number.bytes()];
        self.file
            .read_exact(&mut bytes)
            .map_err(|source| NpyError::Io {
                path: self.path.clone(),
                source,
            })?;
        let row = self.number.values(&bytes);
        if let Some(column) = row.iter().position(|value| !value.is_finite()) {
            return Err(NpyError::Format {
                path: self.path.clone(),
                reason: format!(
                    "number {column} of row {} is {}, not finite",
                    self.rows_read, row[column]
                ),
            });
        }
        self.rows_read += 1;
        Ok(row)
    }
}
