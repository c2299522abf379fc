//! A container into images.

use std::collections::VecDeque;
use std::io::Read;

use rayon::prelude::*;

use super::codec::ChunkCodec;
use super::frame::{Frame, Frames, Method, bad_chunk, checksum};
use super::header::{CHUNK_LIMIT, ContainerHeader, memory};
use super::names;
use super::shapes;
use super::source::Source;
use crate::error::CodecError;
use crate::pixel::PixelModel;
use crate::shape::ImageShape;

/// How a container is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderSettings {
    /// Whether, after a damaged chunk, those behind it are still looked for. Otherwise the first error ends it.
    pub keeps_going: bool,
    /// The most bytes that a chunk's images, with the borders that the model's contexts reach into, or its names may take;
    /// eight times that for pictures that have their own sizes. As many chunks as there are threads are held at once.
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
    /// The images, one after the other: their levels, or where the codec is [`Codec::Transform`](super::codec::Codec::Transform)
    /// their symbols.
    pub pixels: Vec<u8>,
    /// The shape of each image.
    pub shapes: Vec<ImageShape>,
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
    limit: usize,
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
        if header.codec != model.codec() {
            return Err(CodecError::OtherCodec {
                expected: header.codec.number(),
                found: model.codec().number(),
            });
        }
        let limit = header.chunk_limit(settings.chunk_limit);
        if let (Some(found), Some(expected)) = (header.shape, model.shape()) {
            if found != expected {
                return Err(CodecError::Shape { expected, found });
            }
            header.check_size(found, model.working_bytes(found), limit)?;
        }
        Ok(Self {
            frames: Frames::new(source, header, limit),
            model,
            header,
            limit,
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
        let (model, header, limit) = (self.model, self.header, self.limit);
        let decoded: Vec<_> = read
            .into_par_iter()
            .map(|(index, frame)| decode(model, header, limit, index, frame))
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
    limit: usize,
    index: u64,
    frame: Frame,
) -> Result<DecodedChunk, CodecError> {
    let damaged = |reason| bad_chunk(index, &header, reason);
    let shapes = match header.shape {
        Some(shape) => vec![shape; frame.count],
        None => {
            let shapes = shapes::unpacked(&frame.shapes, frame.count);
            let shapes = shapes.ok_or(damaged("its sizes are damaged"))?;
            let bytes = shapes.iter().map(|&shape| model.bytes_of_image(shape));
            if bytes.fold(0, usize::saturating_add) != frame.bytes {
                return Err(damaged("its sizes are not those of its pixels"));
            }
            if memory(model, &shapes) > limit {
                return Err(damaged("it takes more memory than is allowed"));
            }
            shapes
        }
    };
    let pixels = match frame.method {
        Method::Raw if !model.is_possible(&frame.payload) => {
            return Err(damaged("no image has such symbols"));
        }
        Method::Raw => frame.payload,
        Method::Coded => model.decode(&frame.payload, &shapes, header.near),
    };
    if checksum(&pixels, &frame.shapes, &frame.names) != frame.checksum {
        return Err(damaged("its checksum is wrong"));
    }
    let names = if header.has_names {
        let names = names::unpacked(&frame.names, frame.count, limit);
        names.map_err(damaged)?
    } else {
        Vec::new()
    };
    Ok(DecodedChunk {
        index,
        first_image: index.saturating_mul(header.group as u64),
        pixels,
        shapes,
        names,
    })
}
