//! Images into a container.

use std::io::Write;

use rayon::prelude::*;

use super::codec::{ChunkCodec, Codec};
use super::frame::{Frame, Method, Total, checksum};
use super::header::{CHUNK_LIMIT, ContainerHeader, memory, most_images};
use super::names;
use super::shapes;
use crate::error::CodecError;
use crate::pixel::{Near, PixelModel};
use crate::shape::ImageShape;

/// How images are put into a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Images of a chunk. Fewer can be reached without decoding others; more take a little less room.
    pub group: usize,
    /// How far levels may be from what was given; symbols are kept exactly.
    pub near: Near,
    /// Whether images have names.
    pub has_names: bool,
    /// Whether each chunk is decoded and compared before it is written, which takes as long again.
    pub is_verified: bool,
}

impl Default for EncoderSettings {
    fn default() -> Self {
        Self {
            group: 64,
            near: Near::LOSSLESS,
            has_names: false,
            is_verified: true,
        }
    }
}

/// Writes a container. As many chunks as there are threads are held and coded at once; threads change no byte.
///
/// What it has written is whole only after [`finish`](Self::finish): give the file its name then.
#[derive(Debug)]
pub struct Encoder<'m, W, C: ?Sized = PixelModel> {
    to: W,
    model: &'m C,
    header: ContainerHeader,
    is_verified: bool,
    pixels: Vec<u8>,
    shapes: Vec<ImageShape>,
    /// What the pictures of the chunk that is begun take while they are coded.
    working_bytes: usize,
    names: Vec<String>,
    /// What the names of the chunk that is begun take.
    name_bytes: usize,
    chunks: u64,
    images: u64,
    total: Total,
}

impl<'m, W: Write, C: ChunkCodec + ?Sized> Encoder<'m, W, C> {
    /// Writes the header of a container for images of the model's shape.
    ///
    /// # Errors
    /// [`CodecError::EmptyChunks`] where a chunk would have no image, [`CodecError::TooLarge`] where it would have more than
    /// 64 MiB of pixels and borders around them; [`CodecError::Write`].
    pub fn new(mut to: W, model: &'m C, settings: &EncoderSettings) -> Result<Self, CodecError> {
        let header = ContainerHeader {
            codec: model.codec(),
            shape: model.shape(),
            group: settings.group.min(most_images(model.shape())),
            near: match model.codec() {
                Codec::Pixel | Codec::Picture => settings.near,
                // A symbol that is off by one is another one.
                Codec::Transform { .. }
                | Codec::Indices { .. }
                | Codec::PictureTransform { .. } => Near::LOSSLESS,
            },
            has_names: settings.has_names,
            model: model.hash(),
        };
        if settings.group == 0 {
            return Err(CodecError::EmptyChunks);
        }
        if let Some(shape) = header.shape {
            header.check_size(shape, model.working_bytes(shape), CHUNK_LIMIT)?;
        }
        to.write_all(&header.bytes()).map_err(CodecError::Write)?;
        Ok(Self {
            to,
            model,
            header,
            is_verified: settings.is_verified,
            pixels: Vec::new(),
            shapes: Vec::new(),
            working_bytes: 0,
            names: Vec::new(),
            name_bytes: 0,
            chunks: 0,
            images: 0,
            total: Total::default(),
        })
    }

    /// Adds an image, the bytes that stand for it (`[height, width]` for a [`PixelModel`]), with its name where the container has names.
    ///
    /// # Errors
    /// [`CodecError::NotWholeImages`] where it isn't of the model's shape, [`CodecError::Name`] where a name is missing,
    /// not wanted or longer than 4,096 bytes; [`CodecError::NoShape`] where images have their own; and those of
    /// [`finish`](Self::finish).
    pub fn push(&mut self, image: &[u8], name: Option<&str>) -> Result<(), CodecError> {
        let shape = self.header.shape.ok_or(CodecError::NoShape)?;
        self.push_of_shape(image, shape, name)
    }

