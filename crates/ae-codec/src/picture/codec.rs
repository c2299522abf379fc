//! The model as what codes a container's chunks.

use super::model::PictureModel;
use crate::container::{ChunkCodec, Codec};
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

impl ChunkCodec for PictureModel {
    fn codec(&self) -> Codec {
        Codec::Picture
    }

    fn hash(&self) -> ModelHash {
        self.hash()
    }

    fn shape(&self) -> Option<ImageShape> {
        None
    }

    fn bytes_of_image(&self, shape: ImageShape) -> usize {
        shape.pixels()
    }

    fn working_bytes(&self, shape: ImageShape) -> usize {
        Self::bytes_of_picture(shape)
    }

    fn encode(&self, images: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.encode_pictures(images, shapes, near)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.decode_pictures(bytes, shapes, near)
    }
}
