//! What codes an autoencoder's symbols: checked, and named by its hash.

use std::fmt;

use super::channel_tables::ChannelTables;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;

/// More symbols of one image are refused.
pub(crate) const MOST_SYMBOLS: usize = 1 << 20;

/// The shape of an image's code: `[channels, rows, columns]`, at most 1,048,576 symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeShape {
    channels: u16,
    rows: u16,
    columns: u16,
}

impl CodeShape {
    /// The shape, or nothing where a side is 0 or there are too many symbols.
    #[must_use]
    pub fn new(channels: u16, rows: u16, columns: u16) -> Option<Self> {
        let shape = Self {
            channels,
            rows,
            columns,
        };
        (1..=MOST_SYMBOLS)
            .contains(&shape.symbols())
            .then_some(shape)
    }

    /// Symbols at each place.
    #[must_use]
    pub const fn channels(self) -> usize {
        self.channels as usize
    }

    /// Rows of places.
    #[must_use]
    pub const fn rows(self) -> usize {
        self.rows as usize
    }

    /// Places of a row.
    #[must_use]
    pub const fn columns(self) -> usize {
        self.columns as usize
    }

    /// Places in all.
    #[must_use]
    pub const fn places(self) -> usize {
        self.rows() * self.columns()
    }

    /// Symbols in all.
    #[must_use]
    pub const fn symbols(self) -> usize {
        self.channels().saturating_mul(self.places())
    }
}

impl fmt::Display for CodeShape {
    /// Writes channels, rows and columns, as in `16x7x7`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            channels,
            rows,
            columns,
        } = self;
        write!(formatter, "{channels}x{rows}x{columns}")
    }
}

/// The tables by which an autoencoder's symbols are written in few bits, at each of its qualities.
///
/// A symbol's table is chosen by two linear functions, in integers, of the symbols before it around it: where it will lie,
/// and how far from there. Every machine chooses the same, so what one has encoded the others decode.
///
/// Made by [`measure`](Self::measure) or [`read`](Self::read).
#[derive(Debug, Clone, PartialEq)]
pub struct TransformTables {
    pub(super) shape: ImageShape,
    pub(super) code: CodeShape,
    /// Names the autoencoder whose symbols these are.
    pub(super) network: [u8; 8],
    /// `[qualities, channels]`.
    pub(super) qualities: Vec<Vec<ChannelTables>>,
    pub(super) hash: ModelHash,
}

/// Symbols that a channel's predictors look at: all channels at the four places before, and the channels before at its own.
pub(crate) const fn neighbors(code: CodeShape, channel: usize) -> usize {
    4 * code.channels() + channel
}

impl TransformTables {
    /// The shape of the images that the symbols are of.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The shape of an image's symbols.
    #[must_use]
    pub fn code(&self) -> CodeShape {
        self.code
    }

    /// What names the autoencoder, as [`measure`](Self::measure) was given it.
    #[must_use]
    pub fn network(&self) -> [u8; 8] {
        self.network
    }

    /// How many qualities there are.
    #[must_use]
    pub fn qualities(&self) -> usize {
        self.qualities.len()
    }

    /// What names them and the autoencoder: files that were coded with them hold the same.
    #[must_use]
    pub fn hash(&self) -> ModelHash {
        self.hash
    }
}
