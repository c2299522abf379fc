//! What can be wrong with a model's configuration or its file.

use std::io;
use std::path::{Path, PathBuf};

/// An error of this crate. A message says what is wrong with what; those about a file name it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A configuration that describes no model.
    #[error("{field}: {reason}")]
    Config {
        /// The setting at fault, as it is written in a configuration file: `widths`, `latent`, `input_shape`.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },

    /// A setting that was given beside a configuration and does not go with it.
    #[error("{name}: {reason}")]
    Setting {
        /// The setting, as its kind lists it: `beta-schedule`.
        name: String,
        /// What is wrong with it.
        reason: String,
    },

    /// A name that stands for nothing here.
    #[error("unknown {what} `{found}`: expected one of {known}")]
    UnknownName {
        /// What was to be named.
        what: &'static str,
        /// What was found.
        found: String,
        /// The names there are.
        known: String,
    },

    /// Tensors that are not the model's.
    #[error("tensor {name}: {reason}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A file that is not a model file of this library, or a damaged one.
    #[error("cannot load {}: {field}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The part of the file at fault: `file`, `header`, a metadata key, a tensor's name.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ModelError {
    /// A configuration that describes no model: the setting at fault, and what is wrong with it.
    #[must_use]
    pub fn config(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Config {
            field,
            reason: reason.into(),
        }
    }

    /// A setting that was given as text and does not do: its name, and what is wrong with it.
    #[must_use]
    pub fn setting(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting {
            name: name.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn unknown(
        what: &'static str,
        found: impl Into<String>,
        known: impl Into<String>,
    ) -> Self {
        Self::UnknownName {
            what,
            found: found.into(),
            known: known.into(),
        }
    }

    pub(crate) fn tensor(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Tensor {
            name: name.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn file(path: &Path, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::File {
            path: path.to_owned(),
            field: field.into(),
            reason: reason.into(),
        }
    }
}
