//! Tables of indices as what codes a container's chunks.

use super::coding;
use super::tables::IndexTables;
use crate::container::{ChunkCodec, Codec};
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

/// Codes the indices of images: what stands for an image in its container are the digits of its indices, a byte each, as
/// [`IndexCode`](crate::IndexCode) has them.
#[derive(Debug, Clone, Copy)]
pub struct IndexCoder<'t> {
    tables: &'t IndexTables,
}

impl IndexTables {
    /// What codes by them.
    #[must_use]
    pub fn coder(&self) -> IndexCoder<'_> {
        IndexCoder { tables: self }
    }
}

/// Encoding panics where a digit has no such value.
impl ChunkCodec for IndexCoder<'_> {
    fn codec(&self) -> Codec {
        Codec::Indices {
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

    /// Whether each digit has such a value.
    fn is_possible(&self, images: &[u8]) -> bool {
        self.tables.code.indices_of(images).is_some()
    }

    fn encode(&self, images: &[u8], _shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        let code = &self.tables.code;
        assert!(images.len().is_multiple_of(code.symbols()), "whole images");
        coding::encode(code, &self.tables.trees, images)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], _near: Near) -> Vec<u8> {
        coding::decode(&self.tables.code, &self.tables.trees, bytes, shapes.len())
    }
}
