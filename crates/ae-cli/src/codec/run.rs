//! The directory of a training run of the codec `pixel`: what the model was trained on and how, and the model.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use ae_codec::{
    CodecError, LosslessModel, PictureTrainingSettings, TrainingSettings, TrainingState,
};
use ae_files::{Unfinished, create_folder, write_atomically};
use ae_train::DataCard;
use serde::{Deserialize, Serialize};

use super::PIXEL;
use crate::error::{CliError, Status};

/// The model inside a run's directory.
pub(crate) const MODEL_FILE: &str = "model.aepixel";
/// What it was trained on and how, beside it.
const CONFIG_FILE: &str = "config.toml";
/// While it is trained, what that can be resumed from.
const TRAINING: &str = "training";
/// In there, the state of the training; the configuration of its run lies beside it.
const STATE_FILE: &str = "state.aetrain";

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
    /// The images' size and what the network sees of them; absent where it is for pictures of any sizes.
    #[serde(flatten)]
    pub(crate) fixed: Option<FixedTable>,
    pub(crate) units: [usize; 2],
}

/// What a model for images of one size has of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FixedTable {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) neighbors: usize,
    pub(crate) marked: usize,
    pub(crate) graded: usize,
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

/// What a run of the codec trains, and how.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Settings {
    /// A model for images of this shape.
    Fixed(TrainingSettings, ae_codec::ImageShape),
    /// A model for pictures of any sizes.
    Pictures(PictureTrainingSettings),
}

impl PixelRunConfig {
    /// A run that is about to begin.
    pub(crate) fn new(settings: &Settings, images: usize, data: DataCard) -> Self {
        let (fixed, units, train) = match settings {
            Settings::Fixed(settings, shape) => (
                Some(FixedTable {
                    height: shape.height(),
                    width: shape.width(),
                    neighbors: settings.neighbors,
                    marked: settings.marked,
                    graded: settings.graded,
                }),
                settings.units,
                TrainTable {
                    steps: settings.steps,
                    batch_size: settings.batch,
                    learning_rate: settings.learning_rate,
                    seed: settings.seed,
                    images,
                },
            ),
            Settings::Pictures(settings) => (
                None,
                settings.units,
                TrainTable {
                    steps: settings.steps,
                    batch_size: settings.batch,
                    learning_rate: settings.learning_rate,
                    seed: settings.seed,
                    images,
                },
            ),
        };
        Self {
            model: ModelTable {
                kind: PIXEL.to_owned(),
                channels: 1,
                fixed,
                units,
            },
            train,
            measured: None,
            data,
        }
    }

    /// What it trains, and how; nothing where its images have no possible shape.
    pub(crate) fn settings(&self) -> Option<Settings> {
        let TrainTable {
            steps,
            batch_size: batch,
            learning_rate,
            seed,
            ..
        } = self.train;
        let units = self.model.units;
        Some(match &self.model.fixed {
            Some(fixed) => Settings::Fixed(
                TrainingSettings {
                    seed,
                    batch,
                    steps,
                    learning_rate,
                    neighbors: fixed.neighbors,
                    marked: fixed.marked,
                    graded: fixed.graded,
                    units,
                },
                ae_codec::ImageShape::new(
                    u16::try_from(fixed.height).ok()?,
                    u16::try_from(fixed.width).ok()?,
                )?,
            ),
            None => Settings::Pictures(PictureTrainingSettings {
                seed,
                batch,
                steps,
                learning_rate,
                units,
            }),
        })
    }
}

