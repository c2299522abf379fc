//! What can go wrong while models and containers are read and written.

use std::io;

use crate::pixel::ModelHash;
use crate::shape::ImageShape;

/// A model or a container that cannot be read, written or made. Whoever opened the file says its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Bytes could not be read.
    #[error("cannot read: {0}")]
    Read(#[source] io::Error),
    /// Bytes could not be written.
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
    /// The bytes are no model of the codec `pixel`.
    #[error("not a pixel model")]
    NotAModel,
    /// The model is of a version that this program doesn't know.
    #[error("a pixel model of version {found}, this program reads versions 1 and 2")]
    ModelVersion {
        /// The version.
        found: u16,
    },
    /// The model is damaged, or not one that could be computed with.
    #[error("not a usable pixel model: {reason}")]
    Model {
        /// What is wrong.
        reason: &'static str,
    },
    /// The bytes are no tables of a codec with losses.
    #[error("not the tables of a transform model")]
    NotTables,
    /// The tables are of a version that this program doesn't know.
    #[error("tables of version {found}, this program reads versions 1 to 3")]
    TablesVersion {
        /// The version.
        found: u16,
    },
    /// The tables are damaged, or none that could be coded by.
    #[error("not usable tables: {reason}")]
    Tables {
        /// What is wrong.
        reason: &'static str,
    },
    /// The bytes are no container.
    #[error("not an aez file")]
    NotAContainer,
    /// The container is of a version that this program doesn't know.
    #[error("an aez file of version {found}, this program reads version 1")]
    Version {
        /// The version.
        found: u8,
    },
    /// The container's codec is none that this program knows.
    #[error("codec {found} is unknown")]
    UnknownCodec {
        /// The codec's number.
        found: u8,
    },
    /// The container's header is damaged.
    #[error("the header is damaged: {reason}")]
    Header {
        /// What is wrong.
        reason: &'static str,
    },
    /// The container was coded with another model.
    #[error("coded with the model {expected}, not with {found}")]
    OtherModel {
        /// The model that it was coded with.
        expected: ModelHash,
        /// The model given.
        found: ModelHash,
    },
    /// The container is of another codec than the model.
    #[error("coded by codec {expected}, the model is of codec {found}")]
    OtherCodec {
        /// The container's codec.
        expected: u8,
        /// The model's.
        found: u8,
    },
    /// Images and model differ in shape.
    #[error("the model is for images of {expected}, these are {found}")]
    Shape {
        /// The model's.
        expected: ImageShape,
        /// The images'.
        found: ImageShape,
    },
    /// Images of any shapes were given without theirs.
    #[error("an image of a model for pictures of any sizes needs its size")]
    NoShape,
    /// The pixels given are not a whole number of images.
    #[error("{bytes} bytes are no whole number of images of {shape}")]
    NotWholeImages {
        /// Bytes given.
        bytes: usize,
        /// The images' shape.
        shape: ImageShape,
    },
    /// Chunks were asked for that have no images.
    #[error("a chunk has at least one image")]
    EmptyChunks,
    /// A chunk would take more memory than is allowed.
    #[error(
        "chunks of {group} images of {shape} take more than the {limit} bytes that are allowed"
    )]
    TooLarge {
        /// Images of a chunk.
        group: usize,
        /// The images' shape.
        shape: ImageShape,
        /// The most bytes that a chunk may have.
        limit: usize,
    },
    /// A name is missing, not wanted, or too long.
    #[error("image {image}: {reason}")]
    Name {
        /// The image, counted from 0.
        image: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A chunk is damaged, or ends too early.
    #[error("chunk {chunk}, from image {first_image} on: {reason}")]
    Chunk {
        /// The chunk, counted from 0.
        chunk: u64,
        /// The image that it begins with, counted from 0.
        first_image: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// What follows the last chunk is damaged or missing.
    #[error("after chunk {chunks}: {reason}")]
    Trailer {
        /// Chunks before.
        chunks: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A chunk, decoded again, was not what had been encoded.
    #[error("chunk {chunk} does not decode to what was encoded")]
    NotVerified {
        /// The chunk, counted from 0.
        chunk: u64,
    },
    /// Tables cannot be measured from what was given.
    #[error("cannot measure tables: {reason}")]
    Measuring {
        /// What is wrong.
        reason: &'static str,
    },
    /// Training was given nothing to train on, or settings that make no sense.
    #[error("cannot train: {reason}")]
    Training {
        /// What is wrong.
        reason: &'static str,
    },
    /// What an interrupted training has kept is damaged, or of another one.
    #[error("cannot resume the training: {reason}")]
    State {
        /// What is wrong.
        reason: &'static str,
    },
    /// Whoever followed the progress stopped it.
    #[error("stopped")]
    Stopped,
}
