#![doc = include_str!("../README.md")]

mod archive;
mod atomic;
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
mod random;
mod set;
mod shape;
mod source;
mod split;
#[cfg(test)]
mod test_images;

pub use atomic::{create_folder, write_atomically};
pub use binarization::Binarization;
pub use dataset::{Dataset, Skipped};
pub use error::DataError;
pub use idx::write_idx;
pub use image::{Image, ImageLimits, ImageOptions};
pub use info::{ClassCount, DatasetInfo, SetInfo};
pub use noise::{Noise, NoiseChain, NoiseDraw, NoiseKind, Strength};
pub use random::{
    Draw, Purpose, fill_standard_normal, permutation, standard_normal, uniform, uniform_below,
    uniform_f64,
};
pub use set::ImageSet;
pub use shape::{Channels, Fit, ImageShape, Size};
pub use source::{OpenOptions, open};
pub use split::{Split, SplitOptions};
