//! Finding the model that the user names, by its file or by the directory of its run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ae_models::{Model, ModelCard, ModelError};
use burn::tensor::Device;

use crate::error::{CliError, Status};
use crate::terminal::Terminal;

/// Where runs are kept when nothing else is said.
pub(crate) const RUNS: &str = "runs";
/// The best epoch's model inside a run's directory.
const MODEL_FILE: &str = "model.safetensors";
/// The run's configuration, beside it.
const CONFIG_FILE: &str = "config.toml";

/// A model's place on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelPath {
    /// The model file.
    pub(crate) file: PathBuf,
    /// The directory of the run that made it, when it lies in one.
    pub(crate) run: Option<PathBuf>,
}

impl ModelPath {
    /// What the user calls it: the run, or the file outside one.
    pub(crate) fn name(&self) -> String {
        self.run
            .as_ref()
            .unwrap_or(&self.file)
            .display()
            .to_string()
    }

    /// Reads the model's description without its weights.
    ///
    /// # Errors
    /// The file is no model file.
    pub(crate) fn card(&self) -> Result<ModelCard, CliError> {
        ae_models::read_model_card(&self.file).map_err(|error| unusable(&error))
    }

    /// Reads the model.
    ///
    /// # Errors
    /// The file is no model file, or not one of ours.
    pub(crate) fn load(&self, device: &Device) -> Result<(Model, ModelCard), CliError> {
        ae_models::load_model(&self.file, device).map_err(|error| unusable(&error))
    }
}

/// Which run is taken when the user names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The newest.
    Any,
    /// The newest that was trained to remove noise.
    Denoiser,
}

/// Finds the model at `path`, or the newest wanted one under `runs/`, which is then named in a note.
///
/// # Errors
/// There is no such file, directory, or run.
pub(crate) fn find(
    path: Option<&Path>,
    wanted: Wanted,
    terminal: &Terminal,
) -> Result<ModelPath, CliError> {
    match path {
        Some(path) => named(path),
        None => {
            let found = newest(Path::new(RUNS), wanted)?;
            terminal.note(format!("model: {}", found.name()));
            Ok(found)
        }
    }
}

fn named(path: &Path) -> Result<ModelPath, CliError> {
    let metadata = fs::metadata(path).map_err(|error| {
        let error = CliError::io(path, "read", &error);
        match known_runs(Path::new(RUNS)).as_slice() {
            [] => error.hint(
                "a model is a .safetensors file or the directory of a run; ae train makes one",
            ),
            runs => error.hint(format!("there are {}", listed(runs))),
        }
    })?;
    if !metadata.is_dir() {
        let folder = path.parent().unwrap_or(Path::new(""));
        let run =
            (is_model_name(path) && folder.join(CONFIG_FILE).is_file()).then(|| folder.to_owned());
        return Ok(ModelPath {
            file: path.to_owned(),
            run,
        });
    }
    let file = path.join(MODEL_FILE);
    if file.is_file() {
        return Ok(ModelPath {
            file,
            run: Some(path.to_owned()),
        });
    }
    let error = CliError::failure(
        Status::Model,
        path.display(),
        format!("no {MODEL_FILE} in this directory"),
    );
    Err(match path.join(CONFIG_FILE).is_file() {
        true => error.hint(format!(
            "this run has not finished an epoch; go on with: ae train --resume {}",
            path.display()
        )),
        false => error.hint("a model is a .safetensors file or the directory of a run"),
    })
}

/// `model.safetensors` and `last.safetensors` belong to the run they lie in.
fn is_model_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "safetensors")
}

fn newest(runs: &Path, wanted: Wanted) -> Result<ModelPath, CliError> {
    let mut found: Vec<(SystemTime, PathBuf)> = known_runs(runs)
        .into_iter()
        .filter_map(|run| {
            let metadata = fs::metadata(run.join(MODEL_FILE)).ok()?;
            Some((metadata.modified().ok()?, run))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .rev()
        .map(|(_, run)| ModelPath {
            file: run.join(MODEL_FILE),
            run: Some(run),
        })
        .find(|model| match wanted {
            Wanted::Any => true,
            Wanted::Denoiser => model.card().is_ok_and(|card| card.noise.is_some()),
        })
        .ok_or_else(|| match wanted {
            Wanted::Any => none_trained("model")
                .hint("ae train makes one; or name a model file or a run directory"),
            Wanted::Denoiser => none_trained("denoiser")
                .hint("ae train --noise gaussian:0.5 makes one; or name a model with --model"),
        })
}

fn none_trained(what: &str) -> CliError {
    CliError::failure(
        Status::Model,
        "--model",
        format!("no trained {what} under {RUNS}/"),
    )
}

/// Whatever is wrong with a model file, it is not the command line that is.
fn unusable(error: &ModelError) -> CliError {
    let status = match error {
        ModelError::Io { .. } => Status::Files,
        _ => Status::Model,
    };
    CliError::caused_by(status, error)
}

/// The directories under `runs` that hold a model, in order of their names.
fn known_runs(runs: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(runs)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(MODEL_FILE).is_file())
        .collect();
    found.sort();
    found
}

fn listed(runs: &[PathBuf]) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = runs.iter().map(|run| run.display().to_string()).collect();
    match names.len() {
        0..=MOST => names.join(", "),
        count => format!("{}, … ({count} in all)", names[count - MOST..].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_directory_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("first");
        fs::create_dir(&run).unwrap();
        let error = named(&run).unwrap_err();
        assert!(
            error.to_string().contains("no model.safetensors"),
            "{error}"
        );
        fs::write(run.join(CONFIG_FILE), "").unwrap();
        let lines = named(&run).unwrap_err().lines();
        assert!(lines[1].contains("ae train --resume"), "{lines:?}");
        fs::write(run.join(MODEL_FILE), "").unwrap();
        let by_directory = named(&run).unwrap();
        assert_eq!(by_directory, named(&run.join(MODEL_FILE)).unwrap());
        assert_eq!(by_directory.name(), run.display().to_string());

        let outside = folder.path().join("model.safetensors");
        fs::write(&outside, "").unwrap();
        assert_eq!(named(&outside).unwrap().run, None);
    }

    #[test]
    fn the_newest_run_is_taken_and_empty_directories_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let error = newest(folder.path(), Wanted::Any).unwrap_err();
        assert!(error.to_string().contains("no trained model"), "{error}");
        for (name, age_seconds) in [("b", 10), ("a", 5), ("c", 20)] {
            let run = folder.path().join(name);
            fs::create_dir(&run).unwrap();
            let file = fs::File::create(run.join(MODEL_FILE)).unwrap();
            let time = SystemTime::now() - std::time::Duration::from_secs(age_seconds);
            file.set_modified(time).unwrap();
        }
        fs::create_dir(folder.path().join("d")).unwrap();
        let found = newest(folder.path(), Wanted::Any).unwrap();
        assert_eq!(found.run, Some(folder.path().join("a")));
    }
}
