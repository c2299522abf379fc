//! Tables of the codecs with losses, whichever a file holds.

use std::io::{Read, Write};

use crate::checked_file::{CheckedFile, Filed as _};
use crate::error::CodecError;
use crate::indices::IndexTables;
use crate::picture_transform::PictureTransformTables;
use crate::pixel::ModelHash;
use crate::tables_file::{OF_IMAGES, OF_INDICES, OF_PICTURES, TABLES};
use crate::transform::TransformTables;

/// The tables of an autoencoder's symbols, for images of one shape or for pictures of any sizes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LossyTables {
    /// For images of one shape.
    Images(TransformTables),
    /// For pictures of any sizes.
    Pictures(PictureTransformTables),
    /// For indices of codewords, of images of one shape.
    Indices(IndexTables),
}

impl LossyTables {
    /// Reads tables of either kind and checks them, as [`TransformTables::read`], [`PictureTransformTables::read`] and
    /// [`IndexTables::read`] do.
    ///
    /// # Errors
    /// Theirs.
    pub fn read(from: &mut impl Read) -> Result<Self, CodecError> {
        let file = CheckedFile::read(&TABLES, from, &[OF_IMAGES, OF_PICTURES, OF_INDICES])?;
        match file.version() {
            OF_INDICES => IndexTables::of_file(&file).map(Self::Indices),
            OF_PICTURES => PictureTransformTables::of_file(&file).map(Self::Pictures),
            _ => TransformTables::of_file(&file).map(Self::Images),
        }
    }

    /// Writes the tables, as `docs/aez-format.md` says.
    ///
    /// # Errors
    /// [`CodecError::Write`].
    pub fn write(&self, to: &mut impl Write) -> Result<(), CodecError> {
        match self {
            Self::Images(tables) => tables.write(to),
            Self::Pictures(tables) => tables.write(to),
            Self::Indices(tables) => tables.write(to),
        }
    }

    /// What names the autoencoder.
    #[must_use]
    pub fn network(&self) -> [u8; 8] {
        match self {
            Self::Images(tables) => tables.network(),
            Self::Pictures(tables) => tables.network(),
            Self::Indices(tables) => tables.network(),
        }
    }

    /// How many qualities there are.
    #[must_use]
    pub fn qualities(&self) -> usize {
        match self {
            Self::Images(tables) => tables.qualities(),
            Self::Pictures(tables) => tables.qualities(),
            Self::Indices(_) => 1,
        }
    }

    /// What names them and the autoencoder: files that were coded with them hold the same.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        match self {
            Self::Images(tables) => tables.hash(),
            Self::Pictures(tables) => tables.hash(),
            Self::Indices(tables) => tables.hash(),
        }
    }
}
