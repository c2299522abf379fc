//! The header of an array that NumPy saved.
//!
//! # References
//! NumPy, "numpy.lib.format", NEP 1: "A Simple File Format for NumPy Arrays".

use std::io::Read;

/// The longest header that is read.
const MAX_HEADER_BYTES: usize = 1 << 16;

/// Whether a file begins as a saved array does.
pub(crate) fn is_npy(start: &[u8]) -> bool {
    start.starts_with(b"\x93NUMPY")
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Byte order and type, as in `<f4`.
    pub(super) kind: String,
    pub(super) shape: Vec<u64>,
    /// Bytes before the values.
    pub(super) bytes: u64,
}

impl Header {
    /// Reads the header, and leaves the reader at the first value.
    pub(super) fn read(reader: &mut impl Read) -> Result<Self, String> {
        let truncated = |_| "the array is truncated".to_owned();
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(truncated)?;
        if !is_npy(&start) {
            return Err("not an array that NumPy saved".to_owned());
        }
        let length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(format!("version {version} of NumPy's format is not read")),
        };
        let mut length = [0; 4];
        let field = &mut length[..length_bytes];
        reader.read_exact(field).map_err(truncated)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_HEADER_BYTES {
            return Err(format!("a header of {length} bytes"));
        }
        let mut text = vec![0; length];
        reader.read_exact(&mut text).map_err(truncated)?;
        let text = String::from_utf8_lossy(&text);
        let damaged = || "the array's header is damaged".to_owned();
        let after = |key: &str| {
            let (_, after) = text.split_once(&format!("'{key}':"))?;
            Some(after.trim_start())
        };
        if after("fortran_order")
            .ok_or_else(damaged)?
            .starts_with("True")
        {
            let reason = "an array in Fortran order is not read: save numpy.ascontiguousarray(it)";
            return Err(reason.to_owned());
        }
        let kind = after("descr").ok_or_else(damaged)?;
        let kind = kind
            .strip_prefix('\'')
            .and_then(|kind| kind.split_once('\''))
            .map(|(kind, _)| kind.to_owned())
            .ok_or("an array of records is not read")?;
        let shape = after("shape")
            .and_then(|shape| shape.strip_prefix('('))
            .and_then(|shape| shape.split_once(')'))
            .ok_or_else(damaged)?
            .0;
        let shape = shape
            .split(',')
            .map(str::trim)
            .filter(|side| !side.is_empty())
            .map(|side| side.parse().map_err(|_| damaged()))
            .collect::<Result<Vec<u64>, _>>()?;
        Ok(Self {
            kind,
            shape,
            bytes: (8 + length_bytes + length) as u64,
        })
    }

    /// Bytes of one value.
    pub(super) fn value_bytes(&self) -> Option<u64> {
        self.kind
            .get(2..)?
            .parse()
            .ok()
            .filter(|bytes| matches!(bytes, 1 | 2 | 4 | 8))
    }

    /// All values; nothing where there are more than can be counted.
    pub(super) fn values(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1_u64, |values, &side| values.checked_mul(side))
    }

    /// The shape as NumPy writes it.
    pub(super) fn shape_text(&self) -> String {
        let sides: Vec<String> = self.shape.iter().map(u64::to_string).collect();
        format!("({})", sides.join(", "))
    }
}
