//! What a model file says of its model.

use std::any::Any;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::api::capabilities::Trainable;
use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::model::Model;
use crate::registry::Registry;

/// The version of the file's layout, raised when a reader of the last one would misunderstand the file.
const FORMAT_VERSION: &str = "1";

/// What a model file says of its model, in the metadata of its header.
///
/// | key | value |
/// |---|---|
/// | `format` | `pt`, as other readers of safetensors expect |
/// | `format_version` | `1` |
/// | `model` | [`ModelConfig`] as JSON; absent for a custom model built by hand |
/// | `input_shape` | `[channels, height, width]` as JSON |
/// | `noise`, `data_name`, `data_fingerprint` | as below; absent if unknown |
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
    /// The fingerprint of that data.
    pub data_fingerprint: Option<String>,
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
            library_version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    pub(crate) fn to_metadata(&self) -> BTreeMap<&'static str, String> {
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
    pub(crate) fn from_metadata(
        metadata: &BTreeMap<String, String>,
        registry: &Registry,
    ) -> Result<Self, ModelError> {
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
            Some(text) => Some(registry.from_json(text).map_err(in_metadata("model"))?),
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
    serde_json::from_str(text).map_err(in_metadata(key))
}

fn in_metadata(key: &'static str) -> impl Fn(serde_json::Error) -> ModelError {
    move |error| ModelError::config(key, error.to_string())
}
