//! Symbols as bytes, and back.

use super::tables::{FRACTIONS, Layout, center};
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::shape::ImageShape;
use crate::transform::channel_tables::ChannelTables;
use crate::transform::symbol_table::SymbolTable;

/// Two rows of symbols, the one above and the one that is being coded, each with a block of zeros at either end, channels last:
/// what predictors look at lies together.
pub(super) struct Neighborhood {
    channels: usize,
    above: Row,
    current: Row,
}

#[derive(Clone)]
struct Row {
    signed: Vec<i16>,
    magnitudes: Vec<i16>,
}

/// The neighbors of a symbol in the order of weights: the three blocks above, then the block to the left and the channels before
/// at its own.
pub(super) type Neighbors<'a> = [&'a [i16]; 2];

impl Neighborhood {
    pub(super) fn new(channels: usize, columns: usize) -> Self {
        let values = vec![0; (columns + 2) * channels];
        let row = Row {
            magnitudes: values.clone(),
            signed: values,
        };
        Self {
            channels,
            above: row.clone(),
            current: row,
        }
    }

    /// Begins the next row.
    pub(super) fn next_row(&mut self) {
        std::mem::swap(&mut self.above, &mut self.current);
        // Whatever is not coded yet is not looked at.
    }

    /// The symbols around one.
    #[inline]
    pub(super) fn signed(&self, column: usize, channel: usize) -> Neighbors<'_> {
        self.around(&self.above.signed, &self.current.signed, column, channel)
    }

    /// Their magnitudes.
    #[inline]
    pub(super) fn magnitudes(&self, column: usize, channel: usize) -> Neighbors<'_> {
        self.around(
            &self.above.magnitudes,
            &self.current.magnitudes,
            column,
            channel,
        )
    }

    #[inline]
    fn around<'a>(
        &self,
        above: &'a [i16],
        current: &'a [i16],
        column: usize,
        channel: usize,
    ) -> Neighbors<'a> {
        let channels = self.channels;
        let left = column * channels;
        [
            &above[left..left + 3 * channels],
            &current[left..left + channels + channel],
        ]
    }

    /// Says what a symbol of the current row is.
    #[inline]
    pub(super) fn set(&mut self, column: usize, channel: usize, symbol: i8) {
        let place = (column + 1) * self.channels + channel;
        self.current.signed[place] = symbol.into();
        self.current.magnitudes[place] = i16::from(symbol).abs();
    }
}

/// Writes the symbols of pictures, each `[rows, columns, channels]`, one after the other, in that order.
pub(super) fn encode(
    layout: Layout,
    tables: &[ChannelTables],
    symbols: &[u8],
    shapes: &[ImageShape],
) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    let mut symbols = symbols.iter();
    for &shape in shapes {
        walk(layout, tables, shape, |table, center| {
            let symbol = symbols.next().map_or(0, |symbol| symbol.cast_signed());
            table.encode_around(center, symbol, &mut encoder);
            symbol
        });
    }
    encoder.finish()
}

/// Reads the symbols of pictures of these shapes. Bytes that no encoder wrote give some symbols or other.
pub(super) fn decode(
    layout: Layout,
    tables: &[ChannelTables],
    bytes: &[u8],
    shapes: &[ImageShape],
) -> Vec<u8> {
    let mut decoder = RangeDecoder::new(bytes);
    let all = shapes.iter().map(|&shape| layout.symbols(shape)).sum();
    let mut symbols = Vec::with_capacity(all);
    for &shape in shapes {
        walk(layout, tables, shape, |table, center| {
            let symbol = table.decode_around(center, &mut decoder);
            symbols.push(symbol.cast_unsigned());
            symbol
        });
    }
    symbols
}

/// Which of a channel's tables a symbol has after these neighbors, and the symbol in its middle.
#[inline]
pub(super) fn chosen(
    tables: &ChannelTables,
    neighborhood: &Neighborhood,
    column: usize,
    channel: usize,
) -> (usize, i32) {
    let [above, here] = neighborhood.signed(column, channel);
    let (whole, part) = center(tables.location.value(above, here, 0));
    let [above, here] = neighborhood.magnitudes(column, channel);
    let class = tables.scale.class(tables.scale.value(above, here, 0));
    (class * FRACTIONS + part, whole)
}

/// Goes through a picture's symbols in their order: `step` gets a symbol's table and the symbol in its middle, and says what it
/// is.
pub(super) fn walk(
    layout: Layout,
    tables: &[ChannelTables],
    shape: ImageShape,
    mut step: impl FnMut(&SymbolTable, i32) -> i8,
) {
    let [rows, columns] = layout.places(shape);
    let mut neighborhood = Neighborhood::new(layout.channels, columns);
    for _ in 0..rows {
        for column in 0..columns {
            for (channel, tables) in tables.iter().enumerate() {
                let (table, center) = chosen(tables, &neighborhood, column, channel);
                let symbol = step(&tables.tables[table], center);
                neighborhood.set(column, channel, symbol);
            }
        }
        neighborhood.next_row();
    }
}
