//! `config.toml`: everything that decides a run.

use std::fmt;
use std::path::Path;

use ae_data::{
    Binarization, Channels, Division, Fit, Size, SplitOptions, ValueRange, source_kinds,
};
use ae_models::{ComputePath, ModelConfig, Registry};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;

/// A run's whole configuration, as `config.toml` has it.
///
/// It is read by [`from_toml`](Self::from_toml), as only a registry knows the kinds of models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunConfig {
    /// What computes the model's layers while it is trained and measured.
    #[serde(skip_serializing_if = "ComputePath::is_default")]
    pub convolutions: ComputePath,
    /// Where the images come from.
    pub data: DataConfig,
    /// The architecture.
    pub model: ModelConfig,
    /// How it is trained.
    pub train: TrainConfig,
}

impl RunConfig {
    /// Reads a `config.toml`, whose model is of one of the `registry`'s kinds.
    ///
    /// # Errors
    /// The text is not TOML, a key is missing or unknown, or a value is not what its key takes.
    pub fn from_toml(text: &str, registry: &Registry) -> Result<Self, toml::de::Error> {
        RunConfigSeed(registry).deserialize(toml::Deserializer::parse(text)?)
    }
}

/// Reads a run's configuration with the kinds of models that are known.
struct RunConfigSeed<'a>(&'a Registry);

impl<'de> DeserializeSeed<'de> for RunConfigSeed<'_> {
    type Value = RunConfig;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RunConfig, D::Error> {
        const KEYS: &[&str] = &["convolutions", "data", "model", "train"];
        deserializer.deserialize_struct("RunConfig", KEYS, self)
    }
}

impl<'de> Visitor<'de> for RunConfigSeed<'_> {
    type Value = RunConfig;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a run's configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RunConfig, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "lowercase")]
        enum Key {
            Convolutions,
            Data,
            Model,
            Train,
        }
        let (mut convolutions, mut data, mut model, mut train) = (None, None, None, None);
        while let Some(key) = map.next_key()? {
            let is_first = match key {
                Key::Convolutions => convolutions.replace(map.next_value()?).is_none(),
                Key::Data => data.replace(map.next_value()?).is_none(),
                Key::Model => model.replace(map.next_value_seed(self.0)?).is_none(),
                Key::Train => train.replace(map.next_value()?).is_none(),
            };
            if !is_first {
                return Err(de::Error::custom("a key is given twice"));
            }
        }
        Ok(RunConfig {
            convolutions: convolutions.unwrap_or_default(),
            data: data.ok_or_else(|| de::Error::missing_field("data"))?,
            model: model.ok_or_else(|| de::Error::missing_field("model"))?,
            train: train.unwrap_or_default(),
        })
    }
}

/// Where the images come from and what is done to them first; the `[data]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// A known name or a path.
    pub source: String,
    /// Whether the images of shards stay in them and are read whenever they are asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// Among how many images an epoch's order mixes where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shuffle_buffer: Option<usize>,
    /// The size that images are brought to; absent for their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How an image of another proportion is brought to the size.
    pub fit: Fit,
    /// The channels that images are brought to; absent for their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// Rows and columns of the patches that are cut from pictures of any sizes and are what the model sees; absent for
    /// whole images of one size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<usize>,
    /// Patches in an epoch; absent for as many as cover the pictures' area once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patches_per_epoch: Option<usize>,
    /// The values of black and white in pictures of 16 bits or floating point; absent to find them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<ValueRange>,
    /// The most pixels of a picture, where the usual limit is too low or too high.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pixels: Option<u64>,
    /// Whether images are made black and white, drawn from the run's seed; absent for none.
    #[serde(skip_serializing_if = "Binarization::is_none")]
    pub binarize: Binarization,
    /// Whether an unreadable image is an error.
    pub strict: bool,
    /// The share of images that are kept for testing, where the set has no test images of its own.
    pub test_share: f64,
    /// The share of images that are kept for comparing epochs, where the set doesn't divide itself: absent for the usual
    /// one, and where the division has no validation images of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_share: Option<f64>,
    /// What decides which images are kept for what. Absent in files from before there were validation images, which is
    /// the shuffle of then.
    #[serde(
        default = "division_of_then",
        skip_serializing_if = "is_division_of_then"
    )]
    pub division: Division,
    /// Whether training images that occur among the test images, too, are dropped.
    pub dedup: bool,
    /// Only so many images of each part, spread over the classes; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// What a configuration means that doesn't name its division.
const fn division_of_then() -> Division {
    Division::Shuffle
}

fn is_division_of_then(division: &Division) -> bool {
    *division == division_of_then()
}

impl DataConfig {
    /// How the set is divided with a run's `seed`.
    #[must_use]
    pub fn split_options(&self, seed: u64) -> SplitOptions {
        SplitOptions {
            test_share: self.test_share,
            validation_share: self
                .validation_share
                .unwrap_or(SplitOptions::VALIDATION_SHARE),
            seed,
            dedup: self.dedup,
            division: self.division,
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            source: "glyphs".to_owned(),
            stream: false,
            shuffle_buffer: None,
            size: None,
            fit: Fit::default(),
            channels: None,
            patch: None,
            patches_per_epoch: None,
            range: None,
            max_pixels: None,
            binarize: Binarization::default(),
            strict: false,
            test_share: SplitOptions::TEST_SHARE,
            validation_share: Some(SplitOptions::VALIDATION_SHARE),
            division: Division::Content,
            dedup: false,
            limit: None,
        }
    }
}

impl DataConfig {
    /// The source so that it means the same from everywhere: a known name as it is, a path as an absolute one.
    #[must_use]
    pub fn absolute_source(&self) -> String {
        if is_known_name(&self.source) {
            return self.source.clone();
        }
        let path = Path::new(&self.source);
        let absolute = match cfg!(windows) {
            // There a canonical path is one that hardly a program takes.
            true => std::path::absolute(path),
            // A page of a file, as `scans.tif[3]`, has no path of its own.
            false => path.canonicalize().or_else(|_| std::path::absolute(path)),
        };
        // A name that is no text stays as it was given.
        let absolute = absolute
            .ok()
            .and_then(|path| path.to_str().map(str::to_owned));
        absolute.unwrap_or_else(|| self.source.clone())
    }
}

/// Whether a set is asked for by this name, not by a path.
fn is_known_name(source: &str) -> bool {
    source_kinds().iter().any(|kind| kind.name == Some(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> DataConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_configuration_without_a_division_means_the_old_one() {
        let old = data("source = \"letters\"\ntest_share = 0.3");
        assert_eq!(old.division, Division::Shuffle);
        let new = DataConfig::default();
        assert_eq!(new.division, Division::Content);
        for config in [old, new] {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(data(&text), config, "{text}");
        }
    }

    #[test]
    fn a_path_becomes_absolute_and_a_name_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let of = |source: &str| {
            let config = DataConfig {
                source: source.to_owned(),
                ..DataConfig::default()
            };
            config.absolute_source()
        };
        assert_eq!(of("glyphs"), "glyphs");
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(Path::new(&of("./src")), here.join("src"));
        assert_eq!(Path::new(&of("src/../src")), here.join("src"));
        let absolute = folder.path().canonicalize().unwrap();
        assert_eq!(Path::new(&of(absolute.to_str().unwrap())), absolute);
        assert_eq!(Path::new(&of("scans.tif[3]")), here.join("scans.tif[3]"));
    }
}
