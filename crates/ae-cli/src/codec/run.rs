//! The directory of a training run of the codec `pixel`: what the model was trained on and how, and the model.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ae_codec::{PixelModel, TrainingSettings};
use ae_files::{create_folder, write_atomically};
use ae_train::DataCard;
use serde::{Deserialize, Serialize};

use super::PIXEL;
use crate::error::{CliError, Status};

/// The model inside a run's directory.
pub(crate) const MODEL_FILE: &str = "model.aepixel";
/// What it was trained on and how, beside it.
const CONFIG_FILE: &str = "config.toml";

/// A run's `config.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PixelRunConfig {
    pub(crate) model: ModelTable,
    pub(crate) train: TrainTable,
    /// What it was measured by; absent until it is trained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) measured: Option<MeasuredTable>,
    pub(crate) data: DataCard,
}

/// What is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ModelTable {
    pub(crate) kind: String,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) neighbors: usize,
    pub(crate) marked: usize,
    pub(crate) graded: usize,
    pub(crate) units: [usize; 2],
}

/// How it is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainTable {
    pub(crate) steps: usize,
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f32,
    pub(crate) seed: u64,
    pub(crate) images: usize,
}

/// Bits per pixel of containers of images that were not trained on; absent where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct MeasuredTable {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) validation_bits_per_pixel: Option<f64>,
    pub(crate) validation_images: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) test_bits_per_pixel: Option<f64>,
    pub(crate) test_images: usize,
}

impl PixelRunConfig {
    /// A run that is about to begin.
    pub(crate) fn new(
        settings: &TrainingSettings,
        shape: ae_codec::ImageShape,
        images: usize,
        data: DataCard,
    ) -> Self {
        Self {
            model: ModelTable {
                kind: PIXEL.to_owned(),
                channels: 1,
                height: shape.height(),
                width: shape.width(),
                neighbors: settings.neighbors,
                marked: settings.marked,
                graded: settings.graded,
                units: settings.units,
            },
            train: TrainTable {
                steps: settings.steps,
                batch_size: settings.batch,
                learning_rate: settings.learning_rate,
                seed: settings.seed,
                images,
            },
            measured: None,
            data,
        }
    }
}

/// A run's directory.
#[derive(Debug)]
pub(crate) struct PixelRun {
    path: PathBuf,
    is_new: bool,
}

impl PixelRun {
    /// Makes the directory with its `config.toml`, or with `replaces` takes that of another run of the codec.
    ///
    /// # Errors
    /// It exists, or cannot be made.
    pub(crate) fn create(
        path: &Path,
        config: &PixelRunConfig,
        replaces: bool,
    ) -> Result<Self, CliError> {
        Self::try_create(path, config, replaces)?.ok_or_else(|| {
            let error = CliError::failure(Status::Files, path.display(), "exists already");
            match is_run(path) {
                true => error.hint("--force replaces it; --out names another directory"),
                false => error.hint("no run of the codec; --out names another directory"),
            }
        })
    }

    /// The first directory `runs/NAME-1`, `runs/NAME-2`, … that does not exist.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn create_numbered(
        runs: &Path,
        name: &str,
        config: &PixelRunConfig,
    ) -> Result<Self, CliError> {
        for number in 1_u32.. {
            let path = runs.join(format!("{name}-{number}"));
            if let Some(run) = Self::try_create(&path, config, false)? {
                return Ok(run);
            }
        }
        let reason = "no number is left for another run";
        Err(CliError::failure(Status::Files, runs.display(), reason))
    }

    fn try_create(
        path: &Path,
        config: &PixelRunConfig,
        replaces: bool,
    ) -> Result<Option<Self>, CliError> {
        let failed = |error: &io::Error| CliError::io(path, "make the directory", error);
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            create_folder(folder).map_err(|error| failed(&error))?;
        }
        // Made here alone: of two commands at once, one finds it there.
        let is_new = match fs::create_dir(path) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
                if !(is_empty || replaces && is_run(path)) {
                    return Ok(None);
                }
                is_empty
            }
            Err(error) => return Err(failed(&error)),
        };
        let run = Self {
            path: path.to_owned(),
            is_new,
        };
        // What is replaced stays as it is until the other model is there.
        if is_new && let Err(error) = run.write_config(config) {
            run.discard();
            return Err(error);
        }
        Ok(Some(run))
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The model's file.
    pub(crate) fn model_file(&self) -> PathBuf {
        self.path.join(MODEL_FILE)
    }

    /// Keeps the model and what is known of it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn write(
        &self,
        model: &PixelModel,
        config: &PixelRunConfig,
    ) -> Result<(), CliError> {
        self.write_config(config)?;
        let file = self.model_file();
        write_atomically(&file, |mut to| {
            model.write(&mut to).map_err(|error| match error {
                ae_codec::CodecError::Write(error) => error,
                error => io::Error::other(error),
            })
        })
        .map_err(|error| CliError::io(&file, "write", &error))
    }

    fn write_config(&self, config: &PixelRunConfig) -> Result<(), CliError> {
        let file = self.path.join(CONFIG_FILE);
        let text = toml::to_string(config)
            .map_err(|error| CliError::failure(Status::Usage, file.display(), error))?;
        write_atomically(&file, |to| to.write_all(text.as_bytes()))
            .map_err(|error| CliError::io(&file, "write", &error))
    }

    /// Takes away what was made of a run that came to no model.
    pub(crate) fn discard(&self) {
        if self.is_new {
            // There is nothing in it but what is made again, and what else somebody put there keeps the directory.
            let _ = fs::remove_file(self.path.join(CONFIG_FILE));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether a directory is that of a run of the codec, trained or not.
fn is_run(path: &Path) -> bool {
    path.join(MODEL_FILE).is_file() || read_config(path).is_ok_and(|config| config.is_some())
}

/// The `config.toml` of the run whose directory this is; nothing where there is none.
///
/// # Errors
/// It cannot be read, or is none of a run of the codec.
pub(crate) fn read_config(run: &Path) -> Result<Option<PixelRunConfig>, CliError> {
    let file = run.join(CONFIG_FILE);
    match fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text)
            .map(Some)
            .map_err(|error| CliError::failure(Status::Model, file.display(), error.message())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::io(&file, "read", &error)),
    }
}

/// The model files of the trained runs of the codec in a folder, the newest first.
pub(crate) fn models_in(runs: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(runs)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let file = entry.ok()?.path().join(MODEL_FILE);
            Some((fs::metadata(&file).ok()?.modified().ok()?, file))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, file)| file).collect()
}
