//! Checkpoints: directories that hold all it takes to resume, and that are there whole or not at all.
//!
//! ```text
//! checkpoints/step-00000123/   the second one of a step has -2 behind its name
//!     state.toml              a line with the SHA-256 of the rest, then [`Manifest`]
//!     model.safetensors       the weights
//!     optimizer.safetensors   what the optimizer remembers
//!     best.safetensors        the best model so far; absent before the end of the first epoch
//!     average.safetensors     the averaged weights; absent where none are averaged
//! ```
//!
//! A checkpoint is written to `checkpoints/.staging`, fsynced file by file, and takes its name by one
//! rename. Reading one begins with `state.toml`, which has the size and the SHA-256 of every other file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ae_files::{create_folder, move_folder, write_atomically};
use ae_models::NamedTensor;
use serde::{Deserialize, Serialize};

use crate::error::{TrainError, with_causes};
use crate::optim::state::OptimizerState;
use crate::run::directory::remove;
use crate::run::progress::Progress;
use crate::run::reports::EpochReport;
use crate::run::tensor_file::{FileDigest, read_tensors, sha256, write_tensors};

/// Version 1 has no fingerprint of validation images.
const FORMAT_VERSION: u32 = 2;
/// Checkpoints that are kept.
const KEPT: usize = 2;
/// A manifest has a few lines for each parameter; a longer file is something else.
const MANIFEST_BYTES_LIMIT: u64 = 16 << 20;

const STAGING: &str = ".staging";
const STATE: &str = "state.toml";
pub(crate) const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
pub(crate) const BEST: &str = "best.safetensors";
pub(crate) const AVERAGE: &str = "average.safetensors";

/// What a run depends on: a resumed run must have the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// Fingerprint of the training images.
    pub(crate) train_images: String,
    /// Fingerprint of the validation images, empty without any; `None` in what was written before there were any, when
    /// epochs were compared by the test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validation_images: Option<String>,
    /// Fingerprint of the test images, empty without any. Nothing of the run depends on them.
    pub(crate) test_images: String,
    /// The training configuration.
    pub(crate) train: toml::Table,
    /// The model's configuration; empty for a custom model.
    #[serde(default)]
    pub(crate) model: toml::Table,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format_version: u32,
    library_version: String,
    progress: Progress,
    files: BTreeMap<String, FileDigest>,
    optimizer_counters: BTreeMap<String, u64>,
    optimizer_ranks: BTreeMap<String, usize>,
    origin: Origin,
    #[serde(default)]
    epochs: Vec<EpochReport>,
}

/// A checkpoint that cannot be used, and why.
pub(crate) type Skipped = (PathBuf, String);

/// A checkpoint that was read and found whole.
pub(crate) struct Checkpoint {
    pub(crate) path: PathBuf,
    pub(crate) progress: Progress,
    pub(crate) epochs: Vec<EpochReport>,
    pub(crate) origin: Origin,
    pub(crate) model: Vec<NamedTensor>,
    pub(crate) best: Option<Vec<NamedTensor>>,
    pub(crate) average: Option<Vec<NamedTensor>>,
    pub(crate) files: BTreeMap<String, FileDigest>,
    pub(crate) optimizer: OptimizerState,
}

/// What goes into a checkpoint. Models come as files, so that they can be loaded like any model file.
pub(crate) struct Content<'a> {
    pub(crate) progress: &'a Progress,
    pub(crate) epochs: &'a [EpochReport],
    pub(crate) origin: &'a Origin,
    pub(crate) optimizer: OptimizerState,
}

/// A model's file in a checkpoint, and what writes it to the path that it is given.
pub(crate) type WriteModel<'a> = (
    &'static str,
    Box<dyn Fn(&Path) -> Result<(), TrainError> + 'a>,
);

