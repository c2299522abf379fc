//! Models as PyTorch modules.

mod class;
mod forward;
mod layers;
pub(crate) mod write;
