//! Finding a model by its file or by the directory of its run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ae_models::{ModelCard, Registry};
use ae_train::DataCard;

use crate::error::InferError;

/// The best epoch's model inside a run's directory.
const MODEL_FILE: &str = "model.safetensors";
/// The run's configuration, beside it.
const CONFIG_FILE: &str = "config.toml";

/// A model's place on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelPath {
    file: PathBuf,
    run: Option<PathBuf>,
}

impl ModelPath {
    /// The model at `path`: a model file, or the directory of a run, whose best epoch is taken.
    ///
    /// # Errors
    /// There is nothing at `path`, or the directory holds no model.
    pub fn find(path: impl AsRef<Path>) -> Result<Self, InferError> {
        let path = path.as_ref();
        let metadata = fs::metadata(path).map_err(|source| InferError::NotFound {
            path: path.to_owned(),
            source,
        })?;
        if !metadata.is_dir() {
            let folder = path.parent().unwrap_or(Path::new(""));
            let run = (is_model_name(path) && folder.join(CONFIG_FILE).is_file())
                .then(|| folder.to_owned());
            return Ok(Self {
                file: path.to_owned(),
                run,
            });
        }
        let file = path.join(MODEL_FILE);
        if file.is_file() {
            return Ok(Self {
                file,
                run: Some(path.to_owned()),
            });
        }
        Err(InferError::NoModel {
            path: path.to_owned(),
            file: MODEL_FILE,
            is_run: path.join(CONFIG_FILE).is_file(),
        })
    }

    /// The newest trained run in a folder of runs.
    ///
    /// # Errors
    /// There is none.
    pub fn newest(runs: &Path) -> Result<Self, InferError> {
        Self::newest_of(runs, |_| true).ok_or_else(|| InferError::NoRun {
            runs: runs.to_owned(),
        })
    }

    /// The newest run in a folder of runs that was trained to remove noise from patches of pictures, if there is one. A
    /// denoiser of whole images, of letters for one, knows nothing else.
    #[must_use]
    pub fn newest_patch_denoiser(runs: &Path, registry: &Registry) -> Option<Self> {
        Self::newest_of(runs, |model| {
            model.card(registry).is_ok_and(|card| {
                let data = card.data.as_ref().map(DataCard::from_json);
                let Some(Ok(data)) = data else {
                    return false;
                };
                let denoises = card.noise.is_some() || data.self_supervised.is_some();
                let is_whole = !card.config.is_some_and(|config| config.leaves_luminance());
                denoises && is_whole && data.patch.is_some()
            })
        })
    }

    fn newest_of(runs: &Path, is_wanted: impl Fn(&Self) -> bool) -> Option<Self> {
        let mut found: Vec<(SystemTime, PathBuf)> = runs_in(runs)
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
            .map(|(_, run)| Self {
                file: run.join(MODEL_FILE),
                run: Some(run),
            })
            .find(is_wanted)
    }

    /// The model file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The directory of the run that made it, when it lies in one.
    #[must_use]
    pub fn run(&self) -> Option<&Path> {
        self.run.as_deref()
    }

    /// What people call it: the run, or the file outside one.
    #[must_use]
    pub fn name(&self) -> String {
        self.run
            .as_ref()
            .unwrap_or(&self.file)
            .display()
            .to_string()
    }

    /// Reads the model's description without its weights.
    ///
    /// # Errors
    /// The file is no model file, or `registry` doesn't know its kind.
    pub fn card(&self, registry: &Registry) -> Result<ModelCard, InferError> {
        Ok(ae_models::read_model_card(&self.file, registry)?)
    }
}

/// `model.safetensors` and `last.safetensors` belong to the run they lie in.
fn is_model_name(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "safetensors")
}

/// The directories in a folder that hold a trained model, in order of their names.
#[must_use]
pub fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join(MODEL_FILE).is_file())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_directory_or_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("first");
        fs::create_dir(&run).unwrap();
        let error = ModelPath::find(&run).unwrap_err();
        assert!(
            error.to_string().contains("no model.safetensors"),
            "{error}"
        );
        fs::write(run.join(CONFIG_FILE), "").unwrap();
        let error = ModelPath::find(&run).unwrap_err();
        let is_unfinished = matches!(error, InferError::NoModel { is_run: true, .. });
        assert!(is_unfinished, "{error}");
        fs::write(run.join(MODEL_FILE), "").unwrap();
        let by_directory = ModelPath::find(&run).unwrap();
        assert_eq!(by_directory, ModelPath::find(run.join(MODEL_FILE)).unwrap());
        assert_eq!(by_directory.name(), run.display().to_string());

        let outside = folder.path().join("model.safetensors");
        fs::write(&outside, "").unwrap();
        assert_eq!(ModelPath::find(&outside).unwrap().run(), None);
    }

    #[test]
    fn the_newest_run_is_taken_and_empty_directories_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let error = ModelPath::newest(folder.path()).unwrap_err();
        assert!(error.to_string().contains("no trained model"), "{error}");
        for (name, age_seconds) in [("b", 10), ("a", 5), ("c", 20)] {
            let run = folder.path().join(name);
            fs::create_dir(&run).unwrap();
            let file = fs::File::create(run.join(MODEL_FILE)).unwrap();
            let time = SystemTime::now() - std::time::Duration::from_secs(age_seconds);
            file.set_modified(time).unwrap();
        }
        fs::create_dir(folder.path().join("d")).unwrap();
        let found = ModelPath::newest(folder.path()).unwrap();
        assert_eq!(found.run(), Some(folder.path().join("a").as_path()));
    }
}
