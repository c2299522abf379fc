//! The container: images in chunks, each checked, in one stream of bytes. `docs/aez-format.md` is its specification.

mod codec;
mod decoder;
mod encoder;
mod frame;
mod header;
mod names;
mod shapes;
mod source;
mod summary;
mod varint;

pub use codec::{ChunkCodec, Codec};
pub use decoder::{DecodedChunk, Decoder, DecoderSettings};
pub use encoder::{Encoder, EncoderSettings};
pub use header::ContainerHeader;
pub use summary::ContainerSummary;
