//! The codec `transform`: symbols that an autoencoder has made of images, by tables that their neighbors choose.
//!
//! The autoencoder is not here: from images to symbols and back it computes in floats. From symbols to bytes and back there are
//! integers alone.

pub(crate) mod channel_tables;
mod codec;
pub(crate) mod coding;
mod file;
mod measuring;
pub(crate) mod predictor;
mod quantization;
pub(crate) mod symbol_table;
pub(crate) mod tables;

pub use codec::TransformCoder;
pub use tables::{CodeShape, TransformTables};
