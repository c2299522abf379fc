//! Models as ONNX files.

mod messages;
mod nodes;
pub(crate) mod write;
