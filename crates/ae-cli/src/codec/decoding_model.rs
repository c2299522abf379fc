//! The model that decodes a container, of whichever codec.

use std::path::Path;

use ae_codec::{ChunkCodec, Codec, ContainerHeader, DecodedChunk, LosslessModel, ModelHash};

use super::model::{CodecModel, CodecModelOption};
use super::transform::coder::LossyCoder;
use super::transform::model::{self as transform, TransformModel};
use crate::context::Context;
use crate::error::{CliError, Status};

/// A model and what is to be known of the container to decode it.
#[derive(Debug)]
pub(crate) enum DecodingModel {
    /// Chunks are levels.
    Lossless(Box<CodecModel>),
    /// Chunks are symbols, of a quality counted from 1.
    Transform {
        /// The model.
        model: Box<TransformModel>,
        /// The container's quality.
        quality: usize,
    },
}

/// What decodes chunks.
pub(crate) enum ChunkDecoder<'a> {
    Lossless(&'a LosslessModel),
    Transform(LossyCoder<'a>),
}

impl ChunkDecoder<'_> {
    pub(crate) fn codec(&self) -> &dyn ChunkCodec {
        match self {
            Self::Lossless(model) => *model,
            Self::Transform(coder) => coder.codec(),
        }
    }
}

impl DecodingModel {
    /// The model that is named, or the one under `runs/` that the container was coded with.
    ///
    /// # Errors
    /// There is none, it cannot be read, or it is another one.
    pub(crate) fn open(
        option: &CodecModelOption,
        file: &Path,
        header: &ContainerHeader,
        context: &Context<'_>,
    ) -> Result<Self, CliError> {
        let quality = match header.codec {
            Codec::Transform { quality, .. } | Codec::PictureTransform { quality } => {
                usize::from(quality)
            }
            Codec::Indices { .. } => 1,
            // None of its: a model of kind transform is another one then.
            _ => 0,
        };
        let of_transform = |model| Self::Transform {
            model: Box::new(model),
            quality,
        };
        let opened = match &option.model {
            Some(path) if transform::is_transform(path, context) => {
                of_transform(transform::open(path, context)?)
            }
            None if quality > 0 => {
                of_transform(transform::find(header.codec, header.model, context)?)
            }
            _ => Self::Lossless(Box::new(
                option.open_for_hash(header.model, &context.terminal)?,
            )),
        };
        if opened.hash() != header.model {
            let reason = format!(
                "coded with the model {}, but {} is {}",
                header.model,
                opened.name(),
                opened.hash()
            );
            return Err(
                CliError::failure(Status::Model, file.display(), reason).hint(
                    "without --model, the one that it was coded with is looked for under runs/",
                ),
            );
        }
        Ok(opened)
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Lossless(model) => &model.name,
            Self::Transform { model, .. } => model.name(),
        }
    }

    /// What names it in containers.
    pub(crate) fn hash(&self) -> ModelHash {
        match self {
            Self::Lossless(model) => model.model.hash(),
            Self::Transform { model, .. } => model.tables.hash(),
        }
    }

    /// What decodes its chunks.
    ///
    /// # Errors
    /// It has not the container's quality.
    pub(crate) fn decoder(&self) -> Result<ChunkDecoder<'_>, CliError> {
        match self {
            Self::Lossless(model) => Ok(ChunkDecoder::Lossless(&model.model)),
            Self::Transform { model, quality } => match LossyCoder::new(&model.tables, *quality) {
                Some(coder) => Ok(ChunkDecoder::Transform(coder)),
                None => {
                    let reason = format!("it has no quality {quality}");
                    Err(CliError::failure(Status::Model, model.name(), reason))
                }
            },
        }
    }

    /// A chunk with its levels, where it has symbols.
    ///
    /// # Errors
    /// The device fails.
    pub(crate) fn with_levels(&self, chunk: DecodedChunk) -> Result<DecodedChunk, CliError> {
        let Self::Transform { model, quality } = self else {
            return Ok(chunk);
        };
        let mut chunk = chunk;
        chunk.pixels = model.pixels_of(&chunk.pixels, &chunk.shapes, *quality)?;
        Ok(chunk)
    }
}
