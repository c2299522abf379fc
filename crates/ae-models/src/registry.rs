//! The kinds of models that a program knows, by name.

pub(crate) mod buffered;

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::config::ModelConfig;
use crate::error::ModelError;
use crate::kind::ModelKind;
use crate::registry::buffered::{Buffered, BufferedError};
use crate::settings::{GivenSettings, SettingSpec};

/// The kinds of models that a program knows: what reads a configuration or a model file asks it for the kind that is
/// named there, and help and the command line are made from it.
///
/// There is no global list: a registry is made once and passed on.
///
/// ```
/// use ae_models::Registry;
///
/// let registry = Registry::builtin();
/// let config = registry.from_json(r#"{"kind": "dense", "latent": 8}"#)?;
/// assert_eq!(config.kind(), "dense");
/// let error = registry.from_json(r#"{"kind": "gan"}"#).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "unknown kind `gan`: expected one of conv, dense, vae, sparse, contractive, unet, transform, picture-transform, vq, fsq at line 1 column 15"
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    kinds: Vec<RegisteredKind>,
}

/// A kind in a registry.
#[derive(Clone, Copy, Debug)]
pub struct RegisteredKind {
    name: &'static str,
    summary: &'static str,
    options: fn() -> Vec<SettingSpec>,
    default: fn() -> ModelConfig,
    read: fn(Buffered) -> Result<ModelConfig, BufferedError>,
}

/// A setting that can be given as text, and the kinds that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredSetting {
    /// The setting, as the first of the kinds describes it.
    pub spec: SettingSpec,
    /// The names of the kinds.
    pub kinds: Vec<&'static str>,
}

impl RegisteredKind {
    /// The name in configurations, model files and on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the kind is, in half a sentence.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.summary
    }

    /// The settings that can be given as text.
    #[must_use]
    pub fn options(&self) -> Vec<SettingSpec> {
        (self.options)()
    }

    /// A configuration of this kind, all of whose settings have their defaults.
    #[must_use]
    pub fn default_config(&self) -> ModelConfig {
        (self.default)()
    }
}

impl Registry {
    /// A registry of no kind.
    #[must_use]
    pub fn empty() -> Self {
        Self { kinds: Vec::new() }
    }

    /// The same and one kind more.
    ///
    /// # Panics
    /// When there is a kind of this name already: a file that names it could mean either.
    #[must_use]
    pub fn with<K: ModelKind>(mut self) -> Self {
        assert!(
            self.kind(K::NAME).is_err(),
            "two kinds of models are called {}",
            K::NAME
        );
        self.kinds.push(RegisteredKind {
            name: K::NAME,
            summary: K::SUMMARY,
            options: K::options,
            default: || ModelConfig::from(K::default()),
            read: |settings| Ok(ModelConfig::from(K::deserialize(settings)?)),
        });
        self
    }

    /// Every kind, in the order in which they were given.
    #[must_use]
    pub fn kinds(&self) -> &[RegisteredKind] {
        &self.kinds
    }

    /// The kind of a name.
    ///
    /// # Errors
    /// [`ModelError::UnknownName`] with the names that are known.
    pub fn kind(&self, name: &str) -> Result<&RegisteredKind, ModelError> {
        self.kinds
            .iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| {
                let known: Vec<_> = self.kinds.iter().map(|kind| kind.name).collect();
                ModelError::unknown("kind", name, known.join(", "))
            })
    }

    /// Every setting that can be given as text, each once, with the kinds that have it.
    #[must_use]
    pub fn options(&self) -> Vec<RegisteredSetting> {
        let mut options: Vec<RegisteredSetting> = Vec::new();
        for kind in &self.kinds {
            for spec in kind.options() {
                match options
                    .iter_mut()
                    .find(|option| option.spec.name == spec.name)
                {
                    Some(option) => option.kinds.push(kind.name),
                    None => options.push(RegisteredSetting {
                        spec,
                        kinds: vec![kind.name],
                    }),
                }
            }
        }
        options
    }

    /// What becomes of `base` when a person names a kind and gives settings beside it: the defaults of another kind
    /// where one is named, and then the settings.
    ///
    /// # Errors
    /// [`ModelError::UnknownName`] for a kind that is not known, and what [`ModelConfig::apply`] refuses.
    pub fn configure(
        &self,
        base: ModelConfig,
        kind: Option<&str>,
        given: &GivenSettings,
    ) -> Result<ModelConfig, ModelError> {
        let mut config = match kind {
            Some(name) if name != base.kind() => self.kind(name)?.default_config(),
            _ => base,
        };
        config.apply(given)?;
        Ok(config)
    }

    /// Reads a configuration from JSON.
    ///
    /// # Errors
    /// The text is not JSON, names no kind or one that is not known, or has settings that the kind refuses.
    pub fn from_json(&self, text: &str) -> serde_json::Result<ModelConfig> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let config = self.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(config)
    }
}

/// Reads a configuration in any format: a table of which `kind` names the kind, and the rest are its settings.
impl<'de> DeserializeSeed<'de> for &Registry {
    type Value = ModelConfig;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ModelConfig, D::Error> {
        deserializer.deserialize_map(ConfigVisitor(self))
    }
}

struct ConfigVisitor<'a>(&'a Registry);

impl<'de> Visitor<'de> for ConfigVisitor<'_> {
    type Value = ModelConfig;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a kind of model and its settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ModelConfig, A::Error> {
        let mut kind: Option<String> = None;
        let mut settings: Vec<(String, Buffered)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key != "kind" {
                settings.push((key, map.next_value()?));
            } else if kind.replace(map.next_value()?).is_some() {
                return Err(de::Error::duplicate_field("kind"));
            }
        }
        let kind = kind.ok_or_else(|| de::Error::missing_field("kind"))?;
        let kind = self.0.kind(&kind).map_err(de::Error::custom)?;
        (kind.read)(Buffered::Table(settings)).map_err(de::Error::custom)
    }
}
