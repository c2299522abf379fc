//! What codes the symbols of pictures: checked, and named by its hash.

use crate::pixel::ModelHash;
use crate::shape::ImageShape;
use crate::transform::channel_tables::ChannelTables;

/// More channels are refused.
pub(super) const MOST_CHANNELS: usize = 1024;
/// More pixels of a block's side are refused.
pub(super) const MOST_REDUCTION: usize = 256;
/// What values of the location are in units of: 1 / 256.
const LOCATION_BITS: u32 = 8;
/// Parts of a unit that tables are told apart by.
pub(super) const FRACTIONS: usize = 8;
/// The largest symbol that is expected.
const LARGEST_SYMBOL: i32 = 127;

/// The tables by which an autoencoder's symbols of pictures are written in few bits, at each of its qualities.
///
/// Where a symbol will lie is a linear function, in integers, of the symbols before it around it; its table is that of how far
/// from there it is, which another such function, of magnitudes, chooses. Every machine chooses the same, so what one has encoded
/// the others decode.
///
/// Made by [`measure`](Self::measure) or [`read`](Self::read).
#[derive(Debug, Clone, PartialEq)]
pub struct PictureTransformTables {
    pub(super) layout: Layout,
    /// Names the autoencoder whose symbols these are.
    pub(super) network: [u8; 8],
    /// `[qualities, channels]`; of each channel `[classes of the scale, FRACTIONS]` tables, and a location in 256ths without classes.
    pub(super) qualities: Vec<Vec<ChannelTables>>,
    pub(super) hash: ModelHash,
}

/// How many symbols a picture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Pixels of the side of a block.
    pub(super) reduction: usize,
    /// Symbols of a block.
    pub(super) channels: usize,
}

impl Layout {
    /// The layout, or nothing where it is not possible.
    pub(super) fn new(reduction: usize, channels: usize) -> Option<Self> {
        let is_possible =
            (1..=MOST_REDUCTION).contains(&reduction) && (1..=MOST_CHANNELS).contains(&channels);
        is_possible.then_some(Self {
            reduction,
            channels,
        })
    }

    /// Rows and columns of a picture's blocks.
    pub(super) fn places(self, shape: ImageShape) -> [usize; 2] {
        [shape.height(), shape.width()].map(|side| side.div_ceil(self.reduction))
    }

    /// A picture's symbols.
    pub(super) fn symbols(self, shape: ImageShape) -> usize {
        let [rows, columns] = self.places(shape);
        rows.saturating_mul(columns).saturating_mul(self.channels)
    }

    /// Symbols that a channel's predictors look at: all channels of the blocks above left, above, above right and to the left,
    /// and the channels before its own of its block.
    pub(super) const fn neighbors(self, channel: usize) -> usize {
        4 * self.channels + channel
    }
}

/// The symbols of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureSymbols {
    /// Height and width of the picture.
    pub shape: ImageShape,
    /// `[rows, columns, channels]`.
    pub symbols: Vec<i8>,
}

/// The whole symbol nearest to a location, and which part of the unit around it the location lies in.
#[inline]
pub(super) fn center(location: i32) -> (i32, usize) {
    let half = (location >> (LOCATION_BITS - 1)) & 1;
    let whole = (location >> LOCATION_BITS) + half;
    // From half a unit below the whole symbol to half a unit above.
    let part = ((location & 255) as usize + 128) & 255;
    let whole = whole.clamp(-LARGEST_SYMBOL, LARGEST_SYMBOL);
    (whole, (part * FRACTIONS) >> LOCATION_BITS)
}

impl PictureTransformTables {
    /// Pixels of the side of the blocks that symbols are of.
    #[must_use]
    pub fn reduction(&self) -> usize {
        self.layout.reduction
    }

    /// Symbols of a block.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.layout.channels
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centers_are_the_nearest_symbols_with_the_part_they_are_in() {
        for (location, expected) in [
            (0, (0, 4)),
            (127, (0, 7)),
            (128, (1, 0)),
            (-128, (0, 0)),
            (-129, (-1, 7)),
            (256 * 5 + 33, (5, 5)),
            (-256 * 5 - 33, (-5, 2)),
            (i32::MAX, (127, 3)),
            (i32::MIN, (-127, 4)),
        ] {
            assert_eq!(center(location), expected, "{location}");
        }
    }

    #[test]
    fn blocks_cover_the_picture() {
        let layout = Layout::new(8, 48).unwrap();
        let shape = |height, width| ImageShape::new(height, width).unwrap();
        assert_eq!(layout.places(shape(512, 768)), [64, 96]);
        assert_eq!(layout.places(shape(1, 9)), [1, 2]);
        assert_eq!(layout.symbols(shape(1, 9)), 96);
        assert_eq!(Layout::new(0, 48), None);
        assert_eq!(Layout::new(8, 0), None);
        assert_eq!(Layout::new(512, 8), None);
        assert_eq!(Layout::new(8, 2000), None);
    }
}