    /// Adds an image of this shape, which is the model's where that has one.
    ///
    /// # Errors
    /// Those of [`push`](Self::push); [`CodecError::Shape`] where the model is for another shape, [`CodecError::TooLarge`]
    /// where the images of a chunk would take more than 512 MiB.
    pub fn push_of_shape(
        &mut self,
        image: &[u8],
        shape: ImageShape,
        name: Option<&str>,
    ) -> Result<(), CodecError> {
        match self.header.shape {
            Some(expected) if expected != shape => {
                return Err(CodecError::Shape {
                    expected,
                    found: shape,
                });
            }
            _ => {}
        }
        if image.len() != self.model.bytes_of_image(shape) {
            return Err(CodecError::NotWholeImages {
                bytes: image.len(),
                shape,
            });
        }
        let working_bytes = self
            .working_bytes
            .saturating_add(memory(self.model, &[shape]));
        let limit = self.header.chunk_limit(CHUNK_LIMIT);
        if working_bytes > limit {
            return Err(CodecError::TooLarge {
                group: self.shapes.len() % self.header.group + 1,
                shape,
                limit,
            });
        }
        let name_bytes = name.map_or(0, |name| names::memory(name.len()));
        let name_bytes = self.name_bytes.saturating_add(name_bytes);
        let bad_name = match name {
            None if self.header.has_names => Some("it has no name"),
            Some(_) if !self.header.has_names => Some("it has a name, others have none"),
            Some(name) if name.len() > names::LONGEST => Some("its name is longer than 4096 bytes"),
            Some(_) if name_bytes > limit => {
                Some("the names of its chunk take more memory than is allowed")
            }
            _ => None,
        };
        if let Some(reason) = bad_name {
            let image = self.images;
            return Err(CodecError::Name { image, reason });
        }
        self.pixels.extend(image);
        self.names.extend(name.map(str::to_owned));
        self.images += 1;
        self.shapes.push(shape);
        let (held, group) = (self.shapes.len(), self.header.group);
        (self.working_bytes, self.name_bytes) = match held % group {
            0 => (0, 0),
            _ => (working_bytes, name_bytes),
        };
        if held == group.saturating_mul(rayon::current_num_threads()) {
            self.write_chunks()?;
        }
        Ok(())
    }

    /// Writes what is left and the trailer, and gives back what it was written to.
    ///
    /// # Errors
    /// [`CodecError::Write`]; [`CodecError::NotVerified`] where a chunk isn't decoded to what was encoded.
    pub fn finish(mut self) -> Result<W, CodecError> {
        self.write_chunks()?;
        let trailer = self.total.trailer(self.chunks);
        self.to.write_all(&trailer).map_err(CodecError::Write)?;
        self.to.flush().map_err(CodecError::Write)?;
        Ok(self.to)
    }

    /// Codes and writes all images that are held.
    fn write_chunks(&mut self) -> Result<(), CodecError> {
        let (header, model, first) = (self.header, self.model, self.chunks);
        let is_verified = self.is_verified;
        let mut left = &self.pixels[..];
        let chunks: Vec<_> = self
            .shapes
            .chunks(header.group)
            .map(|shapes| {
                let bytes = shapes.iter().map(|&shape| model.bytes_of_image(shape));
                let (pixels, rest) = left.split_at(bytes.sum());
                left = rest;
                (pixels, shapes)
            })
            .collect();
        let frames: Vec<Frame> = chunks
            .into_par_iter()
            .enumerate()
            .map(|(chunk, (pixels, shapes))| {
                let names = self.names.chunks(header.group).nth(chunk).unwrap_or(&[]);
                let frame = frame(model, header, pixels, shapes, names);
                if is_verified && !is_right(model, header, &frame, pixels, shapes) {
                    let chunk = first + chunk as u64;
                    return Err(CodecError::NotVerified { chunk });
                }
                Ok(frame)
            })
            .collect::<Result<_, _>>()?;
        for frame in frames {
            let bytes = frame.bytes(self.chunks, &header);
            self.to.write_all(&bytes).map_err(CodecError::Write)?;
            self.total.add(&frame);
            self.chunks += 1;
        }
        self.pixels.clear();
        self.shapes.clear();
        self.names.clear();
        self.working_bytes = 0;
        self.name_bytes = 0;
        Ok(())
    }
}

/// The chunk of these images.
fn frame<C: ChunkCodec + ?Sized>(
    model: &C,
    header: ContainerHeader,
    pixels: &[u8],
    shapes: &[ImageShape],
    names: &[String],
) -> Frame {
    let quantized: Vec<u8> = pixels
        .iter()
        .map(|&level| header.near.quantized(level))
        .collect();
    let names = names::packed(names.iter().map(String::as_str));
    let stored = match header.shape {
        Some(_) => Vec::new(),
        None => shapes::packed(shapes),
    };
    let coded = model.encode(pixels, shapes, header.near);
    let checksum = checksum(&quantized, &stored, &names);
    let (method, payload) = if coded.len() < quantized.len() {
        (Method::Coded, coded)
    } else {
        (Method::Raw, quantized)
    };
    Frame {
        count: shapes.len(),
        method,
        bytes: pixels.len(),
        payload,
        shapes: stored,
        names,
        checksum,
    }
}

/// Whether the chunk is decoded to `pixels`.
fn is_right<C: ChunkCodec + ?Sized>(
    model: &C,
    header: ContainerHeader,
    frame: &Frame,
    pixels: &[u8],
    shapes: &[ImageShape],
) -> bool {
    let near = header.near;
    let is_near = |decoded: &[u8]| {
        let mut pairs = decoded.iter().zip(pixels);
        decoded.len() == pixels.len() && pairs.all(|(a, b)| a.abs_diff(*b) <= near.levels())
    };
    let decoded = match frame.method {
        Method::Raw => return is_near(&frame.payload),
        Method::Coded => model.decode(&frame.payload, shapes, near),
    };
    is_near(&decoded) && checksum(&decoded, &frame.shapes, &frame.names) == frame.checksum
}
