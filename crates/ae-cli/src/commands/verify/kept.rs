//! What `--keep` leaves: a run of each row and seed, and what it gave.

use std::fs;
use std::path::{Path, PathBuf};

use ae_files::{create_folder, write_atomically};
use ae_models::Registry;
use ae_train::{RunConfig, RunDirectory};
use serde::{Deserialize, Serialize};

use super::protocols::Protocol;
use crate::error::{CliError, Status, io_reason};

/// What one seed of a row gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SeedResult {
    pub(super) value: f64,
    /// Epochs that were trained.
    pub(super) epochs: usize,
    /// The epoch whose model was measured.
    pub(super) kept_epoch: Option<usize>,
    /// Of training and measuring, on the wall.
    pub(super) seconds: f64,
}

/// The file of a seed's result: with the run's configuration, by which another protocol is told from this one.
#[derive(Debug, Serialize, Deserialize)]
struct SeedFile {
    result: SeedResult,
    configuration: toml::Table,
}

/// The place of one seed of one row.
#[derive(Debug)]
pub(super) struct SeedPlace {
    /// The run's directory.
    run: PathBuf,
    file: PathBuf,
    configuration: toml::Table,
}

impl SeedPlace {
    /// In `folder`, of a run of `config`.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn new(
        folder: &Path,
        protocol: &Protocol,
        seed: u64,
        config: &RunConfig,
    ) -> Result<Self, CliError> {
        let row = folder.join(folder_name(&protocol.title()));
        create_folder(&row).map_err(|error| files(&row, "make", &error))?;
        let configuration = toml::Table::try_from(config).map_err(|error| {
            CliError::failure(Status::Internal, protocol.name, error.to_string())
        })?;
        Ok(Self {
            run: row.join(format!("seed-{seed}")),
            file: row.join(format!("seed-{seed}.toml")),
            configuration,
        })
    }

    /// What the seed gave by this very configuration, if it was measured.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub(super) fn result(&self) -> Result<Option<SeedResult>, CliError> {
        if !self.file.exists() {
            return Ok(None);
        }
        let text =
            fs::read_to_string(&self.file).map_err(|error| files(&self.file, "read", &error))?;
        let found: SeedFile = toml::from_str(&text).map_err(|error| {
            let what = self.file.display();
            let reason = format!("is no result of ae verify: {}", error.message());
            CliError::failure(Status::Files, what, reason)
        })?;
        Ok((found.configuration == self.configuration).then_some(found.result))
    }

    /// Writes down what the seed gave.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep(&self, result: &SeedResult) -> Result<(), CliError> {
        let file = SeedFile {
            result: result.clone(),
            configuration: self.configuration.clone(),
        };
        let text = toml::to_string(&file).map_err(|error| {
            CliError::failure(Status::Internal, self.file.display(), error.to_string())
        })?;
        write_atomically(&self.file, |file| file.write_all(text.as_bytes()))
            .map_err(|error| files(&self.file, "write", &error))
    }

    /// The run's directory: a new one, or the one that is there, to be resumed with `config`.
    ///
    /// # Errors
    /// It holds a run of another configuration, or cannot be made.
    pub(super) fn directory(
        &self,
        config: &RunConfig,
        registry: &Registry,
    ) -> Result<RunDirectory, CliError> {
        if !self.run.exists() {
            return Ok(RunDirectory::create(&self.run, config, false)?);
        }
        Ok(RunDirectory::open(&self.run)?.with_run_config(config, registry)?)
    }
}

fn files(path: &Path, what: &str, error: &std::io::Error) -> CliError {
    let reason = format!("cannot {what} it: {}", io_reason(error));
    CliError::failure(Status::Files, path.display(), reason)
}

/// A title as a folder's name: letters and digits, and a line between what was between them.
fn folder_name(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ae_models::ModelConfig;
    use ae_train::{DataConfig, TrainConfig};

    use super::*;
    use crate::commands::verify::rows::PROTOCOLS;

    #[test]
    fn every_row_has_a_folder_of_its_own() {
        let names: BTreeSet<_> = PROTOCOLS
            .iter()
            .map(|row| folder_name(&row.title()))
            .collect();
        assert_eq!(names.len(), PROTOCOLS.len());
        assert_eq!(
            folder_name("IWAE 784-200, k = 1, 3,280 epochs on mnist"),
            "iwae-784-200-k-1-3-280-epochs-on-mnist"
        );
    }

    #[test]
    fn a_result_is_found_by_the_same_configuration_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = |epochs| RunConfig {
            convolutions: ae_models::ComputePath::default(),
            data: DataConfig::default(),
            model: ModelConfig::default(),
            train: TrainConfig {
                epochs,
                ..TrainConfig::default()
            },
        };
        let place = |epochs| {
            SeedPlace::new(folder.path(), &PROTOCOLS[0], 2, &config(epochs)).expect("a folder")
        };
        assert_eq!(place(3).result().expect("nothing is there"), None);
        let result = SeedResult {
            value: 0.1 + 0.2,
            epochs: 3,
            kept_epoch: Some(3),
            seconds: 1.5,
        };
        place(3).keep(&result).expect("written");
        assert_eq!(place(3).result().expect("read"), Some(result));
        assert_eq!(place(4).result().expect("read"), None);
        fs::write(&place(3).file, "value = [").expect("written");
        assert!(place(3).result().is_err());
    }
}
