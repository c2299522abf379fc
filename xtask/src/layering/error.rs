//! Why the check cannot be made.

use std::io;
use std::path::{Path, PathBuf};

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayeringError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest is no TOML.
    #[error("cannot parse {}: {source}", path.display())]
    Parse {
        /// The manifest.
        path: PathBuf,
        /// The reason.
        source: Box<toml::de::Error>,
    },
    /// The architecture page has no table, or one of another form.
    #[error("{}: {reason}", path.display())]
    Table {
        /// The page.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl LayeringError {
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}
