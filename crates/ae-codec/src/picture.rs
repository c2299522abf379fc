//! The codec `picture`: for gray pictures of any sizes a prediction that adapts, a network that tells how it will be wrong,
//! and a range coder for the rest.

pub(crate) mod canvas;
mod codec;
mod coding;
pub(crate) mod context;
mod file;
pub(crate) mod least_squares;
pub(crate) mod mixture;
pub(crate) mod model;
pub(crate) mod network;

pub(crate) use file::VERSION;
pub use model::PictureModel;
