//! `cargo xtask download`: fetches data sets, checks them and moves them into place.
//!
//! A set is collected under `.partial/NAME` beside its final folder and gets its final name in one
//! rename, after the length and the SHA-256 of every file are right. What is there already is
//! resumed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ae_files::move_folder;
use sha2::{Digest, Sha256};

use crate::sources::{DataSet, Sha256Sum, SourceFile};

mod transfer;

pub use transfer::AttemptError;

/// How patient a download is.
#[derive(Debug, Clone)]
pub struct DownloadOptions {
    /// How long a server may take to answer or send nothing. Less than 1 KiB a second over this
    /// time is a stall too.
    pub stall: Duration,
    /// How long a connection may take.
    pub connect: Duration,
    /// Pause before the second attempt; before each further one it is twice as long.
    pub pause: Duration,
    /// Attempts without progress before giving up, all mirrors together.
    pub attempts: u32,
    /// Whether the usual environment variables may name a proxy.
    pub proxy: bool,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(30),
            connect: Duration::from_secs(15),
            pause: Duration::from_secs(1),
            attempts: 6,
            proxy: true,
        }
    }
}

/// Hears how a download goes.
pub trait Report {
    /// A file of so many bytes is next.
    fn file(&mut self, name: &str, bytes: u64);
    /// So many bytes of the file are there.
    fn position(&mut self, bytes: u64);
    /// Something worth a line of text happened.
    fn note(&mut self, text: &str);
}

/// Why a data set could not be downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// The disk refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Disk {
        /// What was tried: `write`, `create`, `move` and so on.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Another process downloads the same set.
    #[error("{} is locked: another download of this data set is running", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// The final folder holds something else, which is left alone.
    #[error("{} {problem}: move the folder away and download again", path.display())]
    Occupied {
        /// The file that is missing or wrong.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Every mirror failed, again and again.
    #[error("cannot download {file}: {attempts} attempts failed, the last because {last}")]
    Exhausted {
        /// The file.
        file: String,
        /// Attempts without progress.
        attempts: u32,
        /// What the last one met.
        last: Box<AttemptError>,
    },
}

impl DownloadError {
    fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk {
            action,
            path,
            source,
        }
    }
}

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

/// The SHA-256 of what is left to read.
fn sha256(content: &mut impl Read) -> io::Result<Sha256Sum> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => return Ok(Sha256Sum(hash.finalize().into())),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's examples.
    #[test]
    fn sums_are_those_of_the_standard() {
        for (text, expected) in [
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ] {
            let found = sha256(&mut text.as_bytes()).unwrap();
            assert_eq!(found.to_string(), expected, "{text:?}");
        }
    }
}
