//! What a model file says of its model.

use std::any::Any;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::capabilities::Trainable;
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::model::Model;
use crate::registry::Registry;

/// The version of a file that says how images are brought to the model, raised when a reader of the last one would
/// misunderstand the file: one that knows version 1 alone would measure other images than the model was trained on.
const FORMAT_VERSION: &str = "2";
/// The version of a file that does not, as every file was at first.
const FORMAT_VERSION_WITHOUT_DATA: &str = "1";
/// The key of what the layer above says of the data.
const DATA: &str = "data";

/// What a model file says of its model, in the metadata of its header.
///
/// | key | value |
/// |---|---|
/// | `format` | `pt`, as other readers of safetensors expect |
/// | `format_version` | `2`, or `1` where there is no `data` |
/// | `model` | [`ModelConfig`] as JSON; absent for a custom model built by hand |
/// | `input_shape` | `[channels, height, width]` as JSON |
/// | `noise`, `data_name`, `data_fingerprint` | as below; absent if unknown |
/// | `data` | how images are brought to the model, and what set it was trained on, as JSON; absent if unknown |
/// | `library_version` | the version of this crate that wrote the file |
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCard {
    /// The architecture; `None` for a custom model that was built by hand.
    pub config: Option<ModelConfig>,
    /// The image it is for: `[channels, height, width]`.
    pub input_shape: [usize; 3],
    /// The noise that it was trained to take away, if any.
    pub noise: Option<String>,
    /// The name of the data that it was trained on.
    pub data_name: Option<String>,
    /// The fingerprint of the images that it was trained on.
    pub data_fingerprint: Option<String>,
    /// How images are brought to it, and what set it was trained on: whatever the layer above writes there and reads
    /// again, a JSON object. `None` for files of version 1.
    pub data: Option<serde_json::Value>,
    /// The version of this crate that wrote the file.
    pub library_version: String,
}

/// The configuration that builds a model again: there where it is a [`Model`], which a registry or a configuration
/// made; `None` for a custom model that was built by hand, whose file holds the tensors alone.
#[must_use]
pub fn config_of<M: Trainable>(model: &M) -> Option<&ModelConfig> {
    let model: &dyn Any = model;
    model.downcast_ref::<Model>().map(Model::config)
}

impl ModelCard {
    /// A card with what the model says of itself and this crate's version; the rest is unknown.
    #[must_use]
    pub fn new<M: Trainable>(model: &M) -> Self {
        Self {
            config: config_of(model).cloned(),
            input_shape: model.input_shape(),
            noise: None,
            data_name: None,
            data_fingerprint: None,
            data: None,
            library_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    pub(crate) fn to_metadata(&self) -> BTreeMap<&'static str, String> {
        // A file that says no more than one of version 1 is one, to the byte.
        let version = match &self.data {
            Some(_) => FORMAT_VERSION,
            None => FORMAT_VERSION_WITHOUT_DATA,
        };
        let mut metadata = BTreeMap::from([
            ("format", "pt".to_owned()),
            ("format_version", version.to_owned()),
            ("input_shape", to_json(&self.input_shape)),
            ("library_version", self.library_version.clone()),
        ]);
        let optional = [
            ("model", self.config.as_ref().map(to_json)),
            ("noise", self.noise.clone()),
            ("data_name", self.data_name.clone()),
            ("data_fingerprint", self.data_fingerprint.clone()),
            (DATA, self.data.as_ref().map(to_json)),
        ];
        metadata.extend(
            optional
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        metadata
    }

    /// Reads the card; the configuration in it is not checked yet.
    pub(crate) fn from_metadata(
        metadata: &BTreeMap<String, String>,
        registry: &Registry,
    ) -> Result<Self, ModelError> {
        let required = |key| required(metadata, key);
        let optional = |key| metadata.get(key).cloned();
        let data = data_of(metadata)?;
        let config = match metadata.get("model") {
            Some(text) => Some(registry.from_json(text).map_err(in_metadata("model"))?),
            None => None,
        };
        Ok(Self {
            config,
            input_shape: from_json("input_shape", required("input_shape")?)?,
            noise: optional("noise"),
            data_name: optional("data_name"),
            data_fingerprint: optional("data_fingerprint"),
            data,
            library_version: required("library_version")?.clone(),
        })
    }
}

/// What a file's metadata says of its data, once its version is known to be one that is read here.
pub(crate) fn data_of(
    metadata: &BTreeMap<String, String>,
) -> Result<Option<serde_json::Value>, ModelError> {
    match required(metadata, "format_version")?.as_str() {
        FORMAT_VERSION_WITHOUT_DATA => Ok(None),
        FORMAT_VERSION => match metadata.get(DATA) {
            Some(text) => from_json(DATA, text),
            None => Ok(None),
        },
        other => {
            let reason = format!(
                "`{other}`: this version of the library reads `{FORMAT_VERSION_WITHOUT_DATA}` and `{FORMAT_VERSION}`"
            );
            Err(ModelError::config("format_version", reason))
        }
    }
}

fn required<'a>(
    metadata: &'a BTreeMap<String, String>,
    key: &'static str,
) -> Result<&'a String, ModelError> {
    metadata.get(key).ok_or_else(|| {
        let reason = "missing from the metadata: not a model file of this library";
        ModelError::config(key, reason)
    })
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers, names and lists of them are JSON")
}

fn from_json<T: serde::de::DeserializeOwned>(
    key: &'static str,
    text: &str,
) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(in_metadata(key))
}

fn in_metadata(key: &'static str) -> impl Fn(serde_json::Error) -> ModelError {
    move |error| ModelError::config(key, error.to_string())
}
