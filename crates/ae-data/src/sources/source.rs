//! What a source is: a set that is known by its name, or a format that is known by its content.

use std::path::PathBuf;

use crate::error::DataError;
use crate::set::Dataset;
use crate::sources::options::OpenOptions;
use crate::sources::place::Place;

/// A set that is asked for by name.
pub(crate) trait NamedSet: Sync {
    /// The name.
    fn name(&self) -> &'static str;

    /// What is in it, in a few words.
    fn summary(&self) -> &'static str;

    /// Makes it, or says where it lies.
    fn find(&self, options: &OpenOptions) -> Result<Found, DataError>;
}

/// What a name stands for.
pub(crate) enum Found {
    /// A set that is built in.
    Set(Box<Dataset>),
    /// A set of that name at a path, in one of the formats.
    Path(PathBuf),
}

/// A way in which images lie on the disk.
pub(crate) trait Format: Sync {
    /// What a file or folder of this kind is called, with its article.
    fn title(&self) -> &'static str;

    /// What becomes of it, in a few words.
    fn summary(&self) -> &'static str;

    /// Whether a file or folder is of this kind; asked in the order of the list.
    fn recognizes(&self, place: &Place<'_>) -> Result<bool, DataError>;

    /// Opens a file or folder that is of this kind.
    fn open(&self, place: &Place<'_>, options: &OpenOptions) -> Result<Dataset, DataError>;
}
