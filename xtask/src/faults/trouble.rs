//! Why a case does not pass, or none can be tried.

use std::io;
use std::path::{Path, PathBuf};

/// Why the cases could not be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultsError {
    /// A file of the harness itself.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `ae` could not be built, or does not do what everything starts from.
    #[error("{0}")]
    Unusable(String),
}

impl FaultsError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

/// Why a case did not pass.
pub(super) enum Trouble {
    /// Something was not as promised.
    Failed(String),
    /// It could not be tried here.
    Skipped(String),
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// Says which place of a sweep it was.
pub(super) fn at(trouble: Trouble, place: &str) -> Trouble {
    match trouble {
        Trouble::Failed(reason) => Trouble::Failed(format!("{place}: {reason}")),
        skipped => skipped,
    }
}

/// A file of the harness itself.
pub(super) fn broken(path: &Path) -> impl FnOnce(io::Error) -> Trouble {
    let path = path.to_owned();
    move |error| Trouble::Failed(format!("harness: {}: {error}", path.display()))
}
