//! Files that a set does without.

use serde::{Deserialize, Serialize};

/// A file that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The file's path, relative to the folder or archive.
    pub file: String,
    /// The reason, as a lowercase fragment.
    pub reason: String,
}
