//! The header of an array: what its numbers are and how they lie.

use std::io::Read;

use super::MAGIC;

/// NumPy's own headers are below 300 bytes; what claims more is not one of them.
const LONGEST_HEADER: usize = 64 * 1024;
const MOST_AXES: usize = 32;

/// What the numbers of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NpyNumber {
    /// `uint8`.
    Byte,
    /// Little-endian `float32`.
    Float32,
    /// Little-endian `float64`.
    Float64,
}

impl NpyNumber {
    /// Bytes of a number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// As NumPy writes it.
    const fn description(self) -> &'static str {
        match self {
            Self::Byte => "|u1",
            Self::Float32 => "<f4",
            Self::Float64 => "<f8",
        }
    }

    /// The numbers that lie in `bytes`; what is left of them at the end is no number.
    #[must_use]
    pub fn values(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Self::Byte => bytes.iter().map(|&value| f32::from(value)).collect(),
            Self::Float32 => {
                let numbers = bytes.as_chunks::<4>().0.iter();
                numbers.map(|&bytes| f32::from_le_bytes(bytes)).collect()
            }
            Self::Float64 => {
                let numbers = bytes.as_chunks::<8>().0.iter();
                numbers
                    .map(|&bytes| f64::from_le_bytes(bytes) as f32)
                    .collect()
            }
        }
    }
}

/// What an array says of itself before its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NpyHeader {
    /// What its numbers are.
    pub number: NpyNumber,
    /// All axes, one at least; the last varies fastest.
    pub shape: Vec<usize>,
    /// The byte that the numbers begin at.
    pub begins: usize,
}

impl NpyHeader {
    /// Reads a header and nothing beyond it.
    ///
    /// # Errors
    /// It is no header of an `.npy` file, or of an array that is not read here; the reason in words.
    pub fn read(file: &mut impl Read) -> Result<Self, String> {
        let (text, begins) = read_text(file)?;
        let (number, shape) = parse(&text)?;
        Ok(Self {
            number,
            shape,
            begins,
        })
    }

    /// Checks the shape against the bytes that the numbers have.
    ///
    /// # Errors
    /// They are more or fewer; in words.
    pub fn check_length(&self, found_bytes: u64) -> Result<(), String> {
        let shape = &self.shape;
        let bytes = shape
            .iter()
            .try_fold(self.number.bytes(), |product, &size| {
                product.checked_mul(size)
            });
        let bytes = bytes.ok_or_else(|| format!("the shape {shape:?} overflows"))?;
        match found_bytes == bytes as u64 {
            true => Ok(()),
            false => Err(format!(
                "the shape {shape:?} needs {bytes} bytes of numbers, but {found_bytes} are there"
            )),
        }
    }

    /// The bytes of a header, after which the numbers come.
    ///
    /// # Panics
    /// If there are more axes than NumPy has, 32.
    #[must_use]
    pub fn to_bytes(number: NpyNumber, shape: &[usize]) -> Vec<u8> {
        ae_data::npy_header(number.description(), shape)
    }
}

/// Reads the header's text and says where the numbers begin.
fn read_text(file: &mut impl Read) -> Result<(String, usize), String> {
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
    Ok((text, prefix + length))
}

fn parse(text: &str) -> Result<(NpyNumber, Vec<usize>), String> {
    let value = |key: &str| {
        text.split_once(&format!("'{key}':"))
            .map(|(_, rest)| rest.trim_start())
            .ok_or_else(|| format!("the header has no '{key}'"))
    };
    let description = value("descr")?;
    let known = [NpyNumber::Byte, NpyNumber::Float32, NpyNumber::Float64];
    let is_described =
        |number: &NpyNumber| description.starts_with(&format!("'{}'", number.description()));
    let number = known.into_iter().find(is_described).ok_or_else(|| {
        let found = description.split(',').next().unwrap_or_default().trim();
        format!(
            "the numbers are of type {found}; '<f4' (float32), '<f8' (float64) and, of pixels, '|u1' (uint8) are read"
        )
    })?;
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
