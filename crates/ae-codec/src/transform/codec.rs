//! The tables of one quality as what codes a container's chunks.

use super::channel_tables::ChannelTables;
use super::coding;
use super::tables::{CodeShape, TransformTables};
use crate::container::{ChunkCodec, Codec};
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

/// Codes the symbols of images at one quality: what stands for an image in its container are its symbols, a byte each.
#[derive(Debug, Clone, Copy)]
pub struct TransformCoder<'t> {
    tables: &'t TransformTables,
    /// Counted from 0.
    quality: u8,
}

impl TransformTables {
    /// What codes at a quality, counted from 1; nothing where there is no such.
    #[must_use]
    pub fn coder(&self, quality: usize) -> Option<TransformCoder<'_>> {
        let index = quality.checked_sub(1)?;
        let is_there = index < self.qualities();
        let quality = u8::try_from(index).ok().filter(|_| is_there)?;
        Some(TransformCoder {
            tables: self,
            quality,
        })
    }
}

impl TransformCoder<'_> {
    /// The quality, counted from 1.
    #[must_use]
    pub fn quality(&self) -> usize {
        usize::from(self.quality) + 1
    }

    /// The shape of a code, and the tables of its channels.
    pub(super) fn code_and_tables(&self) -> (CodeShape, &[ChannelTables]) {
        let quality = usize::from(self.quality);
        (self.tables.code, &self.tables.qualities[quality])
    }
}

impl ChunkCodec for TransformCoder<'_> {
    fn codec(&self) -> Codec {
        Codec::Transform {
            quality: self.quality + 1,
            symbols: self.tables.code.symbols(),
        }
    }

    fn hash(&self) -> ModelHash {
        self.tables.hash
    }

    fn shape(&self) -> Option<ImageShape> {
        Some(self.tables.shape)
    }

    fn bytes_of_image(&self, _shape: ImageShape) -> usize {
        self.tables.code.symbols()
    }

    fn working_bytes(&self, shape: ImageShape) -> usize {
        self.bytes_of_image(shape)
    }

    fn encode(&self, images: &[u8], _shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        let (code, tables) = self.code_and_tables();
        assert!(images.len().is_multiple_of(code.symbols()), "whole images");
        coding::encode(code, tables, images)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        let (code, tables) = self.code_and_tables();
        coding::decode(code, tables, bytes, shapes.len())
    }
}