/// Writes a checkpoint into the directory `checkpoints`, and removes those that are no longer needed.
pub(crate) fn write(
    checkpoints: &Path,
    content: Content<'_>,
    models: &[WriteModel<'_>],
) -> Result<PathBuf, TrainError> {
    let staging = checkpoints.join(STAGING);
    remove(&staging)?;
    create_folder(checkpoints).map_err(TrainError::io("create", checkpoints))?;
    fs::create_dir(&staging).map_err(TrainError::io("create", &staging))?;
    let mut files = BTreeMap::new();

    for (name, write) in models {
        let path = staging.join(name);
        write(&path)?;
        files.insert((*name).to_owned(), FileDigest::of_file(&path)?);
    }

    let path = staging.join(OPTIMIZER);
    write_tensors(&path, &content.optimizer.tensors)?;
    files.insert(OPTIMIZER.to_owned(), FileDigest::of_file(&path)?);

    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        library_version: env!("CARGO_PKG_VERSION").to_owned(),
        progress: content.progress.clone(),
        files,
        optimizer_counters: content.optimizer.counters,
        optimizer_ranks: content.optimizer.ranks,
        origin: content.origin.clone(),
        epochs: content.epochs.to_vec(),
    };
    let path = staging.join(STATE);
    let text = toml::to_string(&manifest).map_err(|error| TrainError::checkpoint(&path, error))?;
    let text = format!("# sha256 {}\n{text}", sha256(text.as_bytes()));
    write_atomically(&path, |file| file.write_all(text.as_bytes()))
        .map_err(TrainError::io("write", &path))?;

    let path = free_name(checkpoints, content.progress.step)?;
    move_folder(&staging, &path).map_err(TrainError::io("commit", &path))?;
    for (_, old) in list(checkpoints)?.into_iter().skip(KEPT) {
        remove(&old)?;
    }
    Ok(path)
}

/// A name for a step's checkpoint that no other has: a directory cannot be replaced in one go.
fn free_name(checkpoints: &Path, step: usize) -> Result<PathBuf, TrainError> {
    let newest = list(checkpoints)?
        .into_iter()
        .map(|(number, _)| number)
        .find(|number| number.step == step);
    let name = match newest {
        None => format!("step-{step:08}"),
        Some(number) => format!("step-{step:08}-{}", number.revision + 1),
    };
    Ok(checkpoints.join(name))
}

