//! Why the service does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ae_infer::InferError;

/// Why the service does not start, or ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened at: the port is taken, for one.
    #[error("cannot listen at {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Threads or signal handlers cannot be had.
    #[error("cannot start the service")]
    Start(#[source] io::Error),
    /// Two models or runs of one name, which addresses could not tell apart.
    #[error("{}: {name} is the name of {}, too", path.display(), other.display())]
    DuplicateName {
        /// The second.
        path: PathBuf,
        /// What both are called.
        name: String,
        /// The first.
        other: PathBuf,
    },
    /// A path that has no name of its own, or one that is no text.
    #[error("{}: no name to call it by", path.display())]
    Unnamed {
        /// The path.
        path: PathBuf,
    },
    /// A token that is no secret, or cannot be sent in a header.
    #[error("{origin}: {reason}")]
    Token {
        /// Where it was read from.
        origin: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A model cannot be opened.
    #[error(transparent)]
    Infer(#[from] InferError),
}
