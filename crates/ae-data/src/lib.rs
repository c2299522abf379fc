#![doc = include_str!("../README.md")]

mod error;
mod image;
mod noise;
mod picture;
mod set;
mod sources;
#[cfg(test)]
mod test_images;

pub use error::DataError;
pub use image::{Channels, Fit, Image, ImageLimits, ImageOptions, ImageShape, Size};
pub use noise::{Noise, NoiseChain, NoiseDraw, NoiseKind, Strength, read_strength};
pub use picture::{
    JpegCoding, Loss, Page, PictureFormat, PictureMetadata, PictureReader, PictureWriter,
    PngColors, Resolution, ResolutionUnit, Samples, ValueRange, Written, split_page,
    writable_extensions,
};
pub use set::{
    Binarization, ClassCount, Dataset, DatasetInfo, Division, ImageSet, Images, Layout, LeftAside,
    MaskFiles, Part, SetFingerprint, SetImage, SetInfo, Skipped, Split, SplitOptions,
};
pub use sources::{
    OpenOptions, PictureFiles, ShardFile, ShardIndex, SourceKind, StackFormat, Streaming, glyphs,
    index_shard, lines, npy_header, open, pack_shard, picture_files, shard_name, shards,
    source_kinds, streamed_archives, unpack_shard, write_idx, write_shard,
};
