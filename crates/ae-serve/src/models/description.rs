//! What is said of a model that is served.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ae_infer::OpenModel;
use ae_models::Trainable as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::error::ServeError;
use crate::models::calibration::CalibrationState;
use crate::models::coder::Coder;
use crate::models::served::Served;

/// What a model can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    /// Remove noise from pictures of any size.
    Denoise,
    /// Pass images through.
    Reconstruct,
    /// Images to codes.
    Encode,
    /// Codes to images.
    Decode,
    /// New images.
    Generate,
    /// How anomalous images are.
    Score,
    /// Gray images into a container, by a model of the codec.
    Compress,
    /// And back.
    Decompress,
}

/// The shape of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InputShape {
    /// 1 gray, 3 red, green and blue.
    pub(crate) channels: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Columns.
    pub(crate) width: usize,
}

/// A model that is served.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ModelDescription {
    /// What it is called here.
    pub(crate) name: String,
    /// The kind of model: conv, vae and so on.
    pub(crate) kind: String,
    /// What it can be asked for.
    pub(crate) operations: Vec<Operation>,
    /// The images that it was made for; pictures are brought to it, but for denoising and compressing. Null where it takes
    /// pictures as they are.
    pub(crate) input: Option<InputShape>,
    /// Values of a code; null where it has none.
    pub(crate) code_values: Option<usize>,
    /// Whether codes are those of a prior, the standard normal.
    pub(crate) has_prior: bool,
    /// The noise that it was trained to remove; null where it was not.
    pub(crate) noise: Option<String>,
    /// The SHA-256 of the model file when it was loaded; null for what is built in. The model stays in memory as it was
    /// then.
    pub(crate) sha256: Option<String>,
    /// Seconds since 1970 when it was loaded.
    pub(crate) loaded_at: u64,
    /// Whether the file has changed since, or is gone: the service has to be started again to use it.
    pub(crate) is_changed_on_disk: bool,
    /// What its anomaly scores are judged by; null where it has none.
    pub(crate) anomaly: Option<CalibrationState>,
}

impl ModelDescription {
    /// Whether images can be scored by it.
    pub(crate) fn can_score(&self) -> bool {
        self.can(Operation::Score)
    }

    /// Whether it can be asked for this.
    pub(crate) fn can(&self, operation: Operation) -> bool {
        self.operations.contains(&operation)
    }
}

/// A model file as it was when it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedFile {
    path: PathBuf,
    sha256: String,
    stamp: Option<(SystemTime, u64)>,
}

impl LoadedFile {
    /// Looks at a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn look(path: &Path) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Read {
            path: path.to_owned(),
            source,
        };
        let stamp = stamp(path);
        let mut file = fs::File::open(path).map_err(failed)?;
        let mut sum = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer).map_err(failed)? {
                0 => break,
                read => sum.update(&buffer[..read]),
            }
        }
        let digest: [u8; 32] = sum.finalize().into();
        Ok(Self {
            path: path.to_owned(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            stamp,
        })
    }

    /// Whether the file is another one by now, as far as its length and time tell.
    pub(crate) fn is_changed(&self) -> bool {
        stamp(&self.path) != self.stamp
    }
}

/// When a file was last written, and how long it is.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Describes a model as it is now.
pub(crate) fn describe(name: &str, served: &Served, file: Option<&LoadedFile>) -> ModelDescription {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
    let model = served.open_model();
    let coder = served.coder().ok();
    let reconstructs = model.is_some_and(|model| model.model().as_reconstruct().is_some());
    let code_values = model.and_then(|model| model.code_values().ok());
    let has_prior = model.is_some_and(OpenModel::has_prior);
    let shape = match (model, coder) {
        (Some(model), _) => Some(model.image_shape()),
        (None, coder) => coder.and_then(Coder::shape),
    };
    let operations = [
        (Operation::Denoise, served.can_denoise()),
        (Operation::Reconstruct, reconstructs),
        (Operation::Encode, code_values.is_some()),
        (Operation::Decode, code_values.is_some()),
        (Operation::Generate, has_prior),
        (Operation::Score, reconstructs),
        (Operation::Compress, coder.is_some()),
        (Operation::Decompress, coder.is_some()),
    ];
    ModelDescription {
        name: name.to_owned(),
        kind: match (model, coder) {
            (Some(model), _) => model.kind().to_owned(),
            (None, Some(_)) => "pixel".to_owned(),
            (None, None) => "unet".to_owned(),
        },
        operations: operations
            .into_iter()
            .filter_map(|(operation, is_there)| is_there.then_some(operation))
            .collect(),
        input: shape.map(|shape| InputShape {
            channels: shape.channels,
            height: shape.height,
            width: shape.width,
        }),
        code_values,
        has_prior,
        noise: model.and_then(|model| model.card().noise.clone()),
        sha256: file.map(|file| file.sha256.clone()),
        loaded_at: seconds.map_or(0, |time| time.as_secs()),
        is_changed_on_disk: false,
        anomaly: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m");
        fs::write(&path, "abc").unwrap();
        let loaded = LoadedFile::look(&path).unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(loaded.sha256, expected);
        assert!(!loaded.is_changed());
        fs::write(&path, "abcd").unwrap();
        assert!(loaded.is_changed());
        fs::remove_file(&path).unwrap();
        assert!(loaded.is_changed());
        assert!(LoadedFile::look(&path).is_err());
    }
}
