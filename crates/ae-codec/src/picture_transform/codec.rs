//! The tables of one quality as what codes a container's chunks.

use super::coding;
use super::tables::{Layout, PictureTransformTables};
use crate::container::{ChunkCodec, Codec};
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;
use crate::transform::channel_tables::ChannelTables;

/// Codes the symbols of pictures at one quality: what stands for a picture in its container are its symbols, a byte each,
/// `[rows, columns, channels]`.
#[derive(Debug, Clone, Copy)]
pub struct PictureTransformCoder<'t> {
    tables: &'t PictureTransformTables,
    /// Counted from 0.
    quality: u8,
}

impl PictureTransformTables {
    /// What codes at a quality, counted from 1; nothing where there is no such.
    #[must_use]
    pub fn coder(&self, quality: usize) -> Option<PictureTransformCoder<'_>> {
        let index = quality.checked_sub(1)?;
        let is_there = index < self.qualities();
        let quality = u8::try_from(index).ok().filter(|_| is_there)?;
        Some(PictureTransformCoder {
            tables: self,
            quality,
        })
    }
}

impl PictureTransformCoder<'_> {
    /// The quality, counted from 1.
    #[must_use]
    pub fn quality(&self) -> usize {
        usize::from(self.quality) + 1
    }

    pub(super) fn layout(&self) -> Layout {
        self.tables.layout
    }

    pub(super) fn channels(&self) -> &[ChannelTables] {
        &self.tables.qualities[usize::from(self.quality)]
    }
}

impl ChunkCodec for PictureTransformCoder<'_> {
    fn codec(&self) -> Codec {
        Codec::PictureTransform {
            quality: self.quality + 1,
        }
    }

    fn hash(&self) -> ModelHash {
        self.tables.hash
    }

    fn shape(&self) -> Option<ImageShape> {
        None
    }

    fn bytes_of_image(&self, shape: ImageShape) -> usize {
        self.tables.layout.symbols(shape)
    }

    /// The symbols, and the pixels that they become.
    fn working_bytes(&self, shape: ImageShape) -> usize {
        self.bytes_of_image(shape).saturating_add(shape.pixels())
    }

    fn encode(&self, images: &[u8], shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        let symbols = shapes.iter().map(|&shape| self.bytes_of_image(shape));
        let expected: usize = symbols.sum();
        assert_eq!(images.len(), expected, "as many symbols as the shapes say");
        coding::encode(self.tables.layout, self.channels(), images, shapes)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        coding::decode(self.tables.layout, self.channels(), bytes, shapes)
    }
}
