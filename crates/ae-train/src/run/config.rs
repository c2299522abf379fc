//! `config.toml`: everything that decides a run.

use ae_data::{Binarization, Channels, Fit, Size};
use ae_models::{Model, ModelConfig};
use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;

/// A run's whole configuration, as `config.toml` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// What computes the model's convolutions.
    #[serde(default, skip_serializing_if = "Convolutions::are_usual")]
    pub convolutions: Convolutions,
    /// Where the images come from.
    pub data: DataConfig,
    /// The architecture.
    pub model: ModelConfig,
    /// How it is trained.
    #[serde(default)]
    pub train: TrainConfig,
}

/// What computes a model's convolutions while it is trained and measured; the model file is the same for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Convolutions {
    /// The kernels of `ae-kernels` where they are for the backend, Burn's own operations elsewhere.
    #[default]
    Kernels,
    /// Burn's own operations on every backend, to compare the kernels with.
    Burn,
}

impl Convolutions {
    /// Has `model` computed so.
    #[must_use]
    pub fn of(self, model: Model) -> Model {
        match self {
            Self::Kernels => model,
            Self::Burn => model.by_operations(),
        }
    }

    fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Where the images come from and what is done to them first; the `[data]` table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// A known name or a path.
    pub source: String,
    /// The size that images are brought to; absent for their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// How an image of another proportion is brought to the size.
    pub fit: Fit,
    /// The channels that images are brought to; absent for their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Channels>,
    /// Whether images are made black and white, drawn from the run's seed; absent for none.
    #[serde(skip_serializing_if = "Binarization::is_none")]
    pub binarize: Binarization,
    /// Whether an unreadable image is an error.
    pub strict: bool,
    /// The share of images that are kept for testing, where the set doesn't divide itself.
    pub test_share: f64,
    /// Whether training images that occur among the test images, too, are dropped.
    pub dedup: bool,
    /// Only the first so many images, of those to train on and of those to test on; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            source: "glyphs".to_owned(),
            size: None,
            fit: Fit::default(),
            channels: None,
            binarize: Binarization::default(),
            strict: false,
            test_share: 0.1,
            dedup: false,
            limit: None,
        }
    }
}
