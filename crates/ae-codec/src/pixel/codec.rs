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

    fn shape(&self) -> ImageShape {
        self.shape()
    }

    fn bytes_of_image(&self) -> usize {
        self.shape().pixels()
    }

    fn working_bytes(&self) -> usize {
        self.bytes_with_border()
    }

    fn encode(&self, images: &[u8], near: Near) -> Vec<u8> {
        self.encode_images(images, near)
    }

    fn decode(&self, bytes: &[u8], count: usize, near: Near) -> Vec<u8> {
        self.decode_images(bytes, count, near)
    }
}
