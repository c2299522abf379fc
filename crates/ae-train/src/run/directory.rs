//! A run's directory: what is in it, who may write to it.
//!
//! ```text
//! config.toml           everything that decides the run, defaults included
//! metrics.jsonl         a line a step and an epoch, and one for the test at the end
//! model.safetensors     the model that is kept: the best so far, or the last epoch's
//! last.safetensors      the model of the newest checkpoint
//! checkpoints/step-N/   all that it takes to resume from step N
//! lock                  held by the process that trains, with its id
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use ae_files::{Unfinished, create_folder, sync_folder, write_atomically};
use ae_models::Registry;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::TrainError;
use crate::optim::segment::Segment;
use crate::run::config::RunConfig;
use crate::run::data_card::DataCard;
use crate::run::metrics::{MetricsLine, MetricsLog};
use crate::run::reports::TestReport;

/// The directory of one run.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// What `config.toml` becomes when the run is resumed.
    next_config: Option<NextConfig>,
    /// What its model files say of their data.
    data_card: Option<DataCard>,
}

/// The configuration that a run is resumed with.
#[derive(Clone, Debug)]
enum NextConfig {
    /// Of a program of its own.
    Text(String),
    /// Ours, which the history of the learning rate is put into; and what stands there now.
    Run {
        now: Box<RunConfig>,
        next: Box<RunConfig>,
    },
}

impl RunDirectory {
    /// Makes the directory of a new run and writes its `config.toml`.
    ///
    /// `config` is a [`RunConfig`](crate::RunConfig), or whatever a program with a custom model writes there.
    /// With `force`, a run that is there already is removed first.
    ///
    /// # Errors
    /// [`TrainError::RunExists`] or [`TrainError::NotARun`] where the directory is not empty and `force` is false,
    /// [`TrainError::Locked`] where somebody is training in it.
    pub fn create<C: Serialize>(
        path: impl Into<PathBuf>,
        config: &C,
        force: bool,
    ) -> Result<Self, TrainError> {
        let run = Self::at(path);
        if run.exists_already()? {
            if !force {
                let path = run.path;
                let is_run = path.join(CONFIG).exists() || path.join(METRICS).exists();
                return Err(if is_run {
                    TrainError::RunExists { path }
                } else {
                    TrainError::NotARun { path }
                });
            }
            run.clear()?;
        }
        create_folder(run.path()).map_err(TrainError::io("create", &run.path))?;
        let _lock = run.lock()?;
        // Another process may have been quicker.
        if run.config_file().exists() && !force {
            return Err(TrainError::RunExists { path: run.path });
        }
        write_config(&run.config_file(), &to_toml(&run.config_file(), config)?)?;
        Ok(run)
    }

    fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            next_config: None,
            data_card: None,
        }
    }

    /// Gives the run another `config.toml` when it is resumed: settings that may change, such as the epochs.
    ///
    /// Nothing is written yet: a run that cannot be resumed keeps its configuration.
    ///
    /// # Errors
    /// Where the configuration is no TOML table.
    pub fn with_config<C: Serialize>(mut self, config: &C) -> Result<Self, TrainError> {
        let text = to_toml(&self.config_file(), config)?;
        self.next_config = Some(NextConfig::Text(text));
        Ok(self)
    }

    /// Gives a run of ours another `config.toml` when it is resumed, as [`with_config`](Self::with_config) does; the
    /// trainer adds the [`segments`](crate::TrainConfig::segments) of the learning rate's history.
    ///
    /// # Errors
    /// Where `config.toml` cannot be read.
    pub fn with_run_config(
        mut self,
        config: &RunConfig,
        registry: &Registry,
    ) -> Result<Self, TrainError> {
        self.next_config = Some(NextConfig::Run {
            now: Box::new(self.read_run_config(registry)?),
            next: Box::new(config.clone()),
        });
        Ok(self)
    }

    /// Has every model file of the run say how images are brought to the model and what it was trained on. The files of
    /// a resumed run go on saying what they said.
    #[must_use]
    pub fn with_data_card(mut self, card: DataCard) -> Self {
        self.data_card = Some(card);
        self
    }

    /// What the run's model files say of their data.
    pub(crate) fn data_card(&self) -> Option<&DataCard> {
        self.data_card.as_ref()
    }

    /// Writes the configuration that the run is resumed with, if it is another one.
    pub(crate) fn commit_config(&self, segments: &[Segment]) -> Result<(), TrainError> {
        let path = self.config_file();
        match &self.next_config {
            Some(NextConfig::Text(text)) => write_config(&path, text),
            Some(NextConfig::Run { now, next }) => {
                let mut next = next.clone();
                next.train.segments = segments.to_vec();
                match next == *now {
                    true => Ok(()),
                    false => write_config(&path, &to_toml(&path, &next)?),
                }
            }
            None => Ok(()),
        }
    }

    /// Adds to `metrics.jsonl` what a run that is over does on its test images.
    ///
    /// A run that is resumed and gets to its end again is measured again, and has one such line.
    ///
    /// # Errors
    /// [`TrainError::Locked`] where somebody is training in it; where the log cannot be written.
    pub fn record_test(&self, report: &TestReport) -> Result<(), TrainError> {
        let _lock = self.lock()?;
        let mut log = MetricsLog::open_for_test(&self.metrics_file())?;
        log.push(&MetricsLine::Test(report.clone()))?;
        log.sync()?;
        sync_folder(self.path()).map_err(TrainError::io("fsync", self.path()))
    }

    /// Opens the directory of an existing run, to resume it or to read it.
    ///
    /// # Errors
    /// [`TrainError::NoRun`] where there is no `config.toml`.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TrainError> {
        let run = Self::at(path);
        if run.config_file().is_file() {
            return Ok(run);
        }
        match fs::metadata(&run.path) {
            Err(source) => Err(TrainError::Io {
                action: "open",
                path: run.path,
                source,
            }),
            Ok(_) => Err(TrainError::NoRun { path: run.path }),
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `config.toml`.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.path.join(CONFIG)
    }

    /// `metrics.jsonl`.
    #[must_use]
    pub fn metrics_file(&self) -> PathBuf {
        self.path.join(METRICS)
    }

    /// `model.safetensors`, the model that is kept: the best, or the last; there from the end of the first epoch on.
    #[must_use]
    pub fn model_file(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// `last.safetensors`, the newest checkpoint's model.
    #[must_use]
    pub fn last_model_file(&self) -> PathBuf {
        self.path.join(LAST_MODEL)
    }

    /// `checkpoints/`, a directory for each.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join(CHECKPOINTS)
    }

    /// Reads `config.toml`.
    ///
    /// # Errors
    /// Where it cannot be read, or has fields that `C` doesn't know.
    pub fn read_config<C: DeserializeOwned>(&self) -> Result<C, TrainError> {
        self.read_config_as(|text| toml::from_str(text))
    }

    /// Reads the [`RunConfig`](crate::RunConfig) in `config.toml`, whose model is of one of the `registry`'s kinds.
    ///
    /// # Errors
    /// As for [`read_config`](Self::read_config).
    pub fn read_run_config(&self, registry: &Registry) -> Result<RunConfig, TrainError> {
        self.read_config_as(|text| RunConfig::from_toml(text, registry))
    }

    fn read_config_as<C>(
        &self,
        read: impl FnOnce(&str) -> Result<C, toml::de::Error>,
    ) -> Result<C, TrainError> {
        let path = self.config_file();
        let text = fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
        read(&text).map_err(|error| TrainError::ConfigFile {
            reason: error.to_string(),
            path,
        })
    }

    /// Takes the directory for this process.
    pub(crate) fn lock(&self) -> Result<RunLock, TrainError> {
        let path = self.path.join(LOCK);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(TrainError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // Without the id the message is poorer, that's all.
                let _ = (&file).take(32).read_to_string(&mut process);
                let process = process.trim();
                let process = if process.is_empty() {
                    "unknown"
                } else {
                    process
                }
                .to_owned();
                return Err(TrainError::Locked {
                    path: self.path.clone(),
                    process,
                });
            }
            // A file system without locks: better to train than not.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => {
                return Err(TrainError::Io {
                    action: "lock",
                    path,
                    source,
                });
            }
        }
        file.set_len(0).map_err(TrainError::io("write", &path))?;
        writeln!(file, "{}", std::process::id()).map_err(TrainError::io("write", &path))?;
        Ok(RunLock { file })
    }

    /// Removes models that a killed process had not finished. Whoever holds the lock is the only one to write any.
    pub(crate) fn remove_unfinished(&self, _lock: &RunLock) -> Result<(), TrainError> {
        let entries = fs::read_dir(&self.path).map_err(TrainError::io("read", &self.path))?;
        for entry in entries {
            let entry = entry.map_err(TrainError::io("read", &self.path))?;
            if Unfinished::Model.is_named(&entry.file_name()) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn exists_already(&self) -> Result<bool, TrainError> {
        match fs::read_dir(&self.path) {
            // A process that was killed between taking the lock and writing config.toml leaves the lock alone.
            Ok(mut entries) => {
                Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != LOCK)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(TrainError::Io {
                action: "open",
                path: self.path.clone(),
                source,
            }),
        }
    }

    /// Removes a run's own files and leaves any other.
    fn clear(&self) -> Result<(), TrainError> {
        let _lock = self.lock()?;
        for name in [CONFIG, METRICS, MODEL, LAST_MODEL] {
            remove(&self.path.join(name))?;
        }
        remove(&self.checkpoints())
    }
}

fn to_toml<C: Serialize>(path: &Path, config: &C) -> Result<String, TrainError> {
    toml::to_string(config).map_err(|error| TrainError::ConfigFile {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

fn write_config(path: &Path, text: &str) -> Result<(), TrainError> {
    write_atomically(path, |file| file.write_all(text.as_bytes()))
        .map_err(TrainError::io("write", path))
}

const CONFIG: &str = "config.toml";
const METRICS: &str = "metrics.jsonl";
const MODEL: &str = "model.safetensors";
const LAST_MODEL: &str = "last.safetensors";
const CHECKPOINTS: &str = "checkpoints";
const LOCK: &str = "lock";

/// Removes a file or a directory with all that is in it; one that isn't there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), TrainError> {
    let is_directory = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let removed = if is_directory {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(TrainError::Io {
            action: "remove",
            path: path.to_path_buf(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Holds a run directory until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // The operating system lets go of the lock by itself; the id in the file is a courtesy.
        let _ = self.file.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrainConfig;

    #[test]
    fn a_run_is_not_overwritten_without_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/first");
        let config = TrainConfig {
            epochs: 3,
            ..TrainConfig::default()
        };
        let run = RunDirectory::create(&path, &config, false).unwrap();
        assert_eq!(run.read_config::<TrainConfig>().unwrap(), config);
        fs::write(run.model_file(), "old").unwrap();
        fs::write(path.join("notes.txt"), "mine").unwrap();

        let error = RunDirectory::create(&path, &config, false).unwrap_err();
        assert!(matches!(error, TrainError::RunExists { .. }), "{error}");
        assert!(run.model_file().exists());

        RunDirectory::create(&path, &TrainConfig::default(), true).unwrap();
        assert!(!run.model_file().exists());
        assert_eq!(
            run.read_config::<TrainConfig>().unwrap(),
            TrainConfig::default()
        );
        assert!(
            path.join("notes.txt").exists(),
            "files that aren't a run's stay"
        );
    }

    #[test]
    fn other_directories_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let config = TrainConfig::default();
        assert!(
            RunDirectory::create(folder.path(), &config, false).is_ok(),
            "an empty directory will do"
        );
        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join("thesis.tex"), "").unwrap();
        let error = RunDirectory::create(other.path(), &config, false).unwrap_err();
        assert!(matches!(error, TrainError::NotARun { .. }), "{error}");
        assert!(matches!(
            RunDirectory::open(other.path()),
            Err(TrainError::NoRun { .. })
        ));
        assert!(matches!(
            RunDirectory::open(other.path().join("gone")),
            Err(TrainError::Io { .. })
        ));
        let file = other.path().join("thesis.tex");
        assert!(RunDirectory::create(&file, &config, true).is_err());
    }

    #[test]
    fn a_live_lock_is_refused_and_a_stale_one_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(folder.path(), &TrainConfig::default(), false).unwrap();
        let lock = run.lock().unwrap();
        let error = run.lock().unwrap_err().to_string();
        assert!(
            error.ends_with(&format!("is in use by process {}", std::process::id())),
            "{error}"
        );
        assert!(matches!(
            RunDirectory::create(folder.path(), &TrainConfig::default(), true),
            Err(TrainError::Locked { .. })
        ));
        drop(lock);
        fs::write(folder.path().join(LOCK), "999999\n").unwrap();
        run.lock().unwrap();
    }
}
