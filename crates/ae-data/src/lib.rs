#![doc = include_str!("../README.md")]

mod archive;
mod binarization;
mod collect;
mod convert;
mod dataset;
mod digest;
mod error;
mod folder;
pub mod glyphs;
mod idx;
mod image;
mod info;
mod layout;
pub mod lines;
mod mapped;
mod noise;
mod set;
mod shape;
mod source;
mod split;
#[cfg(test)]
mod test_images;

pub use binarization::Binarization;
pub use dataset::{Dataset, Skipped};
pub use error::DataError;
pub use idx::write_idx;
pub use image::{Image, ImageLimits, ImageOptions};
pub use info::{ClassCount, DatasetInfo, SetInfo};
pub use noise::{Noise, NoiseChain, NoiseDraw, NoiseKind, Strength};
pub use set::ImageSet;
pub use shape::{Channels, Fit, ImageShape, Size};
pub use source::{OpenOptions, open};
pub use split::{Split, SplitOptions};
