//! NumPy's `.npy` files: the part of the format that codes and pixels need.
//!
//! A file is the eight bytes `\x93NUMPY\x01\x00`, the header's length as a little-endian `u16`, the
//! header (a Python dictionary with `descr`, `fortran_order` and `shape`, padded with spaces and
//! ended by a line feed so that the numbers begin at a multiple of 64 bytes), then the numbers, the
//! last axis varying fastest. Version 2 has a `u32` length. We write version 1; files of codes have
//! little-endian `float32`, and versions 1 to 3 with little-endian `float32` or `float64` are read.
//!
//! # References
//! NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays"; `numpy.lib.format`.

mod header;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::path::PathBuf;

pub use self::header::{NpyHeader, NpyNumber};
pub use self::read::NpyReader;
pub use self::write::{NpyRows, write_npy};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// What is wrong with an `.npy` file that was to be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The operating system refuses.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file isn't what it claims to be.
    #[error("cannot read {}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}
