//! The archive that `torch.save` writes since PyTorch 1.6: a ZIP of `ROOT/data.pkl`, a pickle that describes the tensors,
//! and `ROOT/data/KEY`, their numbers.

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ae_models::{NamedTensor, limits};
use half::{bf16, f16};
use zip::ZipArchive;

use super::pickle::read_pickle;
use super::pickle::values::{Entry, NumberType, PickledTensor};
use crate::error::InterchangeError;

/// The description of the tensors of any model within the limits is far smaller.
const MOST_PICKLE_BYTES: u64 = 16 << 20;
/// Beside the numbers.
const MOST_OTHER_BYTES: u64 = 64 << 20;

/// A checkpoint whose description has been read, and whose numbers have not.
pub(super) struct Checkpoint {
    path: PathBuf,
    archive: ZipArchive<File>,
    /// The folder that everything in the archive is in, with its slash.
    root: String,
    entries: Vec<Entry>,
}

impl Checkpoint {
    /// Opens an archive and reads which tensors are in it. Nothing of the pickle is executed.
    pub(super) fn open(path: &Path) -> Result<Self, InterchangeError> {
        let wrong = |reason: String| InterchangeError::weights(path, reason);
        let file = File::open(path).map_err(InterchangeError::io("read", path))?;
        let length = file
            .metadata()
            .map_err(InterchangeError::io("read", path))?
            .len();
        let most = 4 * limits::PARAMETERS as u64 + MOST_OTHER_BYTES;
        if length > most {
            return Err(wrong(format!("{length} bytes, at most {most} are read")));
        }
        let archive =
            ZipArchive::new(file).map_err(|error| wrong(format!("a damaged archive: {error}")))?;
        let root_of = |name: &str| {
            let root = name.strip_suffix("data.pkl")?;
            let is_root = root.ends_with('/') && root.matches('/').count() == 1;
            is_root.then(|| root.to_owned())
        };
        let mut names = archive.file_names().flatten();
        let root = names.find_map(|name| root_of(&name)).ok_or_else(|| {
            InterchangeError::form(path, "an archive, but none that torch.save has written")
        })?;
        drop(names);
        let mut checkpoint = Self {
            path: path.to_owned(),
            archive,
            root,
            entries: Vec::new(),
        };
        // Archives of before PyTorch 2.1 don't say it, and are little-endian on the machines that there are.
        let order = checkpoint.start_of("byteorder", 16).unwrap_or_default();
        if order.trim_ascii() == b"big" {
            return Err(wrong("numbers of a big-endian machine".to_owned()));
        }
        let pickle = checkpoint.member("data.pkl", MOST_PICKLE_BYTES)?;
        checkpoint.entries = read_pickle(&pickle).map_err(wrong)?;
        Ok(checkpoint)
    }

