//! The codec `transform` for pictures of any sizes: symbols that an autoencoder has made of blocks of pixels, each by what
//! those around it say of it.
//!
//! The autoencoder is not here: from pictures to symbols and back it computes in floats. From symbols to bytes and back there
//! are integers alone.

mod codec;
mod coding;
mod file;
mod measuring;
mod quantization;
mod regression;
mod tables;

pub use codec::PictureTransformCoder;
pub use tables::{PictureSymbols, PictureTransformTables};
