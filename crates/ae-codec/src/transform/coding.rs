//! Symbols as bytes, and back.

use super::channel_tables::ChannelTables;
use super::predictor::Predictor;
use super::symbol_table::SymbolTable;
use super::tables::CodeShape;
use crate::entropy::{RangeDecoder, RangeEncoder};
use crate::simd::{InstructionSet, compiled_for};

/// The symbols of one image as far as they are known, with a border of zeros, channels last: those around a place lie
/// together.
///
/// A symbol's neighbors are, in the order of weights, all channels at the places to the left, above, above to the left and
/// above to the right, and the channels before its own at its place.
pub(crate) struct Neighborhood {
    code: CodeShape,
    signed: Vec<i16>,
    magnitudes: Vec<i16>,
    /// The four places' of the current place, one after the other.
    around: Vec<i16>,
    around_magnitudes: Vec<i16>,
}

impl Neighborhood {
    pub(crate) fn new(code: CodeShape) -> Self {
        // A row above, and a column on either side.
        let places = (code.rows() + 1) * (code.columns() + 2);
        let values = vec![0; places * code.channels()];
        let around = vec![0; 4 * code.channels()];
        Self {
            code,
            magnitudes: values.clone(),
            signed: values,
            around_magnitudes: around.clone(),
            around,
        }
    }

    /// Begins another image.
    pub(crate) fn clear(&mut self) {
        self.signed.fill(0);
        self.magnitudes.fill(0);
    }

    /// Where the symbols of a place begin.
    #[inline(always)]
    fn start(&self, row: usize, column: usize) -> usize {
        ((row + 1) * (self.code.columns() + 2) + column + 1) * self.code.channels()
    }

    /// Gathers the neighbors of a place.
    #[inline(always)]
    pub(crate) fn look_around(&mut self, row: usize, column: usize) {
        let channels = self.code.channels();
        let here = self.start(row, column);
        let above = here - (self.code.columns() + 2) * channels;
        let places = [here - channels, above, above - channels, above + channels];
        for (index, place) in places.into_iter().enumerate() {
            let to = index * channels..(index + 1) * channels;
            let from = place..place + channels;
            self.around[to.clone()].copy_from_slice(&self.signed[from.clone()]);
            self.around_magnitudes[to].copy_from_slice(&self.magnitudes[from]);
        }
    }

    /// The neighbors at the four places that were gathered, and those at the place itself before a channel.
    #[inline(always)]
    pub(crate) fn signed(&self, row: usize, column: usize, channel: usize) -> [&[i16]; 2] {
        let here = self.start(row, column);
        [&self.around, &self.signed[here..here + channel]]
    }

    /// Their magnitudes.
    #[inline(always)]
    pub(crate) fn magnitudes(&self, row: usize, column: usize, channel: usize) -> [&[i16]; 2] {
        let here = self.start(row, column);
        [
            &self.around_magnitudes,
            &self.magnitudes[here..here + channel],
        ]
    }

    /// Says what a symbol is.
    #[inline(always)]
    pub(crate) fn set(&mut self, row: usize, column: usize, channel: usize, symbol: i8) {
        let here = self.start(row, column) + channel;
        self.signed[here] = symbol.into();
        self.magnitudes[here] = i16::from(symbol).abs();
    }
}

/// Writes the symbols of images, `[count, channels, rows, columns]`: image by image, place by place, channel by channel.
pub(crate) fn encode(code: CodeShape, tables: &[ChannelTables], symbols: &[u8]) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    let count = symbols.len() / code.symbols();
    walk(code, tables, count, |index, tables| {
        let symbol = symbols[index].cast_signed();
        tables.encode(symbol, &mut encoder);
        symbol
    });
    encoder.finish()
}

/// Reads the symbols of `count` images. Bytes that no encoder wrote give some symbols or other.
pub(crate) fn decode(
    code: CodeShape,
    tables: &[ChannelTables],
    bytes: &[u8],
    count: usize,
) -> Vec<u8> {
    let mut decoder = RangeDecoder::new(bytes);
    let mut symbols = vec![0; count * code.symbols()];
    walk(code, tables, count, |index, table| {
        let symbol = table.decode(&mut decoder);
        symbols[index] = symbol.cast_unsigned();
        symbol
    });
    symbols
}

/// The index of a channel's table where its predictors have these values.
#[inline(always)]
pub(crate) fn table_index(
    location: &Predictor,
    scale: &Predictor,
    of_location: i32,
    of_scale: i32,
) -> usize {
    scale.class(of_scale) * (location.thresholds.len() + 1) + location.class(of_location)
}

/// Goes through the symbols in their order: `step` gets a symbol's index and table, and says what it is.
#[inline(always)]
pub(super) fn walk(
    code: CodeShape,
    tables: &[ChannelTables],
    count: usize,
    step: impl FnMut(usize, &SymbolTable) -> i8,
) {
    compiled_for(
        InstructionSet::detect(),
        #[inline(always)]
        || walk_plainly(code, tables, count, step),
    );
}

#[inline(always)]
fn walk_plainly(
    code: CodeShape,
    tables: &[ChannelTables],
    count: usize,
    mut step: impl FnMut(usize, &SymbolTable) -> i8,
) {
    let mut neighborhood = Neighborhood::new(code);
    for image in 0..count {
        neighborhood.clear();
        for place in 0..code.places() {
            let (row, column) = (place / code.columns(), place % code.columns());
            neighborhood.look_around(row, column);
            for (channel, tables) in tables.iter().enumerate() {
                let [around, here] = neighborhood.signed(row, column, channel);
                let location = tables.location.value(around, here, place);
                let [around, here] = neighborhood.magnitudes(row, column, channel);
                let scale = tables.scale.value(around, here, place);
                let chosen = table_index(&tables.location, &tables.scale, location, scale);
                let index = (image * code.channels() + channel) * code.places() + place;
                let symbol = step(index, &tables.tables[chosen]);
                neighborhood.set(row, column, channel, symbol);
            }
        }
    }
}
