//! What files of all models begin and end with.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use crate::error::CodecError;
use crate::fields::{Fields, damaged};
use crate::pixel::ModelHash;

const MAGIC: [u8; 8] = *b"\x89AEPIXEL";

/// Bytes of the longest file that is read.
const MOST_BYTES: u64 = 64 << 20;

/// A file whose beginning and checksum are right.
#[derive(Debug)]
pub(crate) struct ModelFile {
    /// All but the checksum.
    content: Vec<u8>,
}

impl ModelFile {
    /// Reads `from` to its end.
    ///
    /// # Errors
    /// [`CodecError::Read`], [`CodecError::NotAModel`], [`CodecError::ModelVersion`] where the version is not among `known`;
    /// [`CodecError::Model`] where the file is too long, or its checksum is wrong.
    pub(crate) fn read(from: &mut impl Read, known: &[u16]) -> Result<Self, CodecError> {
        let mut content = Vec::new();
        let mut from = from.take(MOST_BYTES + 1);
        from.read_to_end(&mut content).map_err(CodecError::Read)?;
        if !content.starts_with(&MAGIC) {
            return Err(CodecError::NotAModel);
        }
        if content.len() as u64 > MOST_BYTES {
            return Err(damaged("it is too long"));
        }
        if content.len() < MAGIC.len() + 6 {
            return Err(damaged("it ends too early"));
        }
        let checksum = content.split_off(content.len() - 4);
        let file = Self { content };
        let version = file.version();
        if !known.contains(&version) {
            return Err(CodecError::ModelVersion { found: version });
        }
        if crc32fast::hash(&file.content).to_le_bytes() != *checksum {
            return Err(damaged("its checksum is wrong"));
        }
        Ok(file)
    }

    /// 1 for images of one shape, 2 for pictures of any sizes.
    pub(crate) fn version(&self) -> u16 {
        u16::from_le_bytes([self.content[MAGIC.len()], self.content[MAGIC.len() + 1]])
    }

    /// What follows the version.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields(&self.content[MAGIC.len() + 2..])
    }

    /// The hash of the model.
    pub(crate) fn hash(&self) -> ModelHash {
        hash(&self.content)
    }
}

/// What a file of this version begins with.
pub(crate) fn beginning(version: u16) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(version.to_le_bytes());
    bytes
}

/// Writes a file: its content and the checksum of that.
pub(crate) fn write(content: &[u8], to: &mut impl Write) -> Result<(), CodecError> {
    let checksum = crc32fast::hash(content).to_le_bytes();
    to.write_all(content).map_err(CodecError::Write)?;
    to.write_all(&checksum).map_err(CodecError::Write)
}

/// The hash of a model by its file's content.
pub(crate) fn hash(content: &[u8]) -> ModelHash {
    let digest = Sha256::digest(content);
    ModelHash(std::array::from_fn(|byte| digest[byte]))
}
