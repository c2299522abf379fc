//! What codes the chunks of a container.

use std::fmt::Debug;

use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

/// The codec of a container, and what it has in the header besides its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Levels of gray, coded by a [`PixelModel`](crate::PixelModel): number 1.
    Pixel,
    /// Symbols of an autoencoder, coded by [`TransformTables`](crate::TransformTables): number 2.
    Transform {
        /// The quality that they are of, counted from 1.
        quality: u8,
        /// Symbols that stand for an image, a byte each; at least 1.
        symbols: usize,
    },
    /// Levels of gray of pictures of any sizes, coded by a [`PictureModel`](crate::PictureModel): number 3.
    Picture,
    /// Digits of the indices of an autoencoder's codewords, coded by [`IndexTables`](crate::IndexTables): number 4.
    Indices {
        /// Digits that stand for an image, a byte each; at least 1.
        symbols: usize,
    },
    /// Symbols of an autoencoder of pictures of any sizes, coded by
    /// [`PictureTransformTables`](crate::PictureTransformTables): number 5.
    PictureTransform {
        /// The quality that they are of, counted from 1.
        quality: u8,
    },
}

impl Codec {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pixel => "pixel",
            Self::Transform { .. } => "transform",
            Self::Picture => "picture",
            Self::Indices { .. } => "indices",
            Self::PictureTransform { .. } => "picture-transform",
        }
    }

    /// The number that it has in a header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Pixel => 1,
            Self::Transform { .. } => 2,
            Self::Picture => 3,
            Self::Indices { .. } => 4,
            Self::PictureTransform { .. } => 5,
        }
    }
}

/// What codes the images of a chunk as bytes, in integers alone: one of these is the model of an
/// [`Encoder`](crate::Encoder) and a [`Decoder`](crate::Decoder).
///
/// What stands for an image between it and the container is a number of bytes that its shape tells: the levels of its pixels
/// for [`Codec::Pixel`] and [`Codec::Picture`], its symbols for [`Codec::Transform`] and [`Codec::PictureTransform`], digits of
/// indices for [`Codec::Indices`], whose images are computed from them outside, in floats.
pub trait ChunkCodec: Debug + Sync {
    /// What the header says of it.
    fn codec(&self) -> Codec;

    /// What names its model.
    fn hash(&self) -> ModelHash;

    /// The shape of all images; nothing where each has its own.
    fn shape(&self) -> Option<ImageShape>;

    /// The bytes that stand for an image.
    fn bytes_of_image(&self, shape: ImageShape) -> usize;

    /// The memory that an image takes while it is coded.
    fn working_bytes(&self, shape: ImageShape) -> usize;

    /// Whether bytes that were not coded may stand for images; those of pixels always do.
    fn is_possible(&self, images: &[u8]) -> bool {
        let _ = images;
        true
    }

    /// The coded bytes of images of these shapes, which are [`shape`](Self::shape) where there is one: `images` has the bytes
    /// of one after the other, and each byte is within `near` of what will be decoded.
    ///
    /// # Panics
    /// If `images` isn't as many bytes as the shapes say.
    fn encode(&self, images: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8>;

    /// The images of these shapes, one after the other, for which `bytes` stand. Bytes that no encoder wrote give some images
    /// or other.
    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8>;
}
