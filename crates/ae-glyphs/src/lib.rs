#![doc = include_str!("../README.md")]

mod error;
mod face;
mod files;
mod font;
mod names;
mod options;
mod raster;
mod recognize;
mod render;
mod select;

pub use error::GlyphError;
pub use face::GlyphFace;
pub use options::{GlyphOptions, Recognition};
pub use render::{Glyphs, render_fonts};

#[cfg(test)]
mod tests;
