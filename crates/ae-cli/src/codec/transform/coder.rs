//! What codes symbols at one quality, of images of one shape or of pictures of any sizes.

use ae_codec::{ChunkCodec, IndexCoder, LossyTables, PictureTransformCoder, TransformCoder};

/// A quality's tables as what codes chunks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LossyCoder<'t> {
    /// Of images of one shape.
    Images(TransformCoder<'t>),
    /// Of pictures of any sizes.
    Pictures(PictureTransformCoder<'t>),
    /// Of indices of codewords, which have one quality.
    Indices(IndexCoder<'t>),
}

impl<'t> LossyCoder<'t> {
    /// What codes at a quality, counted from 1; nothing where there is no such.
    pub(crate) fn new(tables: &'t LossyTables, quality: usize) -> Option<Self> {
        match tables {
            LossyTables::Images(tables) => tables.coder(quality).map(Self::Images),
            LossyTables::Pictures(tables) => tables.coder(quality).map(Self::Pictures),
            LossyTables::Indices(tables) => (quality == 1).then(|| Self::Indices(tables.coder())),
            // Of a later version of the crate.
            _ => None,
        }
    }

    /// The quality, counted from 1.
    pub(crate) fn quality(&self) -> usize {
        match self {
            Self::Images(coder) => coder.quality(),
            Self::Pictures(coder) => coder.quality(),
            Self::Indices(_) => 1,
        }
    }

    /// The same as the container's reader and writer take it.
    pub(crate) fn codec(&self) -> &dyn ChunkCodec {
        match self {
            Self::Images(coder) => coder,
            Self::Pictures(coder) => coder,
            Self::Indices(coder) => coder,
        }
    }
}
