#![doc = include_str!("../README.md")]

mod checked_file;
mod cholesky;
mod container;
mod entropy;
mod error;
mod indices;
mod lossless;
mod lossy;
mod model_file;
mod picture;
mod picture_transform;
mod pixel;
mod ridge;
mod rounding;
mod shape;
mod simd;
mod tables_file;
mod training;
mod transform;

pub use container::{
    ChunkCodec, Codec, ContainerHeader, ContainerSummary, DecodedChunk, Decoder, DecoderSettings,
    Encoder, EncoderSettings,
};
pub use entropy::{FrequencyTable, RangeDecoder, RangeEncoder};
pub use error::CodecError;
pub use indices::{IndexCode, IndexCoder, IndexTables};
pub use lossless::LosslessModel;
pub use lossy::LossyTables;
pub use picture::PictureModel;
pub use picture_transform::{PictureSymbols, PictureTransformCoder, PictureTransformTables};
pub use pixel::{ModelHash, Near, PixelModel};
pub use shape::ImageShape;
pub use simd::InstructionSet;
pub use training::{
    PictureTrainingSettings, TrainingImages, TrainingProgress, TrainingSettings, TrainingState,
    TrainingWatch,
};
pub use transform::{CodeShape, TransformCoder, TransformTables};