/// The newest checkpoint that is whole, and those newer than it with what is wrong with them.
///
/// # Errors
/// Where there are checkpoints and none is whole. What a later version wrote, and what could be read at another time or
/// by another user, is no reason to go back to an older one: that is an error, too.
pub(crate) fn newest(checkpoints: &Path) -> Result<(Option<Checkpoint>, Vec<Skipped>), TrainError> {
    let mut skipped = Vec::new();
    let mut first_error = None;
    for (_, path) in list(checkpoints)? {
        match read(&path) {
            Ok(checkpoint) => return Ok((Some(checkpoint), skipped)),
            Err(error) if !is_damage(&error) => return Err(error),
            Err(error) => {
                skipped.push((path, with_causes(&error)));
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok((None, skipped)), Err)
}

/// Whether an error says that the checkpoint is damaged, for good.
fn is_damage(error: &TrainError) -> bool {
    use std::io::ErrorKind;
    /// `EIO`, which has no kind: the disk itself cannot read it.
    const UNREADABLE_SECTOR: i32 = 5;
    match error {
        TrainError::Checkpoint { .. } => true,
        TrainError::Io { source, .. } => {
            let of_damage = [
                ErrorKind::NotFound,
                ErrorKind::InvalidData,
                ErrorKind::IsADirectory,
                ErrorKind::NotADirectory,
            ];
            of_damage.contains(&source.kind())
                || (cfg!(unix) && source.raw_os_error() == Some(UNREADABLE_SECTOR))
        }
        _ => false,
    }
}

fn read(path: &Path) -> Result<Checkpoint, TrainError> {
    let manifest = read_manifest(&path.join(STATE))?;
    let tensors = |name: &str| -> Result<Option<Vec<NamedTensor>>, TrainError> {
        let Some(digest) = manifest.files.get(name) else {
            return Ok(None);
        };
        let file = path.join(name);
        read_tensors(&file, &digest.read(&file)?).map(Some)
    };
    let missing =
        |name: &str| TrainError::checkpoint(path, format!("{name} is not listed in {STATE}"));
    let model = tensors(MODEL)?.ok_or_else(|| missing(MODEL))?;
    let optimizer = tensors(OPTIMIZER)?.ok_or_else(|| missing(OPTIMIZER))?;
    let best = tensors(BEST)?;
    let average = tensors(AVERAGE)?;
    Ok(Checkpoint {
        path: path.to_path_buf(),
        model,
        best,
        average,
        files: manifest.files,
        optimizer: OptimizerState {
            tensors: optimizer,
            counters: manifest.optimizer_counters,
            ranks: manifest.optimizer_ranks,
        },
        progress: manifest.progress,
        epochs: manifest.epochs,
        origin: manifest.origin,
    })
}

fn read_manifest(path: &Path) -> Result<Manifest, TrainError> {
    let file = File::open(path).map_err(TrainError::io("open", path))?;
    let mut text = String::new();
    file.take(MANIFEST_BYTES_LIMIT)
        .read_to_string(&mut text)
        .map_err(TrainError::io("read", path))?;
    parse_manifest(path, &text)
}

/// Understands a manifest's text; `path` is for messages.
fn parse_manifest(path: &Path, text: &str) -> Result<Manifest, TrainError> {
    let damaged = |reason: &str| TrainError::checkpoint(path, reason);
    let (first, rest) = text
        .split_once('\n')
        .ok_or_else(|| damaged("damaged: it has no first line"))?;
    let recorded = first
        .strip_prefix("# sha256 ")
        .ok_or_else(|| damaged("damaged: it does not begin with a SHA-256"))?;
    if recorded != sha256(rest.as_bytes()) {
        return Err(damaged("damaged: its SHA-256 is not the recorded one"));
    }
    let table: toml::Table = rest
        .parse()
        .map_err(|error| TrainError::checkpoint(path, error))?;
    let version = table
        .get("format_version")
        .and_then(toml::Value::as_integer);
    if let Some(found) = version.filter(|&version| version > i64::from(FORMAT_VERSION)) {
        return Err(TrainError::LaterFormat {
            path: path.to_path_buf(),
            found,
            known: FORMAT_VERSION,
        });
    }
    if !version.is_some_and(|version| (1..=i64::from(FORMAT_VERSION)).contains(&version)) {
        let version = version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        return Err(damaged(&format!(
            "format version {version}, this program reads {FORMAT_VERSION}"
        )));
    }
    table
        .try_into()
        .map_err(|error: toml::de::Error| TrainError::checkpoint(path, error))
}

/// Reads a manifest, with and without a sum that fits: what the fuzz target does.
#[cfg(any(test, fuzzing))]
pub fn fuzz_manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let path = Path::new(STATE);
    let _ = parse_manifest(path, text);
    let rest = text.split_once('\n').map_or(text, |(_, rest)| rest);
    let _ = parse_manifest(
        path,
        &format!("# sha256 {}\n{rest}", sha256(rest.as_bytes())),
    );
}

/// What a checkpoint's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    step: usize,
    /// From 1 on among the checkpoints of one step.
    revision: usize,
}

impl Number {
    fn of_name(name: &str) -> Option<Self> {
        let digits = name.strip_prefix("step-")?;
        let (step, revision) = match digits.split_once('-') {
            Some((step, revision)) => (step, revision.parse().ok()?),
            None => (digits, 1),
        };
        Some(Self {
            step: step.parse().ok()?,
            revision,
        })
    }
}

/// Checkpoints by step, the newest first.
fn list(checkpoints: &Path) -> Result<Vec<(Number, PathBuf)>, TrainError> {
    let entries = match fs::read_dir(checkpoints) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(TrainError::Io {
                action: "read",
                path: checkpoints.to_path_buf(),
                source,
            });
        }
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(TrainError::io("read", checkpoints))?;
        if let Some(number) = entry.file_name().to_str().and_then(Number::of_name) {
            found.push((number, entry.path()));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Copies a file in place of whatever has the name. A link would tie a checkpoint to a file that anybody may write to.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), TrainError> {
    let content = fs::read(from).map_err(TrainError::io("read", from))?;
    write_atomically(to, |file| file.write_all(&content)).map_err(TrainError::io("write", to))
}

#[cfg(test)]
mod tests;
