//! What a container begins with.

use std::io::Read;

use super::codec::{ChunkCodec, Codec};
use super::source::Source;
use super::varint;
use crate::error::CodecError;
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

const MAGIC: [u8; 4] = *b"\x89AEZ";
const VERSION: u8 = 1;
/// The most symbols that may stand for an image.
const MOST_SYMBOLS: usize = 1 << 24;
const HAS_NAMES: u8 = 1;
/// The most bytes that a chunk's images may take, with the borders that contexts reach into.
pub(super) const CHUNK_LIMIT: usize = 64 << 20;
/// How much more those of pictures that have their own sizes may take.
const PICTURES_LIMIT: usize = 8;
/// What an image takes in memory at least: its shape.
const LEAST_MEMORY: usize = 4;

/// Bytes before the numbers of varying length.
const FIXED: usize = 16;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// Bytes of the longest header.
const LONGEST: usize = FIXED + 4 * varint::LONGEST + CHECKSUM;

/// What a container says of its images before they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerHeader {
    /// What codes them.
    pub codec: Codec,
    /// The images' shape; nothing where each has its own, in its chunk.
    pub shape: Option<ImageShape>,
    /// Images of a chunk; the last one may have fewer.
    pub group: usize,
    /// How far pixels may be from what was encoded; symbols, not at all.
    pub near: Near,
    /// Whether images have names.
    pub has_names: bool,
    /// The model that decodes them.
    pub model: ModelHash,
}

impl ContainerHeader {
    /// Reads the header at the beginning of a container.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotAContainer`], [`CodecError::Version`], [`CodecError::UnknownCodec`] or
    /// [`CodecError::Header`].
    pub fn read(from: impl Read) -> Result<Self, CodecError> {
        Self::take(&mut Source::new(from))
    }

