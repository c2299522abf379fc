//! `model.toml`: which model weights are of, for weights that do not say it themselves.

use std::fs;
use std::path::Path;

use ae_models::{ModelCard, ModelConfig, Registry};
use serde::de::DeserializeSeed as _;
use serde::{Deserialize, Serialize};

use crate::error::InterchangeError;

/// No configuration comes near this.
const MOST_BYTES: u64 = 1 << 20;

/// Which model weights are of: its kind and settings, the image it is for, and what else a model file says.
///
/// ```toml
/// input_shape = [1, 28, 28]      # channels, height, width
/// noise = "gaussian:0.5"         # what it was trained to take away; may be left out, as what follows may
/// data_name = "letters"
///
/// [model]                        # as in the config.toml of a run
/// kind = "conv"
/// widths = [32, 64, 128]
///
/// [data]                         # what a model file says of its data, as exports write it
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WeightsConfiguration {
    /// The architecture.
    pub model: ModelConfig,
    /// The image it is for: `[channels, height, width]`.
    pub input_shape: [usize; 3],
    /// The noise that it was trained to take away.
    pub noise: Option<String>,
    /// The name of the data that it was trained on.
    pub data_name: Option<String>,
    /// The fingerprint of the images that it was trained on.
    pub data_fingerprint: Option<String>,
    /// How images are brought to the model and what set it was trained on, as [`ModelCard::data`] has it.
    pub data: Option<serde_json::Value>,
}

/// The file as it is read, before the kind is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    input_shape: [usize; 3],
    noise: Option<String>,
    data_name: Option<String>,
    data_fingerprint: Option<String>,
    model: toml::Table,
    data: Option<toml::Table>,
}

/// The file as it is written.
#[derive(Serialize)]
struct Written<'a> {
    input_shape: [usize; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_fingerprint: Option<&'a str>,
    model: &'a ModelConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a serde_json::Value>,
}

impl WeightsConfiguration {
    /// That of a model and what its file says of it.
    #[must_use]
    pub fn of(model: &ModelConfig, card: &ModelCard) -> Self {
        Self {
            model: model.clone(),
            input_shape: card.input_shape,
            noise: card.noise.clone(),
            data_name: card.data_name.clone(),
            data_fingerprint: card.data_fingerprint.clone(),
            data: card.data.clone(),
        }
    }

    /// Reads a file. The kind is one of the `registry`'s; its settings are not checked yet.
    ///
    /// # Errors
    /// [`InterchangeError::Io`], or [`InterchangeError::Configuration`] for a file that is no such configuration.
    pub fn read(path: &Path, registry: &Registry) -> Result<Self, InterchangeError> {
        let error = |reason: String| InterchangeError::configuration(path, reason);
        let attributes = fs::metadata(path).map_err(InterchangeError::io("read", path))?;
        if !attributes.is_file() {
            return Err(error("not a file".to_owned()));
        }
        if attributes.len() > MOST_BYTES {
            let reason = format!("{} bytes, at most {MOST_BYTES} are read", attributes.len());
            return Err(error(reason));
        }
        let bytes = fs::read(path).map_err(InterchangeError::io("read", path))?;
        let text = String::from_utf8(bytes).map_err(|_| error("not text in UTF-8".to_owned()))?;
        let read: Read = toml::from_str(&text).map_err(|source| error(told(&source, &text)))?;
        let model = registry
            .deserialize(toml::Value::Table(read.model))
            .map_err(|source| error(format!("[model]: {}", source.message())))?;
        let data = read.data.map(|data| {
            serde_json::to_value(data).map_err(|source| error(format!("[data]: {source}")))
        });
        Ok(Self {
            model,
            input_shape: read.input_shape,
            noise: read.noise,
            data_name: read.data_name,
            data_fingerprint: read.data_fingerprint,
            data: data.transpose()?,
        })
    }

    /// The text of the file, which `path` names in errors.
    pub(crate) fn to_text(&self, path: &Path) -> Result<String, InterchangeError> {
        let written = Written {
            input_shape: self.input_shape,
            noise: self.noise.as_deref(),
            data_name: self.data_name.as_deref(),
            data_fingerprint: self.data_fingerprint.as_deref(),
            model: &self.model,
            data: self.data.as_ref(),
        };
        toml::to_string(&written)
            .map_err(|source| InterchangeError::configuration(path, source.to_string()))
    }
}

/// What is wrong and in which line, on one line.
fn told(error: &toml::de::Error, text: &str) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    let message = error.message().replace('\n', ", ");
    match line {
        Some(line) => format!("line {line}: {message}"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use ae_models::UnetConfig;

    use super::*;

    #[test]
    fn a_configuration_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        let configuration = WeightsConfiguration {
            model: ModelConfig::from(UnetConfig::default()),
            input_shape: [3, 40, 24],
            noise: Some("gaussian:0.1".to_owned()),
            data_name: None,
            data_fingerprint: None,
            data: Some(
                serde_json::json!({"fit": "pad", "seed": 7, "size": {"height": 3, "width": 4}}),
            ),
        };
        fs::write(&path, configuration.to_text(&path).unwrap()).unwrap();
        let read = WeightsConfiguration::read(&path, &Registry::builtin()).unwrap();
        assert_eq!(read, configuration);
    }

    #[test]
    fn what_is_wrong_is_told_in_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.toml");
        for (text, part) in [
            ("", "missing field `input_shape`"),
            (
                "input_shape = [1, 28]\n[model]\nkind = \"conv\"",
                "line 1: ",
            ),
            ("input_shape = [1, 28, 28]", "missing field `model`"),
            (
                "input_shape = [1, 28, 28]\n[model]\nkind = \"gan\"",
                "[model]: unknown kind `gan`: expected one of conv",
            ),
            (
                "input_shape = [1, 28, 28]\n[model]\nkind = \"conv\"\nwidht = 3",
                "unknown field `widht`",
            ),
            (
                "[model]\nkind = \"conv\"\n[train]\nepochs = 3",
                "unknown field `train`",
            ),
            ("input_shape = [1, 28", "line 1: "),
        ] {
            fs::write(&path, text).unwrap();
            let error = WeightsConfiguration::read(&path, &Registry::builtin());
            let error = error.unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        let error = WeightsConfiguration::read(&path, &Registry::builtin()).unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }
}
