//! What can go wrong in a download.

use std::io;
use std::path::{Path, PathBuf};

use ureq::http::StatusCode;

use crate::sources::Sha256Sum;

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
    pub(super) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk {
            action,
            path,
            source,
        }
    }
}

/// What went wrong in one attempt; another may fare better.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// No connection, or no sensible answer.
    #[error("the request failed: {0}")]
    Request(#[source] Box<ureq::Error>),
    /// A status other than 200 and 206.
    #[error("the server answered with status {0}")]
    Status(StatusCode),
    /// A page where the file should be: a login, an apology, a parked domain.
    #[error("the server sent {0}, not the file")]
    Page(String),
    /// The announced length is not the file's.
    #[error("the server announced {found} bytes instead of {expected}")]
    Length {
        /// Bytes that were missing.
        expected: u64,
        /// Bytes announced.
        found: u64,
    },
    /// The answer to a request for the rest is about another part or another file.
    #[error("the server sent range {found:?} when asked for the bytes from {from} of {bytes}")]
    Range {
        /// First byte asked for.
        from: u64,
        /// Length of the whole file.
        bytes: u64,
        /// The answer's `Content-Range`.
        found: String,
    },
    /// More bytes than the file has.
    #[error("the server sent more than {bytes} bytes")]
    TooLong {
        /// Length of the whole file.
        bytes: u64,
    },
    /// The connection ended or failed before the file did.
    #[error("the connection broke off after {position} of {bytes} bytes{}", because(source.as_ref()))]
    BrokenOff {
        /// Bytes there, earlier attempts included.
        position: u64,
        /// Length of the whole file.
        bytes: u64,
        /// The reason, where there is one.
        source: Option<io::Error>,
    },
    /// Nothing came, or next to nothing.
    #[error("the server stalled after {position} of {bytes} bytes")]
    Stalled {
        /// Bytes there, earlier attempts included.
        position: u64,
        /// Length of the whole file.
        bytes: u64,
    },
    /// All bytes, but not the right ones.
    #[error("the content's SHA-256 is {found} instead of {expected}")]
    Sum {
        /// The file's sum.
        expected: Sha256Sum,
        /// The content's.
        found: Sha256Sum,
    },
}

fn because(source: Option<&io::Error>) -> String {
    source.map_or_else(String::new, |source| format!(": {source}"))
}
