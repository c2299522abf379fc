//! Why no letters could be drawn.

use std::io;
use std::path::{Path, PathBuf};

use ae_data::DataError;

/// Why no letters could be drawn. Fonts that cannot be used are no error while there are others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GlyphError {
    /// A source that does not exist.
    #[error("{}: no such file or folder", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file or folder that the operating system does not let be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No font has letters to give.
    #[error("no letters in {}", path.display())]
    NoLetters {
        /// The first of the sources.
        path: PathBuf,
    },
    /// The set of letters cannot be made.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl GlyphError {
    /// For `map_err` on a failed read.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}
