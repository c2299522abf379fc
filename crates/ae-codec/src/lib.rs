#![doc = include_str!("../README.md")]

mod container;
mod entropy;
mod error;
mod fields;
mod lossless;
mod model_file;
mod picture;
mod pixel;
mod shape;
mod simd;
mod training;
mod transform;

pub use container::{
    ChunkCodec, Codec, ContainerHeader, ContainerSummary, DecodedChunk, Decoder, DecoderSettings,
    Encoder, EncoderSettings,
};
pub use entropy::{FrequencyTable, RangeDecoder, RangeEncoder};
pub use error::CodecError;
pub use lossless::LosslessModel;
pub use picture::PictureModel;
pub use pixel::{ModelHash, Near, PixelModel};
pub use shape::ImageShape;
pub use simd::InstructionSet;
pub use training::{
    PictureTrainingSettings, TrainingImages, TrainingProgress, TrainingSettings, TrainingState,
    TrainingWatch,
};
pub use transform::{CodeShape, TransformCoder, TransformTables};