/// A run's directory.
#[derive(Debug)]
pub(crate) struct PixelRun {
    path: PathBuf,
    is_new: bool,
    /// Whether this training has kept what it can be resumed from.
    has_state: bool,
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
                true if !path.join(MODEL_FILE).is_file() => error.hint(format!(
                    "ae train --resume {} resumes its training; --force replaces it",
                    path.display()
                )),
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
            has_state: false,
        };
        // What is replaced stays as it is until the other model is there.
        if is_new && let Err(error) = run.write_config(config) {
            run.discard();
            return Err(error);
        }
        Ok(Some(run))
    }

    /// The directory of a training that was interrupted, with its configuration and what it has kept: nothing of that where
    /// it had not come so far.
    ///
    /// # Errors
    /// A file cannot be read, or there is no training in it that could be resumed.
    pub(crate) fn open(
        path: &Path,
    ) -> Result<(Self, PixelRunConfig, Option<TrainingState>), CliError> {
        let state = read_state(path)?;
        let config = match &state {
            Some(_) => read_config(&path.join(TRAINING))?,
            None if path.join(MODEL_FILE).is_file() => {
                let reason = "is trained to its end";
                return Err(CliError::failure(Status::Usage, path.display(), reason)
                    .hint(format!("ae train --model {PIXEL} trains another one")));
            }
            None => read_config(path)?,
        };
        let config = config.ok_or_else(|| {
            let reason = format!("has no {CONFIG_FILE} to resume by");
            CliError::failure(Status::Model, path.display(), reason)
        })?;
        let run = Self {
            path: path.to_owned(),
            is_new: false,
            has_state: state.is_some(),
        };
        Ok((run, config, state))
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
        model: &LosslessModel,
        config: &PixelRunConfig,
    ) -> Result<(), CliError> {
        self.write_config(config)?;
        let file = self.model_file();
        write_atomically(&file, |mut to| {
            model.write(&mut to).map_err(|error| match error {
                CodecError::Write(error) => error,
                error => io::Error::other(error),
            })
        })
        .map_err(|error| CliError::io(&file, "write", &error))?;
        self.forget_training();
        Ok(())
    }

    /// Keeps what the training can be resumed from.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn keep(
        &mut self,
        state: &TrainingState,
        config: &PixelRunConfig,
    ) -> Result<(), CliError> {
        let folder = self.path.join(TRAINING);
        create_folder(&folder).map_err(|error| CliError::io(&folder, "make", &error))?;
        // Of a training that is replaced, the state goes before its configuration does.
        if !self.has_state && read_state(&self.path)?.is_some() {
            let file = folder.join(STATE_FILE);
            fs::remove_file(&file).map_err(|error| CliError::io(&file, "remove", &error))?;
        }
        if !self.has_state {
            write_config(&folder.join(CONFIG_FILE), config)?;
        }
        let file = folder.join(STATE_FILE);
        write_atomically(&file, |to| to.write_all(&state.to_bytes()))
            .map_err(|error| CliError::io(&file, "write", &error))?;
        self.has_state = true;
        Ok(())
    }

    /// Whether there is something that the training can be resumed from.
    pub(crate) fn has_state(&self) -> bool {
        self.has_state
    }

    fn forget_training(&self) {
        // The model is there; what is left of its training does no harm.
        let folder = self.path.join(TRAINING);
        let _ = fs::remove_file(folder.join(STATE_FILE));
        let _ = fs::remove_file(folder.join(CONFIG_FILE));
        // A process that was killed while it wrote leaves a file without a name.
        let left = fs::read_dir(&folder).into_iter().flatten().flatten();
        for file in left.filter(|file| Unfinished::File.is_named(&file.file_name())) {
            let _ = fs::remove_file(file.path());
        }
        let _ = fs::remove_dir(folder);
    }

    fn write_config(&self, config: &PixelRunConfig) -> Result<(), CliError> {
        write_config(&self.path.join(CONFIG_FILE), config)
    }

    /// Takes away what was made of a run that came to no model.
    pub(crate) fn discard(&self) {
        if self.is_new {
            // There is nothing in it but what is made again, and what else somebody put there keeps the directory.
            self.forget_training();
            let _ = fs::remove_file(self.path.join(CONFIG_FILE));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Whether a directory is that of a run of the codec, trained or not.
pub(crate) fn is_run(path: &Path) -> bool {
    let is_ours = |folder: &Path| read_config(folder).is_ok_and(|config| config.is_some());
    path.join(MODEL_FILE).is_file() || is_ours(path) || is_ours(&path.join(TRAINING))
}

/// What the training in a run's directory has kept; nothing where that is none.
fn read_state(run: &Path) -> Result<Option<TrainingState>, CliError> {
    let file = run.join(TRAINING).join(STATE_FILE);
    match fs::read(&file) {
        Ok(bytes) => TrainingState::from_bytes(&bytes)
            .map(Some)
            .map_err(|error| CliError::from(error).about(&file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::io(&file, "read", &error)),
    }
}

fn write_config(file: &Path, config: &PixelRunConfig) -> Result<(), CliError> {
    let text = toml::to_string(config)
        .map_err(|error| CliError::failure(Status::Usage, file.display(), error))?;
    write_atomically(file, |to| to.write_all(text.as_bytes()))
        .map_err(|error| CliError::io(file, "write", &error))
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
