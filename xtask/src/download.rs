//! `cargo xtask download`: fetches data sets, checks them and moves them into place.
//!
//! A set is collected under `.partial/NAME` beside its final folder and gets its final name in one
//! rename, after the length and the SHA-256 of every file are right. What is there already is
//! resumed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ae_files::move_folder;

use crate::sources::{DataSet, SourceFile};

mod error;
mod options;
mod sum;
mod transfer;

pub use error::{AttemptError, DownloadError};
pub use options::{DownloadOptions, Report};

use sum::sha256;

/// Downloads a data set into `downloads/NAME` and returns that folder.
///
/// A set that is already there is checked and left as it is.
///
/// # Errors
/// See [`DownloadError`]. What was fetched until then is kept for the next time.
pub fn download(
    set: &DataSet,
    downloads: &Path,
    options: &DownloadOptions,
    report: &mut dyn Report,
) -> Result<PathBuf, DownloadError> {
    let folder = downloads.join(&set.name);
    if folder.exists() {
        check_present(set, &folder)?;
        report.note(&format!("{} is already there and intact", set.name));
        return Ok(folder);
    }
    let collected = downloads.join(".partial");
    let partial = collected.join(&set.name);
    fs::create_dir_all(&partial).map_err(DownloadError::disk("create", &partial))?;
    let _lock = lock(&collected.join(format!("{}.lock", set.name)))?;

    let client = transfer::Client::new(options);
    for file in &set.files {
        client.fetch(file, &set.mirrors, &partial.join(&file.name), report)?;
    }
    move_folder(&partial, &folder).map_err(DownloadError::disk("move", &partial))?;
    Ok(folder)
}

/// A lock that ends with the process, however that ends.
fn lock(path: &Path) -> Result<File, DownloadError> {
    let file = File::create(path).map_err(DownloadError::disk("create", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(DownloadError::Locked {
            path: path.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(DownloadError::disk("lock", path)(source)),
    }
}

fn check_present(set: &DataSet, folder: &Path) -> Result<(), DownloadError> {
    for file in &set.files {
        let path = folder.join(&file.name);
        let problem = match File::open(&path) {
            Ok(mut content) => {
                mismatch(&mut content, file).map_err(DownloadError::disk("read", &path))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some("is missing".to_owned()),
            Err(source) => return Err(DownloadError::disk("read", &path)(source)),
        };
        if let Some(problem) = problem {
            return Err(DownloadError::Occupied { path, problem });
        }
    }
    Ok(())
}

/// What keeps a file from being the one the sources describe.
fn mismatch(content: &mut File, expected: &SourceFile) -> io::Result<Option<String>> {
    let bytes = content.metadata()?.len();
    if bytes != expected.bytes {
        return Ok(Some(format!("has {bytes} bytes, not {}", expected.bytes)));
    }
    let sum = sha256(content)?;
    Ok((sum != expected.sha256).then(|| format!("has SHA-256 {sum}, not {}", expected.sha256)))
}
