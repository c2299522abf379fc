//! Files of models and of tables: a magic number and a version, fields, a self-test and a checksum.

use std::io::{Read, Write};

use sha2::{Digest, Sha256};

use crate::error::CodecError;
use crate::pixel::ModelHash;

/// What files of one format begin with, how long they may be, and what is said of those that are wrong.
#[derive(Debug)]
pub(crate) struct FileFormat {
    pub(crate) magic: [u8; 8],
    /// Longer files are refused.
    pub(crate) most_bytes: u64,
    pub(crate) not_one: fn() -> CodecError,
    pub(crate) unknown_version: fn(u16) -> CodecError,
    pub(crate) damaged: fn(&'static str) -> CodecError,
    pub(crate) reasons: Reasons,
}

/// What may be wrong with any of them.
#[derive(Debug)]
pub(crate) struct Reasons {
    pub(crate) too_long: &'static str,
    pub(crate) too_short: &'static str,
    pub(crate) checksum: &'static str,
    pub(crate) followed: &'static str,
    pub(crate) self_test: &'static str,
}

/// A file whose beginning and checksum are right.
#[derive(Debug)]
pub(crate) struct CheckedFile {
    format: &'static FileFormat,
    /// All but the checksum.
    content: Vec<u8>,
}

impl CheckedFile {
    /// Reads `from` to its end.
    ///
    /// # Errors
    /// [`CodecError::Read`]; those of `format` where it is not of this format, of a version that is not among `known`, too long, or
    /// its checksum is wrong.
    pub(crate) fn read(
        format: &'static FileFormat,
        from: &mut impl Read,
        known: &[u16],
    ) -> Result<Self, CodecError> {
        let FileFormat {
            magic,
            most_bytes,
            damaged,
            ref reasons,
            ..
        } = *format;
        let mut content = Vec::new();
        let mut from = from.take(most_bytes + 1);
        from.read_to_end(&mut content).map_err(CodecError::Read)?;
        if !content.starts_with(&magic) {
            return Err((format.not_one)());
        }
        if content.len() as u64 > most_bytes {
            return Err(damaged(reasons.too_long));
        }
        if content.len() < magic.len() + 6 {
            return Err(damaged(reasons.too_short));
        }
        let checksum = content.split_off(content.len() - 4);
        let file = Self { format, content };
        let found = file.version();
        if !known.contains(&found) {
            return Err((format.unknown_version)(found));
        }
        if crc32fast::hash(&file.content).to_le_bytes() != *checksum {
            return Err(damaged(reasons.checksum));
        }
        Ok(file)
    }

    /// Which kind of model or tables it holds.
    pub(crate) fn version(&self) -> u16 {
        let after = self.format.magic.len();
        u16::from_le_bytes([self.content[after], self.content[after + 1]])
    }

    /// What follows the version.
    fn fields(&self) -> Fields<'_> {
        Fields {
            left: &self.content[self.format.magic.len() + 2..],
            format: self.format,
        }
    }
}

/// What is kept in a file of its own, whose version tells what it is.
pub(crate) trait Filed: Sized {
    /// The format of its files.
    const FORMAT: &'static FileFormat;
    /// Their version.
    const VERSION: u16;

    /// Appends what follows the version, up to the self-test. Sizes were checked to fit.
    fn put_parts(&self, bytes: &mut Vec<u8>);

    /// Reads what [`put_parts`](Self::put_parts) appends. The hash is set later.
    ///
    /// # Errors
    /// They are no parts of one.
    fn read_parts(fields: &mut Fields<'_>) -> Result<Self, CodecError>;

    /// The CRC-32 of what a machine computes with it from what the program makes up.
    fn self_test(&self) -> u32;

    /// The same under this hash.
    fn named_by(self, hash: ModelHash) -> Self;

    /// All bytes but the checksum.
    fn content(&self) -> Vec<u8> {
        let mut bytes = Self::FORMAT.magic.to_vec();
        bytes.extend(Self::VERSION.to_le_bytes());
        self.put_parts(&mut bytes);
        bytes.extend(self.self_test().to_le_bytes());
        bytes
    }

    /// Writes the file: its content and the checksum of that.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    fn write_file(&self, to: &mut impl Write) -> Result<(), CodecError> {
        let content = self.content();
        let checksum = crc32fast::hash(&content).to_le_bytes();
        to.write_all(&content).map_err(CodecError::Write)?;
        to.write_all(&checksum).map_err(CodecError::Write)
    }

    /// Reads the file to the end of `from`.
    ///
    /// # Errors
    /// As [`CheckedFile::read`] and [`of_file`](Self::of_file).
    fn read_file(from: &mut impl Read) -> Result<Self, CodecError> {
        Self::of_file(&CheckedFile::read(Self::FORMAT, from, &[Self::VERSION])?)
    }

    /// What a file of this version holds.
    ///
    /// # Errors
    /// Its fields are wrong, or this machine computes something else from them.
    fn of_file(file: &CheckedFile) -> Result<Self, CodecError> {
        let FileFormat {
            damaged, reasons, ..
        } = Self::FORMAT;
        let mut fields = file.fields();
        let read = Self::read_parts(&mut fields)?;
        let self_test = u32::from_le_bytes(fields.array()?);
        if !fields.left.is_empty() {
            return Err(damaged(reasons.followed));
        }
        if read.self_test() != self_test {
            return Err(damaged(reasons.self_test));
        }
        Ok(read.named_by(hash(&file.content)))
    }

    /// The same, named by what it is.
    fn named(self) -> Self {
        let hash = hash(&self.content());
        self.named_by(hash)
    }
}

/// What names a model or tables by their file's content, or an autoencoder by its file.
pub(crate) fn hash(content: &[u8]) -> ModelHash {
    let digest = Sha256::digest(content);
    ModelHash(std::array::from_fn(|byte| digest[byte]))
}

/// The fields of a file that are left, taken one after the other.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    left: &'a [u8],
    format: &'static FileFormat,
}

impl<'a> Fields<'a> {
    /// Takes so many bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let taken = self.left.split_off(..count);
        taken.ok_or_else(|| self.too_short())
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let taken = self.take(N)?.first_chunk();
        taken.copied().ok_or_else(|| self.too_short())
    }

    pub(crate) fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Takes `count` numbers of `N` bytes. Memory is taken for those that are there.
    pub(crate) fn numbers<const N: usize, T>(
        &mut self,
        count: usize,
        of: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, CodecError> {
        let bytes = count.checked_mul(N).ok_or_else(|| self.too_short())?;
        let numbers = self.take(bytes)?.as_chunks::<N>().0.iter();
        Ok(numbers.map(|&bytes| of(bytes)).collect())
    }

    fn too_short(&self) -> CodecError {
        (self.format.damaged)(self.format.reasons.too_short)
    }
}
