//! Opening models of the codec `pixel`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ae_codec::{ChunkCodec as _, ImageShape, LosslessModel, ModelHash, PixelModel};
use clap::Args;

use super::run::{MODEL_FILE, models_in};
use crate::arguments::RUNS;
use crate::error::{CliError, Status};
use crate::terminal::Terminal;

/// What the model is called that is built in.
pub(crate) const BUILT_IN: &str = "glyphs";

/// The model of the codec.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CodecModelOption {
    /// A run of `ae train --model pixel`, or its model file [default: the newest run under runs/ that
    /// fits, else glyphs, which is built in].
    #[arg(long, value_name = "MODEL")]
    pub model: Option<PathBuf>,
}

/// A model and what people call it.
#[derive(Debug)]
pub(crate) struct CodecModel {
    pub(crate) name: String,
    pub(crate) model: LosslessModel,
}

impl CodecModelOption {
    /// The model that is named, if one is.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn open_named(&self) -> Result<Option<CodecModel>, CliError> {
        match &self.model {
            Some(path) => named(path).map(Some),
            None => Ok(None),
        }
    }

    /// The newest model under `runs/` that codes images of this shape; where there is none, or for pictures of different
    /// sizes, the newest for pictures of any sizes.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn find_for(
        shape: Option<ImageShape>,
        terminal: &Terminal,
    ) -> Result<CodecModel, CliError> {
        if let Some(shape) = shape
            && let Some(found) = find(terminal, |model| model.shape() == Some(shape))?
        {
            return Ok(found);
        }
        find(terminal, |model| model.shape().is_none())?.ok_or_else(|| {
            let (images, patch) = match shape {
                Some(shape) => (format!("images of {shape}, or of any size"), ""),
                None => ("pictures of any sizes".to_owned(), " --patch 64"),
            };
            let reason = format!("no run under {RUNS}/ has a pixel model of {images}");
            CliError::failure(Status::Model, "--model", reason).hint(format!(
                "ae train --model pixel --data SET{patch} makes one"
            ))
        })
    }

    /// The model that is named, or else the one under `runs/` with this hash.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub(crate) fn open_for_hash(
        &self,
        hash: ModelHash,
        terminal: &Terminal,
    ) -> Result<CodecModel, CliError> {
        if let Some(named) = self.open_named()? {
            return Ok(named);
        }
        find(terminal, |model| model.hash() == hash)?.ok_or_else(|| {
            let reason = format!("no run under {RUNS}/ has the pixel model {hash}");
            CliError::failure(Status::Model, "--model", reason)
                .hint("--model names the run that the file was coded with")
        })
    }
}

/// The model that somebody names.
///
/// # Errors
/// It cannot be read.
pub(crate) fn named(path: &Path) -> Result<CodecModel, CliError> {
    match is_built_in(path) {
        true => built_in(),
        false => read(path),
    }
}

/// Whether a path names the model that is built in: where there is nothing else of its name.
pub(crate) fn is_built_in(path: &Path) -> bool {
    path == Path::new(BUILT_IN) && !path.exists()
}

/// The file of a run's model, or the model file that a path is.
pub(crate) fn file_of(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.join(MODEL_FILE),
        false => path.to_owned(),
    }
}

/// The newest model under `runs/` that is wanted, or the one that is built in.
fn find(
    terminal: &Terminal,
    is_wanted: impl Fn(&LosslessModel) -> bool,
) -> Result<Option<CodecModel>, CliError> {
    let found = models_in(Path::new(RUNS))
        .into_iter()
        // A model that cannot be read is not what was asked for.
        .filter_map(|file| read(&file).ok())
        .find(|found| is_wanted(&found.model));
    let found = match found {
        Some(found) => Some(found),
        None => Some(built_in()?).filter(|found| is_wanted(&found.model)),
    };
    if let Some(found) = &found {
        terminal.note(format!("model: {}", found.name));
    }
    Ok(found)
}

/// The model that is built in.
fn built_in() -> Result<CodecModel, CliError> {
    Ok(CodecModel {
        name: BUILT_IN.to_owned(),
        model: LosslessModel::Pixel(PixelModel::glyphs()?),
    })
}

/// Reads the model of a run, or a model file.
///
/// # Errors
/// There is none, or it is damaged.
pub(crate) fn read(path: &Path) -> Result<CodecModel, CliError> {
    let file = file_of(path);
    if path.is_dir() && !file.is_file() {
        let reason = format!("no {MODEL_FILE} in this directory");
        return Err(CliError::failure(Status::Model, path.display(), reason)
            .hint("a model of the codec is made by: ae train --model pixel --data SET"));
    }
    let mut opened = File::open(&file).map_err(|error| CliError::io(&file, "read", &error))?;
    let model = LosslessModel::read(&mut opened).map_err(|error| {
        let error = CliError::from(error).about(&file);
        match is_tables(&file) {
            true => error.hint(run_of_tables(&file)),
            false => error,
        }
    })?;
    let run = file.parent().filter(|_| file.ends_with(MODEL_FILE));
    let name = run
        .filter(|run| !run.as_os_str().is_empty())
        .unwrap_or(&file);
    Ok(CodecModel {
        name: name.display().to_string(),
        model,
    })
}

/// Whether a path is a run of the codec, or a model file of it.
pub(crate) fn is_model(path: &Path) -> bool {
    match path.is_dir() {
        true => path.join(MODEL_FILE).is_file(),
        false => begins_with(path, b"\x89AEPIXEL"),
    }
}

/// Whether a path is a file of the tables that lie beside a model with losses.
pub(crate) fn is_tables(path: &Path) -> bool {
    path.is_file() && begins_with(path, b"\x89AETRANS")
}

/// What helps where such a file is named in place of its model.
pub(crate) fn run_of_tables(file: &Path) -> String {
    let run = file
        .parent()
        .filter(|run| !run.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    format!(
        "the tables of a model with losses, which is named by its directory: {}",
        run.display()
    )
}

/// Whether a path is a container.
pub(crate) fn is_container(path: &Path) -> bool {
    path.is_file() && begins_with(path, b"\x89AEZ")
}

fn begins_with(path: &Path, magic: &[u8]) -> bool {
    let mut start = vec![0; magic.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == magic
}