    /// Names and shapes.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (&str, &[usize])> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.name.as_str(), entry.tensor.shape.as_slice()))
    }

    /// Reads the numbers of tensors whose shapes have been checked.
    pub(super) fn read(&mut self) -> Result<Vec<NamedTensor>, InterchangeError> {
        let entries = std::mem::take(&mut self.entries);
        let tensors = entries.into_iter().map(|entry| {
            let values = self.values(&entry)?;
            Ok(NamedTensor {
                name: entry.name,
                shape: entry.tensor.shape,
                values,
            })
        });
        tensors.collect()
    }

    fn values(&mut self, entry: &Entry) -> Result<Vec<f32>, InterchangeError> {
        let Entry { name, tensor } = entry;
        let wrong = |reason: String| {
            InterchangeError::weights(&self.path, format!("tensor {name}: {reason}"))
        };
        let decode = decoder(tensor.storage.numbers).map_err(wrong)?;
        let size = decode.bytes;
        let last = tensor.last_place().ok_or_else(|| {
            InterchangeError::weights(
                &self.path,
                format!("tensor {name}: its numbers lie beyond any file"),
            )
        })?;
        let needed = (last as u64)
            .checked_mul(size as u64)
            .filter(|&needed| needed <= 4 * limits::PARAMETERS as u64);
        let Some(needed) = needed else {
            let reason = format!("tensor {name}: more numbers than a model has");
            return Err(InterchangeError::weights(&self.path, reason));
        };
        let member = format!("data/{}", tensor.storage.key);
        let bytes = self.start_of(&member, needed)?;
        if (bytes.len() as u64) < needed {
            let reason = format!(
                "tensor {name}: {needed} bytes of numbers are needed, {} are there",
                bytes.len()
            );
            return Err(InterchangeError::weights(&self.path, reason));
        }
        Ok(tensor
            .places()
            .map(|place| (decode.value)(&bytes[place * size..]))
            .collect())
    }

    /// A member that has at most so many bytes.
    fn member(&mut self, name: &str, most: u64) -> Result<Vec<u8>, InterchangeError> {
        let bytes = self.start_of(name, most + 1)?;
        match bytes.len() as u64 > most {
            true => Err(InterchangeError::weights(
                &self.path,
                format!("{name}: more than {most} bytes"),
            )),
            false => Ok(bytes),
        }
    }

    /// The first `count` bytes of a member, or as many as are there.
    fn start_of(&mut self, name: &str, count: u64) -> Result<Vec<u8>, InterchangeError> {
        let wrong =
            |error: &dyn Display| InterchangeError::weights(&self.path, format!("{name}: {error}"));
        let full = format!("{}{name}", self.root);
        let member = self.archive.by_name(&full).map_err(|error| wrong(&error))?;
        let mut bytes = Vec::new();
        member
            .take(count)
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(&error))?;
        Ok(bytes)
    }
}

/// How numbers of a type become `f32`.
struct Decoder {
    /// Bytes of a number.
    bytes: usize,
    /// The number at the beginning of the bytes.
    value: fn(&[u8]) -> f32,
}

fn decoder(numbers: NumberType) -> Result<Decoder, String> {
    match numbers {
        NumberType::Float => Ok(Decoder {
            bytes: 4,
            value: |bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
        }),
        NumberType::Half => Ok(Decoder {
            bytes: 2,
            value: |bytes| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
        }),
        NumberType::BFloat16 => Ok(Decoder {
            bytes: 2,
            value: |bytes| bf16::from_le_bytes([bytes[0], bytes[1]]).to_f32(),
        }),
        NumberType::Other(name) => Err(format!(
            "{name}; float32, float16 and bfloat16 are read: model.float() makes float32"
        )),
    }
}

impl PickledTensor {
    /// One more than the largest place of a number in its storage; `None` where that is beyond all numbers.
    fn last_place(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(self.offset);
        }
        let axes = self.shape.iter().zip(&self.strides);
        let mut last = self.offset;
        for (&side, &stride) in axes {
            last = last.checked_add((side - 1).checked_mul(stride)?)?;
        }
        last.checked_add(1)
    }

    /// The places of the numbers in the storage, in C order.
    fn places(&self) -> impl Iterator<Item = usize> {
        let count = self.shape.iter().product();
        (0..count).map(|index: usize| {
            let axes = self.shape.iter().zip(&self.strides).rev();
            let start = (index, self.offset);
            let (_, place) = axes.fold(start, |(rest, place), (&side, &stride)| {
                (rest / side, place + rest % side * stride)
            });
            place
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::pickle::values::Storage;
    use super::*;

    fn tensor(shape: &[usize], strides: &[usize], offset: usize) -> PickledTensor {
        PickledTensor {
            storage: Storage {
                numbers: NumberType::Float,
                key: "0".to_owned(),
            },
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        }
    }

    #[test]
    fn places_go_by_the_strides() {
        let transposed = tensor(&[2, 3], &[1, 2], 5);
        assert_eq!(transposed.last_place(), Some(11));
        let places: Vec<usize> = transposed.places().collect();
        assert_eq!(places, [5, 7, 9, 6, 8, 10]);
        assert_eq!(tensor(&[], &[], 3).places().collect::<Vec<_>>(), [3]);
        assert_eq!(tensor(&[0, 2], &[2, 1], 0).places().count(), 0);
        assert_eq!(tensor(&[usize::MAX, 2], &[4, 1], 0).last_place(), None);
    }
}
