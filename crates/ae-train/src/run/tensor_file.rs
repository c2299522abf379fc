//! An optimizer's tensors in a safetensors file, and the SHA-256 that a file is identified by.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use ae_files::write_atomically;
use ae_models::NamedTensor;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::TrainError;

/// A file's size and the SHA-256 of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileDigest {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl FileDigest {
    pub(crate) fn of(content: &[u8]) -> Self {
        Self {
            bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }

    pub(crate) fn of_file(path: &Path) -> Result<Self, TrainError> {
        let content = std::fs::read(path).map_err(TrainError::io("read", path))?;
        Ok(Self::of(&content))
    }

    /// Reads the file, if it is the one that this was taken of. No more than its size is read.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, TrainError> {
        let file = File::open(path).map_err(TrainError::io("open", path))?;
        let found = file.metadata().map_err(TrainError::io("read", path))?.len();
        if found != self.bytes {
            return Err(TrainError::checkpoint(
                path,
                format!("{found} bytes long instead of {}", self.bytes),
            ));
        }
        let mut content = Vec::new();
        file.take(self.bytes)
            .read_to_end(&mut content)
            .map_err(TrainError::io("read", path))?;
        if sha256(&content) != self.sha256 {
            return Err(TrainError::checkpoint(
                path,
                "damaged: its SHA-256 is not the recorded one",
            ));
        }
        Ok(content)
    }
}

pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes tensors under their names, the same bytes for the same tensors.
pub(crate) fn write_tensors(path: &Path, tensors: &[NamedTensor]) -> Result<(), TrainError> {
    let content = tensor_bytes(path, tensors)?;
    write_atomically(path, |file| file.write_all(&content)).map_err(TrainError::io("write", path))
}

/// The content of a file of tensors; `path` is for messages.
pub(crate) fn tensor_bytes(path: &Path, tensors: &[NamedTensor]) -> Result<Vec<u8>, TrainError> {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|tensor| {
            tensor
                .values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let mut views = Vec::with_capacity(tensors.len());
    for (tensor, bytes) in tensors.iter().zip(&bytes) {
        let view = TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map_err(|error| {
            TrainError::checkpoint(path, format!("tensor {}: {error}", tensor.name))
        })?;
        views.push((tensor.name.as_str(), view));
    }
    // One entry only: the order of several would differ from process to process.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata))
        .map_err(|error| TrainError::checkpoint(path, error))
}

/// Reads all tensors of a file's `content`, in the order of their names; `path` is for messages.
pub(crate) fn read_tensors(path: &Path, content: &[u8]) -> Result<Vec<NamedTensor>, TrainError> {
    let file =
        SafeTensors::deserialize(content).map_err(|error| TrainError::checkpoint(path, error))?;
    let mut tensors = Vec::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(TrainError::checkpoint(
                path,
                format!("tensor {name} is not of 32-bit floats"),
            ));
        }
        let values = view
            .data()
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        tensors.push(NamedTensor {
            values: values.collect(),
            shape: view.shape().to_vec(),
            name,
        });
    }
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors() -> Vec<NamedTensor> {
        vec![
            NamedTensor {
                name: "a.bias".into(),
                shape: vec![2],
                values: vec![1.5, f32::MIN_POSITIVE / 2.0],
            },
            NamedTensor {
                name: "a.weight".into(),
                shape: vec![1, 3],
                values: vec![-0.0, f32::MAX, 1e-30],
            },
        ]
    }

    #[test]
    fn tensors_survive_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        write_tensors(&path, &tensors()).unwrap();
        let content = FileDigest::of_file(&path).unwrap().read(&path).unwrap();
        let bits = |tensors: &[NamedTensor]| -> Vec<(String, Vec<usize>, Vec<u32>)> {
            tensors
                .iter()
                .map(|t| {
                    (
                        t.name.clone(),
                        t.shape.clone(),
                        t.values.iter().map(|v| v.to_bits()).collect(),
                    )
                })
                .collect()
        };
        assert_eq!(
            bits(&read_tensors(&path, &content).unwrap()),
            bits(&tensors())
        );
        write_tensors(&path, &tensors()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }

    #[test]
    fn a_changed_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.safetensors");
        write_tensors(&path, &tensors()).unwrap();
        let digest = FileDigest::of_file(&path).unwrap();
        let content = digest.read(&path).unwrap();
        for position in 0..content.len() {
            let mut damaged = content.clone();
            damaged[position] ^= 1;
            std::fs::write(&path, &damaged).unwrap();
            assert!(
                digest
                    .read(&path)
                    .unwrap_err()
                    .to_string()
                    .ends_with("its SHA-256 is not the recorded one")
            );
        }
        std::fs::write(&path, &content[1..]).unwrap();
        assert!(
            digest
                .read(&path)
                .unwrap_err()
                .to_string()
                .contains("bytes long instead of")
        );
    }
}
