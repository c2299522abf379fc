#![doc = include_str!("../README.md")]

mod container;
mod entropy;
mod error;
mod pixel;
mod shape;
mod simd;
mod training;

pub use container::{
    ChunkCodec, Codec, ContainerHeader, ContainerSummary, DecodedChunk, Decoder, DecoderSettings,
    Encoder, EncoderSettings,
};
pub use entropy::{FrequencyTable, RangeDecoder, RangeEncoder};
pub use error::CodecError;
pub use pixel::{ModelHash, Near, PixelModel};
pub use shape::ImageShape;
pub use simd::InstructionSet;
pub use training::{TrainingProgress, TrainingSettings};
