//! What can be wrong with the glyphs.

use std::io;
use std::path::PathBuf;

use ae_data::DataError;
use ae_glyphs::GlyphError;
use thiserror::Error;

/// Why the glyphs could not be made, or are not what they should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GlyphsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The list of packages is not what it should be.
    #[error("cannot read {}: {source}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// The cause.
        source: toml::de::Error,
    },
    /// Debian's package manager cannot be asked.
    #[error("cannot run dpkg-query, which says which fonts are installed: {0}")]
    Dpkg(io::Error),
    /// Packages are not installed.
    #[error(
        "{} of {total} font packages are not installed: {}; apt-get install --no-install-recommends takes them",
        names.len(), names.join(" ")
    )]
    Missing {
        /// Those that are not installed.
        names: Vec<String>,
        /// How many there should be.
        total: usize,
    },
    /// Other versions are installed than those the set was drawn from.
    #[error("other versions are installed than those the set was drawn from: {}", .0.join(", "))]
    Versions(Vec<String>),
    /// What is drawn is not what is there.
    #[error("the fonts give another set than {}: {differences}", folder.display())]
    Differs {
        /// Where the set is.
        folder: PathBuf,
        /// What differs.
        differences: String,
    },
    /// The letters cannot be drawn.
    #[error(transparent)]
    Drawing(#[from] GlyphError),
    /// The set cannot be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
}
