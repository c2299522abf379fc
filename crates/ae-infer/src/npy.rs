//! NumPy's `.npy` files: the part of the format that codes need.
//!
//! A file is the eight bytes `\x93NUMPY\x01\x00`, the header's length as a little-endian `u16`, the
//! header (a Python dictionary with `descr`, `fortran_order` and `shape`, padded with spaces and
//! ended by a line feed so that the numbers begin at a multiple of 64 bytes), then the numbers, the
//! last axis varying fastest. Version 2 has a `u32` length. We write version 1 with
//! little-endian `float32`; we read versions 1 to 3 with little-endian `float32` or `float64`.
//!
//! # References
//! NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays"; `numpy.lib.format`.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use ae_data::DataError;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// NumPy's own headers are below 300 bytes; what claims more is not one of them.
const LONGEST_HEADER: usize = 64 * 1024;
const MOST_AXES: usize = 32;

/// What is wrong with an `.npy` file that was to be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NpyError {
    /// The operating system refuses.
    #[error("cannot read {}: {}", path.display(), crate::error::io_reason(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file isn't what it claims to be.
    #[error("cannot read {}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Writes a file of `rows` rows of shape `row_shape`, which `fill` hands over one at a time.
///
/// The file appears under its name when it is complete, and not at all when `fill` fails.
///
/// # Errors
/// Those of `fill`, or the file cannot be written.
///
/// # Panics
/// If `fill` hands over another number of rows, or rows of another length.
pub(crate) fn write_npy<E: From<DataError>>(
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
pub(crate) struct NpyRows<'a> {
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
    pub(crate) fn push(&mut self, row: &[f32]) -> Result<(), DataError> {
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

fn header(rows: usize, row_shape: &[usize]) -> Vec<u8> {
    let mut dictionary = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows},");
    for (axis, size) in row_shape.iter().enumerate() {
        let comma = if axis + 1 < row_shape.len() { "," } else { "" };
        dictionary.push_str(&format!(" {size}{comma}"));
    }
    dictionary.push_str("), }");
    let prefix = MAGIC.len() + 2 + 2;
    let padding = 64 - (prefix + dictionary.len() + 1) % 64;
    dictionary.extend(std::iter::repeat_n(' ', padding % 64));
    dictionary.push('\n');
    let length = u16::try_from(dictionary.len()).expect("32 axes fit a version 1 header");
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes
}

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
pub(crate) struct NpyReader {
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
    pub(crate) fn open(path: &Path) -> Result<Self, NpyError> {
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
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The length of the first axis.
    pub(crate) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The numbers in a row.
    pub(crate) fn row_values(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// The file cannot be read, or a number is not finite.
    pub(crate) fn read_row(&mut self) -> Result<Vec<f32>, NpyError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.save(file, numpy.arange(6, dtype="<f4").reshape(2, 3))`, NumPy 2.3.
    fn numpy_file() -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
        bytes.extend(format!("{dictionary:<117}\n").bytes());
        bytes.extend((0_u8..6).flat_map(|value| f32::from(value).to_le_bytes()));
        bytes
    }

    #[test]
    fn writes_what_numpy_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.npy");
        write_npy(&path, 2, &[3], |rows| {
            rows.push(&[0.0, 1.0, 2.0])?;
            assert!(!path.exists(), "a partial file has the final name");
            rows.push(&[3.0, 4.0, 5.0])
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), numpy_file());
    }

    #[test]
    fn numbers_begin_at_a_multiple_of_64_bytes() {
        for shape in [&[1][..], &[128, 7, 7], &[12_345; 11], &[9; 17]] {
            assert_eq!(header(100, shape).len() % 64, 0, "{shape:?}");
        }
    }

    #[test]
    fn a_failure_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.npy");
        let error = write_npy(&path, 2, &[1], |rows| {
            rows.push(&[0.0])?;
            Err(DataError::NotFound {
                path: "x.png".into(),
            })
        })
        .unwrap_err();
        assert!(error.to_string().contains("x.png"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn reads_what_it_wrote_row_by_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codes.npy");
        write_npy(&path, 3, &[2, 1], |rows| {
            [[0.1, -2.0], [f32::MAX, 1e-40], [3.0, 4.0]]
                .iter()
                .try_for_each(|row| rows.push(row))
        })
        .unwrap();
        let mut reader = NpyReader::open(&path).unwrap();
        assert_eq!(reader.shape(), [3, 2, 1]);
        assert_eq!(reader.read_row().unwrap(), [0.1, -2.0]);
        assert_eq!(reader.read_row().unwrap(), [f32::MAX, 1e-40]);
        assert_eq!(reader.read_row().unwrap(), [3.0, 4.0]);
    }

    #[test]
    fn bad_files_are_refused_with_a_reason() {
        let good = numpy_file();
        let changed = |from: &str, to: &str| {
            let text: Vec<u8> = good.clone();
            let position = text
                .windows(from.len())
                .position(|window| window == from.as_bytes())
                .unwrap();
            let mut text = text;
            text[position..position + from.len()].copy_from_slice(to.as_bytes());
            text
        };
        let mut not_finite = good.clone();
        let end = not_finite.len();
        not_finite[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        let table: [(&str, Vec<u8>, &str); 10] = [
            ("empty", Vec::new(), "not an .npy file"),
            ("text", b"hello, this is text".to_vec(), "not an .npy file"),
            (
                "cut",
                good[..good.len() - 1].to_vec(),
                "needs 24 bytes of numbers, but 23",
            ),
            (
                "long",
                [good.clone(), vec![0]].concat(),
                "needs 24 bytes of numbers, but 25",
            ),
            ("header cut", good[..40].to_vec(), "the header is cut short"),
            ("integers", changed("<f4", "<i4"), "of type '<i4'"),
            ("fortran", changed("False", "True "), "Fortran order"),
            ("lie", changed("(2, 3)", "(9, 9)"), "needs 324 bytes"),
            (
                "version",
                changed("\u{1}\u{0}v", "\u{9}\u{0}v"),
                "version 9",
            ),
            ("nan", not_finite, "number 2 of row 1 is NaN"),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes, expected) in table {
            let path = folder.path().join(format!("{name}.npy"));
            std::fs::write(&path, bytes).unwrap();
            let result = NpyReader::open(&path).and_then(|mut reader| {
                reader.read_row()?;
                reader.read_row()
            });
            let message = result.expect_err(name).to_string();
            assert!(message.contains(expected), "{name}: {message}");
            assert!(message.contains(&format!("{name}.npy")), "{message}");
        }
    }

    #[test]
    fn a_shape_that_overflows_is_refused() {
        let text =
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }\n";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("huge.npy");
        std::fs::write(&path, bytes).unwrap();
        let message = NpyReader::open(&path).unwrap_err().to_string();
        assert!(message.contains("overflows"), "{message}");
    }
}
