//! Denoising from one noisy picture alone.

pub(crate) mod denoiser;
mod network;
mod objective;
pub(crate) mod pair;
mod tiles;
mod windows;
