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

/// The header of an array, of version 1.0: a dictionary that ends at a multiple of 64 bytes, after which the values come.
///
/// `kind` is the type as NumPy writes it, such as `|u1` or `<f4`.
///
/// # Panics
/// If there are more axes than NumPy has, 64, or the type has more than some letters.
#[must_use]
pub fn npy_header(kind: &str, shape: &[usize]) -> Vec<u8> {
    /// The magic, the version and the length.
    const BEFORE: usize = 10;
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let sizes = sizes.join(", ");
    let mut text =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}{comma}), }}");
    let padding = (64 - (BEFORE + text.len() + 1) % 64) % 64;
    text.push_str(&" ".repeat(padding));
    text.push('\n');
    let length = u16::try_from(text.len()).expect("64 numbers of 20 digits are below 65,536");
    [
        b"\x93NUMPY\x01\x00",
        &length.to_le_bytes()[..],
        text.as_bytes(),
    ]
    .concat()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_written_are_read() {
        for shape in [&[5][..], &[0, 28, 28], &[u32::MAX as usize, 1, 2, 3]] {
            for kind in ["|u1", "<f4", "<f8"] {
                let bytes = npy_header(kind, shape);
                assert_eq!(bytes.len() % 64, 0, "{shape:?}");
                assert_eq!(bytes.last(), Some(&b'\n'));
                let read = Header::read(&mut &bytes[..]).unwrap();
                assert_eq!((&*read.kind, read.bytes), (kind, bytes.len() as u64));
                let sides: Vec<u64> = shape.iter().map(|&side| side as u64).collect();
                assert_eq!(read.shape, sides);
            }
        }
    }
}
