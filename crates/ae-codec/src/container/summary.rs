//! What is in a container, without its model.

use std::io::Read;

use super::frame::{Frames, Method};
use super::header::{CHUNK_LIMIT, ContainerHeader};
use super::shapes;
use super::source::Source;
use crate::error::CodecError;
use crate::shape::ImageShape;

/// What a container holds, as its heads say. No image is decoded, so that damage within a payload is not seen.
#[derive(Debug)]
#[non_exhaustive]
pub struct ContainerSummary {
    /// What it begins with.
    pub header: ContainerHeader,
    /// Chunks that were found.
    pub chunks: u64,
    /// Of those, the ones whose pixels are stored as they are.
    pub raw_chunks: u64,
    /// Images up to the end of the last chunk that was found, those of missing chunks before it included.
    pub images: u64,
    /// The shape of all images that were found; nothing where they differ, or there are none that say it.
    pub shape: Option<ImageShape>,
    /// Bytes that stand for the images of the chunks that were found, when they are not coded: pixels, or symbols.
    pub image_bytes: u64,
    /// Pixels of those images.
    pub pixels: u64,
    /// Bytes of the chunks' pixels, coded or raw.
    pub payload_bytes: u64,
    /// Bytes of the images' names.
    pub name_bytes: u64,
    /// The first damage, where there is any.
    pub damage: Option<CodecError>,
}

impl ContainerSummary {
    /// Goes through a container, a chunk in memory at a time.
    ///
    /// # Errors
    /// Those of [`ContainerHeader::read`], [`CodecError::TooLarge`] where a chunk's pixels may take more than 64 MiB, and
    /// [`CodecError::Read`].
    pub fn read(from: impl Read) -> Result<Self, CodecError> {
        let mut source = Source::new(from);
        let header = ContainerHeader::take(&mut source)?;
        if let (Some(shape), Some(bytes)) = (header.shape, header.bytes_of_image()) {
            header.check_size(shape, bytes, CHUNK_LIMIT)?;
        }
        let mut summary = Self {
            header,
            chunks: 0,
            raw_chunks: 0,
            images: 0,
            shape: header.shape,
            image_bytes: 0,
            pixels: 0,
            payload_bytes: 0,
            name_bytes: 0,
            damage: None,
        };
        let mut frames = Frames::new(source, header, header.chunk_limit(CHUNK_LIMIT));
        loop {
            match frames.next() {
                Ok(Some((index, frame))) => {
                    let first = index.saturating_mul(header.group as u64);
                    summary.chunks += 1;
                    summary.raw_chunks += u64::from(frame.method == Method::Raw);
                    summary.images = first.saturating_add(frame.count as u64);
                    let shapes = shapes::unpacked(&frame.shapes, frame.count);
                    let shapes = shapes.unwrap_or_default();
                    let pixels = match header.shape {
                        Some(shape) => frame.count.saturating_mul(shape.pixels()) as u64,
                        None => shapes.iter().map(|shape| shape.pixels() as u64).sum(),
                    };
                    summary.pixels = summary.pixels.saturating_add(pixels);
                    summary.add_shapes(shapes);
                    summary.image_bytes += frame.bytes as u64;
                    summary.payload_bytes += frame.payload.len() as u64;
                    summary.name_bytes += frame.names.len() as u64;
                }
                Ok(None) => return Ok(summary),
                Err(error @ CodecError::Read(_)) => return Err(error),
                Err(error) => {
                    summary.damage.get_or_insert(error);
                }
            }
        }
    }

    fn add_shapes(&mut self, shapes: Vec<ImageShape>) {
        let is_first = self.chunks == 1 && self.header.shape.is_none();
        for (index, shape) in shapes.into_iter().enumerate() {
            match self.shape {
                None if is_first && index == 0 => self.shape = Some(shape),
                Some(one) if one != shape => self.shape = None,
                _ => {}
            }
        }
    }
}