    /// The bytes that stand for it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let flags = if self.has_names { HAS_NAMES } else { 0 };
        let parameter = match self.codec {
            Codec::Pixel | Codec::Picture => self.near.levels(),
            Codec::Transform { quality, .. } | Codec::PictureTransform { quality } => quality,
            Codec::Indices { .. } => 0,
        };
        bytes.extend([VERSION, self.codec.number(), flags, parameter]);
        bytes.extend(self.model.0);
        let [height, width] = match self.shape {
            Some(shape) => [shape.height(), shape.width()],
            None => [0, 0],
        };
        for number in [height, width, self.group] {
            varint::write(number as u64, &mut bytes);
        }
        if let Codec::Transform { symbols, .. } | Codec::Indices { symbols } = self.codec {
            varint::write(symbols as u64, &mut bytes);
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Takes it from the beginning of `source`.
    pub(super) fn take<R: Read>(source: &mut Source<R>) -> Result<Self, CodecError> {
        let bytes = source.peek(LONGEST).map_err(CodecError::Read)?;
        if !bytes.starts_with(&MAGIC) {
            return Err(CodecError::NotAContainer);
        }
        let mut left = bytes;
        let fixed: &[u8; FIXED] = left
            .split_off(..FIXED)
            .and_then(|fixed| fixed.first_chunk())
            .ok_or(damaged("it ends too early"))?;
        let [_, _, _, _, version, codec, flags, parameter, model @ ..] = *fixed;
        if version != VERSION {
            return Err(CodecError::Version { found: version });
        }
        let mut number = || varint::take(&mut left).ok_or(damaged("a number is none"));
        let [height, width, group] = [number()?, number()?, number()?];
        let symbols = match codec {
            2 | 4 => Some(number()?),
            _ => None,
        };
        let length = bytes.len() - left.len();
        let checksum = left.first_chunk().ok_or(damaged("it ends too early"))?;
        if crc32fast::hash(&bytes[..length]).to_le_bytes() != *checksum {
            return Err(damaged("its checksum is wrong"));
        }
        let near = || Near::new(parameter).ok_or(damaged("its largest error is out of range"));
        let (codec, near) = match (codec, symbols) {
            (1, _) => (Codec::Pixel, near()?),
            (3, _) => (Codec::Picture, near()?),
            (2, Some(symbols)) => (transform(parameter, symbols)?, Near::LOSSLESS),
            (4, Some(symbols)) => (indices(parameter, symbols)?, Near::LOSSLESS),
            (5, _) => (picture_transform(parameter)?, Near::LOSSLESS),
            _ => return Err(CodecError::UnknownCodec { found: codec }),
        };
        if flags & !HAS_NAMES != 0 {
            return Err(damaged("a flag is unknown"));
        }
        let shape = match codec {
            Codec::Picture | Codec::PictureTransform { .. } if (height, width) == (0, 0) => None,
            Codec::Picture | Codec::PictureTransform { .. } => {
                return Err(damaged("its pictures are of one shape"));
            }
            _ => {
                let shape = shape_of(height, width);
                Some(shape.ok_or(damaged("its images have no possible shape"))?)
            }
        };
        let header = Self {
            codec,
            shape,
            group: usize::try_from(group)
                .ok()
                .filter(|&group| group > 0 && group <= most_images(shape))
                .ok_or(damaged("its chunks have no possible size"))?,
            near,
            has_names: flags & HAS_NAMES != 0,
            model: ModelHash(model),
        };
        source.consume(length + CHECKSUM);
        Ok(header)
    }

    /// The bytes that stand for an image, levels or symbols; nothing where images have their own shapes.
    #[must_use]
    pub fn bytes_of_image(&self) -> Option<usize> {
        match self.codec {
            Codec::Transform { symbols, .. } | Codec::Indices { symbols } => Some(symbols),
            Codec::Pixel | Codec::Picture => self.shape.map(ImageShape::pixels),
            Codec::PictureTransform { .. } => None,
        }
    }

    /// The most bytes that a chunk may take where one of images of one shape may take `limit`: pictures are larger.
    pub(super) fn chunk_limit(&self, limit: usize) -> usize {
        match self.shape {
            Some(_) => limit,
            None => limit.saturating_mul(PICTURES_LIMIT),
        }
    }

    /// Says where a chunk, of images that take `bytes_of_image` each, would take more than `limit` bytes.
    pub(super) fn check_size(
        &self,
        shape: ImageShape,
        bytes_of_image: usize,
        limit: usize,
    ) -> Result<(), CodecError> {
        match self.group.checked_mul(bytes_of_image.max(LEAST_MEMORY)) {
            Some(bytes) if bytes <= limit => Ok(()),
            _ => Err(CodecError::TooLarge {
                group: self.group,
                shape,
                limit,
            }),
        }
    }
}

/// What images of these shapes take in memory while they are coded.
pub(super) fn memory<C: ChunkCodec + ?Sized>(model: &C, shapes: &[ImageShape]) -> usize {
    let images = shapes.iter().map(|&shape| model.working_bytes(shape));
    let images = images.map(|bytes| bytes.max(LEAST_MEMORY));
    images.fold(0, usize::saturating_add)
}

/// Images that a chunk may have at most: of pictures that have their own sizes as many as its memory holds, of others as many as
/// [`check_size`](ContainerHeader::check_size) lets pass.
pub(super) fn most_images(shape: Option<ImageShape>) -> usize {
    match shape {
        Some(_) => usize::MAX,
        None => CHUNK_LIMIT * PICTURES_LIMIT / LEAST_MEMORY,
    }
}

/// The shape with these sides, if there is one.
pub(super) fn shape_of(height: u64, width: u64) -> Option<ImageShape> {
    let side = |side: u64| u16::try_from(side).ok();
    ImageShape::new(side(height)?, side(width)?)
}

/// The codec `transform` with what its header says.
fn transform(quality: u8, symbols: u64) -> Result<Codec, CodecError> {
    let symbols = symbols_of_image(symbols)?;
    match quality {
        0 => Err(damaged("its quality is none")),
        quality => Ok(Codec::Transform { quality, symbols }),
    }
}

/// The codec `indices` with what its header says.
fn indices(parameter: u8, symbols: u64) -> Result<Codec, CodecError> {
    let symbols = symbols_of_image(symbols)?;
    match parameter {
        0 => Ok(Codec::Indices { symbols }),
        _ => Err(damaged("its quality is not 0")),
    }
}

fn symbols_of_image(symbols: u64) -> Result<usize, CodecError> {
    usize::try_from(symbols)
        .ok()
        .filter(|symbols| (1..=MOST_SYMBOLS).contains(symbols))
        .ok_or(damaged("its images have no possible number of symbols"))
}

/// The codec `transform` for pictures of any sizes.
fn picture_transform(quality: u8) -> Result<Codec, CodecError> {
    match quality {
        0 => Err(damaged("its quality is none")),
        quality => Ok(Codec::PictureTransform { quality }),
    }
}

const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Header { reason }
}
