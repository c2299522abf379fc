//! Noise: what a denoising autoencoder is asked to take away again.
//!
//! Strengths are in pixel units, where 1.0 is the full range from black to white.

mod chain;
mod draw;
mod kind;
mod kinds;
mod normal;
mod parse;

pub use chain::{Noise, NoiseChain, Strength};
pub use draw::NoiseDraw;
pub use kind::NoiseKind;
pub use parse::read_strength;

#[cfg(test)]
mod tests;
