//! What a model file says of its model.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::autoencoder::Autoencoder;
use crate::config::ModelConfig;
use crate::error::ModelError;

/// The version of the file's layout, raised when a reader of the last one would misunderstand the file.
const FORMAT_VERSION: &str = "1";

/// What a model file says of its model, in the metadata of its header.
///
/// | key | value |
/// |---|---|
/// | `format` | `pt`, as other readers of safetensors expect |
/// | `format_version` | `1` |
/// | `model` | [`ModelConfig`] as JSON; absent for a model of one's own |
/// | `input_shape` | `[channels, height, width]` as JSON |
/// | `noise`, `data_name`, `data_fingerprint` | as below; absent if unknown |
/// | `library_version` | the version of this crate that wrote the file |
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCard {
    /// The architecture; `None` for a model that this crate did not define.
    pub config: Option<ModelConfig>,
    /// The image it is for: `[channels, height, width]`.
    pub input_shape: [usize; 3],
    /// The noise that it was trained to take away, if any.
    pub noise: Option<String>,
    /// The name of the data that it was trained on.
    pub data_name: Option<String>,
    /// The fingerprint of that data.
    pub data_fingerprint: Option<String>,
    /// The version of this crate that wrote the file.
    pub library_version: String,
}

impl ModelCard {
    /// A card with what the model says of itself and this crate's version; the rest is unknown.
    #[must_use]
    pub fn new<M: Autoencoder>(model: &M) -> Self {
        Self {
            config: model.config(),
            input_shape: model.input_shape(),
            noise: None,
            data_name: None,
            data_fingerprint: None,
            library_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    pub(super) fn to_metadata(&self) -> BTreeMap<&'static str, String> {
        let mut metadata = BTreeMap::from([
            ("format", "pt".to_owned()),
            ("format_version", FORMAT_VERSION.to_owned()),
            ("input_shape", to_json(&self.input_shape)),
            ("library_version", self.library_version.clone()),
        ]);
        let optional = [
            ("model", self.config.as_ref().map(to_json)),
            ("noise", self.noise.clone()),
            ("data_name", self.data_name.clone()),
            ("data_fingerprint", self.data_fingerprint.clone()),
        ];
        metadata.extend(
            optional
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        metadata
    }

    /// Reads the card; the configuration in it is not checked yet.
    pub(super) fn from_metadata(metadata: &BTreeMap<String, String>) -> Result<Self, ModelError> {
        let required = |key: &'static str| {
            metadata.get(key).ok_or_else(|| {
                ModelError::config(
                    key,
                    "missing from the metadata: not a model file of this library",
                )
            })
        };
        let optional = |key| metadata.get(key).cloned();
        let version = required("format_version")?;
        if version != FORMAT_VERSION {
            let reason =
                format!("`{version}`: this version of the library reads `{FORMAT_VERSION}`");
            return Err(ModelError::config("format_version", reason));
        }
        let config = match metadata.get("model") {
            Some(text) => Some(from_json("model", text)?),
            None => None,
        };
        Ok(Self {
            config,
            input_shape: from_json("input_shape", required("input_shape")?)?,
            noise: optional("noise"),
            data_name: optional("data_name"),
            data_fingerprint: optional("data_fingerprint"),
            library_version: required("library_version")?.clone(),
        })
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers, names and lists of them are JSON")
}

fn from_json<T: serde::de::DeserializeOwned>(
    key: &'static str,
    text: &str,
) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|error| ModelError::config(key, error.to_string()))
}
