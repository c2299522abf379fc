//! What a container begins with.

use std::io::Read;

use super::source::Source;
use super::varint;
use crate::error::CodecError;
use crate::pixel::{ModelHash, Near};
use crate::shape::ImageShape;

const MAGIC: [u8; 4] = *b"\x89AEZ";
const VERSION: u8 = 1;
/// The codec `pixel`.
const PIXEL: u8 = 1;
const HAS_NAMES: u8 = 1;

/// Bytes before the numbers of varying length.
const FIXED: usize = 16;
/// Bytes of the checksum.
const CHECKSUM: usize = 4;
/// Bytes of the longest header.
const LONGEST: usize = FIXED + 3 * varint::LONGEST + CHECKSUM;

/// What a container says of its images before they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerHeader {
    /// The images' shape.
    pub shape: ImageShape,
    /// Images of a chunk; the last one may have fewer.
    pub group: usize,
    /// How far pixels may be from what was encoded.
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
        bytes.extend([VERSION, PIXEL, flags, self.near.levels()]);
        bytes.extend(self.model.0);
        for number in [self.shape.height(), self.shape.width(), self.group] {
            varint::write(number as u64, &mut bytes);
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
        let [_, _, _, _, version, codec, flags, near, model @ ..] = *fixed;
        if version != VERSION {
            return Err(CodecError::Version { found: version });
        }
        let mut number = || varint::take(&mut left).ok_or(damaged("a number is none"));
        let [height, width, group] = [number()?, number()?, number()?];
        let length = bytes.len() - left.len();
        let checksum = left.first_chunk().ok_or(damaged("it ends too early"))?;
        if crc32fast::hash(&bytes[..length]).to_le_bytes() != *checksum {
            return Err(damaged("its checksum is wrong"));
        }
        if codec != PIXEL {
            return Err(CodecError::UnknownCodec { found: codec });
        }
        if flags & !HAS_NAMES != 0 {
            return Err(damaged("a flag is unknown"));
        }
        let side = |side: u64| u16::try_from(side).ok();
        let shape = side(height).zip(side(width));
        let header = Self {
            shape: shape
                .and_then(|(height, width)| ImageShape::new(height, width))
                .ok_or(damaged("its images have no possible shape"))?,
            group: usize::try_from(group)
                .ok()
                .filter(|&group| group > 0)
                .ok_or(damaged("its chunks have no possible size"))?,
            near: Near::new(near).ok_or(damaged("its largest error is out of range"))?,
            has_names: flags & HAS_NAMES != 0,
            model: ModelHash(model),
        };
        source.consume(length + CHECKSUM);
        Ok(header)
    }

    /// Says where a chunk, of images that take `bytes_of_image` each, would take more than `limit` bytes.
    pub(super) fn check_size(&self, bytes_of_image: usize, limit: usize) -> Result<(), CodecError> {
        match self.group.checked_mul(bytes_of_image) {
            Some(bytes) if bytes <= limit => Ok(()),
            _ => Err(CodecError::TooLarge {
                group: self.group,
                shape: self.shape,
                limit,
            }),
        }
    }
}

const fn damaged(reason: &'static str) -> CodecError {
    CodecError::Header { reason }
}
