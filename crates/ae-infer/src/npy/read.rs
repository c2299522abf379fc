//! Reading arrays row by row, their length and every number checked.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::{MAGIC, NpyError};

/// NumPy's own headers are below 300 bytes; what claims more is not one of them.
const LONGEST_HEADER: usize = 64 * 1024;
const MOST_AXES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Float32,
    Float64,
}

impl Number {
    const fn bytes(self) -> usize {
        match self {
            Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }
}

/// Reads rows of numbers, one at a time, from a file whose header and length agree.
#[derive(Debug)]
pub struct NpyReader {
    path: PathBuf,
    file: BufReader<File>,
    number: Number,
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
        let (text, data_begins) = read_header(&mut file).map_err(malformed)?;
        let (number, shape) = parse_header(&text).map_err(malformed)?;
        let data_bytes = shape
            .iter()
            .try_fold(number.bytes(), |product, &size| product.checked_mul(size))
            .ok_or_else(|| malformed(format!("the shape {shape:?} overflows")))?;
        let found_bytes = metadata.len().saturating_sub(data_begins);
        if found_bytes != data_bytes as u64 {
            return Err(malformed(format!(
                "the shape {shape:?} needs {data_bytes} bytes of numbers, but {found_bytes} are there"
            )));
        }
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
        let row: Vec<f32> = match self.number {
            Number::Float32 => bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect(),
            Number::Float64 => bytes
                .as_chunks::<8>()
                .0
                .iter()
                .map(|&bytes| f64::from_le_bytes(bytes) as f32)
                .collect(),
        };
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

/// Reads the header's text and says where the numbers begin.
fn read_header(file: &mut impl Read) -> Result<(String, u64), String> {
    let not_npy = |_| "not an .npy file".to_owned();
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(not_npy)?;
    if &start[..6] != MAGIC {
        return Err("not an .npy file".to_owned());
    }
    let (length, prefix) = match start[6] {
        1 => {
            let mut length = [0; 2];
            file.read_exact(&mut length).map_err(not_npy)?;
            (usize::from(u16::from_le_bytes(length)), 10)
        }
        2 | 3 => {
            let mut length = [0; 4];
            file.read_exact(&mut length).map_err(not_npy)?;
            (u32::from_le_bytes(length) as usize, 12)
        }
        version => return Err(format!("version {version} of .npy is not known")),
    };
    if length > LONGEST_HEADER {
        return Err(format!("the header claims {length} bytes"));
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text)
        .map_err(|_| "the header is cut short".to_owned())?;
    let text = String::from_utf8(text).map_err(|_| "the header is not text".to_owned())?;
    Ok((text, (prefix + length) as u64))
}

fn parse_header(text: &str) -> Result<(Number, Vec<usize>), String> {
    let value = |key: &str| {
        text.split_once(&format!("'{key}':"))
            .map(|(_, rest)| rest.trim_start())
            .ok_or_else(|| format!("the header has no '{key}'"))
    };
    let description = value("descr")?;
    let number = if description.starts_with("'<f4'") {
        Number::Float32
    } else if description.starts_with("'<f8'") {
        Number::Float64
    } else {
        let found = description.split(',').next().unwrap_or_default().trim();
        return Err(format!(
            "the numbers are of type {found}; codes are '<f4' (float32) or '<f8' (float64)"
        ));
    };
    if !value("fortran_order")?.starts_with("False") {
        return Err("the array is in Fortran order; save it with numpy.ascontiguousarray".into());
    }
    let shape = value("shape")?
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(inside, _)| inside)
        .ok_or("the header's 'shape' is no tuple")?;
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| {
            size.parse::<usize>()
                .map_err(|_| format!("the axis '{size}' is no length"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    if shape.is_empty() || shape.len() > MOST_AXES {
        return Err(format!("the array has {} axes", shape.len()));
    }
    Ok((number, shape))
}
