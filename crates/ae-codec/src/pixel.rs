//! The codec `pixel`: an integer network tells the levels' frequencies from what is decoded, a range coder does the rest.

pub(crate) mod chunk;
mod codec;
pub(crate) mod context;
pub(crate) mod distribution;
mod file;
mod glyphs;
pub(crate) mod layer;
pub(crate) mod model;
pub(crate) mod network;

pub use distribution::Near;
pub(crate) use file::VERSION;
pub use model::{ModelHash, PixelModel};
