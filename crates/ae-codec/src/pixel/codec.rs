//! The model as what codes a container's chunks.

use super::distribution::Near;
use super::model::{ModelHash, PixelModel};
use crate::container::{ChunkCodec, Codec};
use crate::shape::ImageShape;

impl ChunkCodec for PixelModel {
    fn codec(&self) -> Codec {
        Codec::Pixel
    }

    fn hash(&self) -> ModelHash {
        self.hash()
    }

    fn shape(&self) -> Option<ImageShape> {
        Some(self.shape())
    }

    fn bytes_of_image(&self, shape: ImageShape) -> usize {
        shape.pixels()
    }

    fn working_bytes(&self, _shape: ImageShape) -> usize {
        self.bytes_with_border()
    }

    fn encode(&self, images: &[u8], _shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.encode_images(images, near)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.decode_images(bytes, shapes.len(), near)
    }
}
