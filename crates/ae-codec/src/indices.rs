//! The codec `indices`: indices of an autoencoder's codewords, by tables that those around them choose.
//!
//! The autoencoder is not here: from images to indices and back it computes in floats. From indices to bytes and back there are
//! integers alone.

mod code;
mod codec;
mod coding;
mod file;
mod measuring;
mod similarity;
mod tables;
mod tree;

pub use code::IndexCode;
pub use codec::IndexCoder;
pub use tables::IndexTables;
