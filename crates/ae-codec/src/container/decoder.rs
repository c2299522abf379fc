//! A container into images.

use std::collections::VecDeque;
use std::io::Read;

use rayon::prelude::*;

use super::codec::ChunkCodec;
use super::encoder::CHUNK_LIMIT;
use super::frame::{Frame, Frames, Method, bad_chunk, checksum};
use super::header::ContainerHeader;
use super::names;
use super::source::Source;
use crate::error::CodecError;
use crate::pixel::PixelModel;

/// How a container is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderSettings {
    /// Whether, after a damaged chunk, those behind it are still looked for. Otherwise the first error ends it.
    pub keeps_going: bool,
    /// The most bytes that a chunk's images, with the borders that the model's contexts reach into, or its names may take. As
    /// many chunks as there are threads are held at once.
    pub chunk_limit: usize,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self {
            keeps_going: false,
            chunk_limit: CHUNK_LIMIT,
        }
    }
}

/// Images of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodedChunk {
    /// The chunk, counted from 0.
    pub index: u64,
    /// Its first image, counted from 0 over all chunks.
    pub first_image: u64,
    /// `[count, bytes of an image]`: `[count, height, width]` where the codec is [`Codec::Pixel`](super::codec::Codec::Pixel).
    pub pixels: Vec<u8>,
    /// A name for each image, or none at all.
    pub names: Vec<String>,
}

/// Reads a container: an iterator over its chunks, in their order, each checked.
///
/// An error names the chunk that is damaged, or says what is missing at the end. After it the iterator ends, or, where it
/// is to keep going, gives what it finds behind.
#[derive(Debug)]
pub struct Decoder<'m, R, C: ?Sized = PixelModel> {
    frames: Frames<R>,
    model: &'m C,
    header: ContainerHeader,
    keeps_going: bool,
    ready: VecDeque<Result<DecodedChunk, CodecError>>,
    is_over: bool,
}

impl<'m, R: Read, C: ChunkCodec + ?Sized> Decoder<'m, R, C> {
    /// Reads a container's header.
    ///
    /// # Errors
    /// Those of [`ContainerHeader::read`]; [`CodecError::OtherModel`], [`CodecError::Shape`] or [`CodecError::TooLarge`].
    pub fn new(from: R, model: &'m C, settings: &DecoderSettings) -> Result<Self, CodecError> {
        let mut source = Source::new(from);
        let header = ContainerHeader::take(&mut source)?;
        if header.model != model.hash() {
            return Err(CodecError::OtherModel {
                expected: header.model,
                found: model.hash(),
            });
        }
        if header.shape != model.shape() {
            return Err(CodecError::Shape {
                expected: model.shape(),
                found: header.shape,
            });
        }
        if header.codec != model.codec() {
            return Err(CodecError::OtherCodec {
                expected: header.codec.number(),
                found: model.codec().number(),
            });
        }
        header.check_size(model.working_bytes(), settings.chunk_limit)?;
        Ok(Self {
            frames: Frames::new(source, header, settings.chunk_limit),
            model,
            header,
            keeps_going: settings.keeps_going,
            ready: VecDeque::new(),
            is_over: false,
        })
    }

    /// What the container says of its images.
    #[must_use]
    pub fn header(&self) -> ContainerHeader {
        self.header
    }

    /// Reads as many chunks as there are threads and decodes them at once.
    fn fill(&mut self) {
        let mut read = Vec::new();
        let mut end = None;
        while read.len() < rayon::current_num_threads() && end.is_none() {
            match self.frames.next() {
                Ok(Some(frame)) => read.push(frame),
                Ok(None) => {
                    self.is_over = true;
                    break;
                }
                Err(error) => {
                    // Nothing more comes from a stream that cannot be read.
                    self.is_over |= !self.keeps_going || matches!(error, CodecError::Read(_));
                    end = Some(error);
                }
            }
        }
        let (model, header) = (self.model, self.header);
        let decoded: Vec<_> = read
            .into_par_iter()
            .map(|(index, frame)| decode(model, header, index, frame))
            .collect();
        if decoded.iter().any(Result::is_err) {
            self.frames.damaged();
        }
        self.ready.extend(decoded);
        self.ready.extend(end.map(Err));
    }
}

impl<R: Read, C: ChunkCodec + ?Sized> Iterator for Decoder<'_, R, C> {
    type Item = Result<DecodedChunk, CodecError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty() && !self.is_over {
            self.fill();
        }
        let next = self.ready.pop_front();
        if !self.keeps_going && matches!(next, Some(Err(_))) {
            self.ready.clear();
            self.is_over = true;
        }
        next
    }
}

fn decode<C: ChunkCodec + ?Sized>(
    model: &C,
    header: ContainerHeader,
    index: u64,
    frame: Frame,
) -> Result<DecodedChunk, CodecError> {
    let pixels = match frame.method {
        Method::Raw => frame.payload,
        Method::Coded => model.decode(&frame.payload, frame.count, header.near),
    };
    if checksum(&pixels, &frame.names) != frame.checksum {
        return Err(bad_chunk(index, &header, "its checksum is wrong"));
    }
    let names = if header.has_names {
        let names = names::unpacked(&frame.names, frame.count);
        names.ok_or(bad_chunk(index, &header, "its names are damaged"))?
    } else {
        Vec::new()
    };
    Ok(DecodedChunk {
        index,
        first_image: index.saturating_mul(header.group as u64),
        pixels,
        names,
    })
}
