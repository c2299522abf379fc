//! The models and runs that are served, by their names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ae_codec::LosslessModel;
use ae_infer::{Device, InferError, ModelPath, OpenModel, PHOTO, Registry};

use crate::error::ServeError;
use crate::models::coder::Coder;
use crate::models::description::{LoadedFile, ModelDescription, describe};
use crate::models::served::Served;
use crate::runs::Run;

/// Models and runs to serve, each by a name of its own: that of its folder, or of its file.
#[derive(Default)]
pub struct Models {
    pub(crate) models: Vec<NamedModel>,
    pub(crate) runs: BTreeMap<String, Run>,
    names: BTreeMap<String, PathBuf>,
    notes: Vec<String>,
}

/// A model and what is known of it.
pub(crate) struct NamedModel {
    pub(crate) served: Served,
    pub(crate) description: ModelDescription,
    pub(crate) file: Option<LoadedFile>,
    pub(crate) shape: Option<ae_data::ImageShape>,
    pub(crate) preparation: Option<ae_infer::Preparation>,
}

impl Models {
    /// Opens what `paths` name, on `device`: folders of runs, model files, or `photo`, which is built in. A run that has no
    /// model yet is served for its curves, and [`notes`](Self::notes) says so.
    ///
    /// # Errors
    /// There is nothing at a path, or no model and no run; a model cannot be opened; two have one name.
    pub fn open(
        paths: &[PathBuf],
        registry: &Registry,
        device: &Device,
    ) -> Result<Self, ServeError> {
        let mut models = Self::default();
        for path in paths {
            models.add(path, registry, device)?;
        }
        Ok(models)
    }

    /// What ought to be said of what was opened, a sentence each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What the models and runs are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    fn add(&mut self, path: &Path, registry: &Registry, device: &Device) -> Result<(), ServeError> {
        if path == Path::new(PHOTO) {
            self.claim(PHOTO, path)?;
            let served = Served::photo(device)?;
            self.models.push(NamedModel::new(PHOTO, served, None));
            return Ok(());
        }
        let found = match ModelPath::find(path) {
            Ok(found) => found,
            Err(InferError::NoModel { is_run: true, .. }) => {
                let name = name_of(path)?;
                self.claim(&name, path)?;
                self.notes.push(format!(
                    "{}: no model yet; its curves are served, and the model when the service is started again",
                    path.display()
                ));
                self.runs.insert(name, Run::new(path));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let name = name_of(found.run().unwrap_or(path))?;
        self.claim(&name, path)?;
        let file = LoadedFile::look(found.file())?;
        let served = Served::open(&name, &found, registry, device)?;
        self.models.push(NamedModel::new(&name, served, Some(file)));
        if let Some(run) = found.run() {
            self.runs.insert(name, Run::new(run));
        }
        Ok(())
    }

    fn claim(&mut self, name: &str, path: &Path) -> Result<(), ServeError> {
        match self.names.insert(name.to_owned(), path.to_owned()) {
            None => Ok(()),
            Some(other) => Err(ServeError::DuplicateName {
                path: path.to_owned(),
                name: name.to_owned(),
                other,
            }),
        }
    }

    /// Adds a model of the codec by the name of `path`, its run's folder or its file, or of what is built in. `file` is where it
    /// was read from, if it was, whose changes are told.
    ///
    /// # Errors
    /// Another has its name, the file cannot be read, or the system has no thread for it.
    pub fn with_codec(
        mut self,
        path: &Path,
        file: Option<&Path>,
        model: LosslessModel,
    ) -> Result<Self, ServeError> {
        let name = match file {
            Some(_) => name_of(path)?,
            None => path.display().to_string(),
        };
        self.claim(&name, path)?;
        let file = file.map(LoadedFile::look).transpose()?;
        let coder = Coder::new(model).map_err(ServeError::Start)?;
        let served = Served::codec(&name, coder);
        self.models.push(NamedModel::new(&name, served, file));
        Ok(self)
    }

    /// Adds a model that is in memory.
    ///
    /// # Errors
    /// Another has its name.
    pub fn with_model(mut self, name: &str, model: OpenModel) -> Result<Self, ServeError> {
        self.claim(name, Path::new(name))?;
        let served = Served::new(name, model)?;
        self.models.push(NamedModel::new(name, served, None));
        Ok(self)
    }
}

impl std::fmt::Debug for Models {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.names.keys()).finish()
    }
}

impl NamedModel {
    fn new(name: &str, served: Served, file: Option<LoadedFile>) -> Self {
        let model = served.open_model();
        Self {
            description: describe(name, &served, file.as_ref()),
            shape: model.map(OpenModel::image_shape),
            preparation: model.map(OpenModel::preparation),
            served,
            file,
        }
    }
}

/// The name of a folder, or of a file without its extension.
fn name_of(path: &Path) -> Result<String, ServeError> {
    let unnamed = || ServeError::Unnamed {
        path: path.to_owned(),
    };
    // Of `.` and `..` the name is that of the folder which they are.
    let whole = path.canonicalize().map_err(|source| ServeError::Read {
        path: path.to_owned(),
        source,
    })?;
    let name = match whole.is_dir() {
        true => whole.file_name(),
        false => whole.file_stem(),
    };
    let name = name.and_then(|name| name.to_str()).ok_or_else(unnamed)?;
    Ok(name.to_owned())
}
