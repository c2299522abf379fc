//! The header of a safetensors file: eight bytes of length, then JSON that names every tensor, its type, its shape
//! and where its bytes are.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::error::ModelError;
use crate::file::precision::Precision;
use crate::limits;
use crate::parameters::tensors::NamedTensor;

/// No header of a model within the limits comes near this.
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// The length before the header.
const LENGTH_BYTES: u64 = 8;
/// The key of the card among the tensors' names.
const METADATA_KEY: &str = "__metadata__";

/// A header whose tensors are known to fill the file without gap or overlap.
pub(crate) struct Header {
    /// The card's strings.
    pub(crate) metadata: BTreeMap<String, String>,
    /// Tensors in the order of their bytes, each of a [`Precision`].
    pub(crate) tensors: Vec<(String, TensorInfo)>,
}

impl Header {
    /// Opens a file, reads its header and checks it against the file's length. The file is left at the first tensor.
    pub(crate) fn read(path: &Path) -> Result<(File, Self), ModelError> {
        let io = |source| ModelError::io("read", path, source);
        let mut file = File::open(path).map_err(io)?;
        let attributes = file.metadata().map_err(io)?;
        if !attributes.is_file() {
            return Err(ModelError::file(path, "file", "not a file"));
        }
        let header = Self::read_from(&mut file, attributes.len(), path)?;
        Ok((file, header))
    }

    /// Reads the header of a file of `file_bytes` bytes, which `path` names in errors. What was read from is left at the
    /// first tensor.
    pub(crate) fn read_from(
        file: &mut impl Read,
        file_bytes: u64,
        path: &Path,
    ) -> Result<Self, ModelError> {
        let io = |source| ModelError::io("read", path, source);
        let error = |field: &str, reason: String| ModelError::file(path, field, reason);
        let reject = |field: &str, reason: String| Err(error(field, reason));
        let max_bytes = LENGTH_BYTES + MAX_HEADER_BYTES + 4 * limits::PARAMETERS as u64;
        if file_bytes > max_bytes {
            return reject(
                "file",
                format!("{file_bytes} bytes, a model has at most {max_bytes}"),
            );
        }
        if file_bytes < LENGTH_BYTES {
            return reject(
                "file",
                format!("{file_bytes} bytes are no safetensors file"),
            );
        }
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact(&mut length).map_err(io)?;
        let header_bytes = u64::from_le_bytes(length);
        if header_bytes > MAX_HEADER_BYTES {
            let reason = format!(
                "{header_bytes} bytes long by its first eight, at most {MAX_HEADER_BYTES} are read: not a model file"
            );
            return reject("header", reason);
        }
        if header_bytes > file_bytes - LENGTH_BYTES {
            return reject(
                "header",
                format!("{header_bytes} bytes long, but the file ends after {file_bytes}"),
            );
        }
        let mut text = vec![0; header_bytes as usize];
        file.read_exact(&mut text).map_err(io)?;
        let Entries {
            metadata,
            mut tensors,
        } = serde_json::from_slice(&text).map_err(|source| error("header", source.to_string()))?;
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let layout = Metadata::new(None, tensors.clone())
            .map_err(|source| error("header", source.to_string()))?;
        let expected = LENGTH_BYTES + header_bytes + layout.data_len() as u64;
        if file_bytes != expected {
            return reject(
                "file",
                format!("{file_bytes} bytes long, its header says {expected}"),
            );
        }
        let is_unknown = |info: &TensorInfo| Precision::of(info.dtype).is_none();
        if let Some((name, info)) = tensors.iter().find(|(_, info)| is_unknown(info)) {
            return reject(
                &format!("tensor {name}"),
                format!("type {}, the library reads F32 and F16", info.dtype),
            );
        }
        Ok(Self { metadata, tensors })
    }
}

/// The first bytes of a file: the length and the header, padded so that the tensors begin at a multiple of eight.
///
/// A header that would not be read again is refused: that much can only be in what the layer above says of the data.
pub(crate) fn encode(
    metadata: &BTreeMap<&'static str, String>,
    tensors: &[NamedTensor],
    precision: Precision,
) -> Result<Vec<u8>, ModelError> {
    // By hand, as the crate keeps the metadata in a hash map, and the same model is to give the same bytes.
    let mut header = serde_json::Map::new();
    header.insert(METADATA_KEY.to_owned(), serde_json::json!(metadata));
    let mut start = 0;
    for tensor in tensors {
        let end = start + precision.bytes() * tensor.values.len();
        let info = TensorInfo {
            dtype: precision.dtype(),
            shape: tensor.shape.clone(),
            data_offsets: (start, end),
        };
        header.insert(tensor.name.clone(), serde_json::json!(info));
        start = end;
    }
    let mut text = serde_json::Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(LENGTH_BYTES as usize), b' ');
    if text.len() as u64 > MAX_HEADER_BYTES {
        let reason = format!(
            "{} bytes of header, at most {MAX_HEADER_BYTES} are read",
            text.len()
        );
        return Err(ModelError::config("data", reason));
    }
    Ok([&(text.len() as u64).to_le_bytes(), text.as_slice()].concat())
}

/// The header's JSON. A name that comes twice is an error here; maps of other readers keep the last.
struct Entries {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(String, TensorInfo)>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the header of a safetensors file")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut metadata = None;
                let mut tensors = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    let is_new = if name == METADATA_KEY {
                        metadata.replace(map.next_value::<Strings>()?.0).is_none()
                    } else {
                        tensors
                            .insert(name.clone(), map.next_value::<TensorInfo>()?)
                            .is_none()
                    };
                    if !is_new {
                        return Err(A::Error::custom(format!("`{name}` is there twice")));
                    }
                }
                let metadata = metadata.unwrap_or_default();
                Ok(Entries {
                    metadata,
                    tensors: tensors.into_iter().collect(),
                })
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// Strings by name, none twice.
struct Strings(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Strings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringsVisitor;
        impl<'de> Visitor<'de> for StringsVisitor {
            type Value = Strings;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strings, A::Error> {
                let mut strings = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    if strings.contains_key(&key) {
                        return Err(A::Error::custom(format!("`{key}` is there twice")));
                    }
                    strings.insert(key, value);
                }
                Ok(Strings(strings))
            }
        }
        deserializer.deserialize_map(StringsVisitor)
    }
}
