//! Models of the codecs without loss, whichever a file holds.

use std::io::{Read, Write};

use crate::checked_file::{CheckedFile, Filed as _};
use crate::container::{ChunkCodec, Codec};
use crate::error::CodecError;
use crate::model_file::MODELS;
use crate::picture::{self, PictureModel};
use crate::pixel::{self, ModelHash, Near, PixelModel};
use crate::shape::ImageShape;
use crate::simd::InstructionSet;

/// A model that codes levels of gray, lossless or nearly: for images of one shape or for pictures of any sizes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LosslessModel {
    /// For images of one shape.
    Pixel(PixelModel),
    /// For pictures of any sizes.
    Picture(PictureModel),
}

impl LosslessModel {
    /// Reads a model of either kind and checks it, as [`PixelModel::read`] and [`PictureModel::read`] do.
    ///
    /// # Errors
    /// Theirs.
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        let file = CheckedFile::read(&MODELS, from, &[pixel::VERSION, picture::VERSION])?;
        match file.version() {
            picture::VERSION => PictureModel::of_file(&file).map(Self::Picture),
            _ => PixelModel::of_file(&file).map(Self::Pixel),
        }
    }

    /// Writes the model, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        match self {
            Self::Pixel(model) => model.write(to),
            Self::Picture(model) => model.write(to),
        }
    }

    /// How many bytes its file has.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        match self {
            Self::Pixel(model) => model.file_bytes(),
            Self::Picture(model) => model.file_bytes(),
        }
    }

    /// The same model, computed with `instructions` where the machine has them, otherwise with plain code.
    #[must_use]
    pub fn with_instructions(self, instructions: InstructionSet) -> Self {
        match self {
            Self::Pixel(model) => Self::Pixel(model.with_instructions(instructions)),
            Self::Picture(model) => Self::Picture(model.with_instructions(instructions)),
        }
    }

    fn inner(&self) -> &dyn ChunkCodec {
        match self {
            Self::Pixel(model) => model,
            Self::Picture(model) => model,
        }
    }
}

impl ChunkCodec for LosslessModel {
    fn codec(&self) -> Codec {
        self.inner().codec()
    }

    fn hash(&self) -> ModelHash {
        self.inner().hash()
    }

    fn shape(&self) -> Option<ImageShape> {
        self.inner().shape()
    }

    fn bytes_of_image(&self, shape: ImageShape) -> usize {
        self.inner().bytes_of_image(shape)
    }

    fn working_bytes(&self, shape: ImageShape) -> usize {
        self.inner().working_bytes(shape)
    }

    fn is_possible(&self, images: &[u8]) -> bool {
        self.inner().is_possible(images)
    }

    fn encode(&self, images: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.inner().encode(images, shapes, near)
    }

    fn decode(&self, bytes: &[u8], shapes: &[ImageShape], near: Near) -> Vec<u8> {
        self.inner().decode(bytes, shapes, near)
    }
}
