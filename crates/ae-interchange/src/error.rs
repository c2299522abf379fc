//! What can be wrong with an export or an import.

use std::io;
use std::path::{Path, PathBuf};

use ae_models::ModelError;

/// An error of this crate. A message says what is wrong with what; those about a file name it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InterchangeError {
    /// A kind of model that does not say what it computes.
    #[error("a model of kind {kind} cannot be exported: the kind does not describe its inference")]
    NotDescribed {
        /// The kind.
        kind: String,
    },

    /// A kind of model that says something wrong of what it computes.
    #[error("a model of kind {kind} cannot be exported: {reason}")]
    Description {
        /// The kind.
        kind: String,
        /// What is wrong.
        reason: String,
    },

    /// A half of a model that has no code between two.
    #[error("a model of kind {kind} has no codes, and so no {half}")]
    NoHalves {
        /// The kind.
        kind: String,
        /// What was asked for: `encoder`, `decoder`.
        half: &'static str,
    },

    /// A model or its configuration that is wrong in itself.
    #[error(transparent)]
    Model(#[from] ModelError),

    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted: `read`, `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },

    /// A configuration file that does not say which model weights are of.
    #[error("{}: {reason}", path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file of weights that cannot be read, or whose weights are not the model's.
    #[error("{}: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// A file that is no weights in a form that is read here, but perhaps in one that PyTorch reads.
    #[error("{}: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What it is, or isn't.
        reason: String,
    },
}

impl InterchangeError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    pub(crate) fn weights(path: &Path, reason: impl Into<String>) -> Self {
        Self::Weights {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn configuration(path: &Path, reason: impl Into<String>) -> Self {
        Self::Configuration {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn form(path: &Path, reason: impl Into<String>) -> Self {
        Self::Form {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}
