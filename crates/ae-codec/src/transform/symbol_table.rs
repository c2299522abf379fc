//! The frequencies of symbols, of which a few are usual and all are possible.

use crate::entropy::{FrequencyTable, RangeDecoder, RangeEncoder};

/// Symbols of 8 bits.
const ALL_SYMBOLS: u64 = 256;

/// The frequencies of the symbols of an interval, and of an escape, after which any symbol follows in 8 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SymbolTable {
    /// The first symbol of the interval.
    lowest: i8,
    /// The interval's symbols, and the escape.
    frequencies: FrequencyTable,
}

impl SymbolTable {
    /// The table of these frequencies of symbols from `lowest` on, the escape's being what they leave of 65,536. Nothing
    /// where one of them is 0, they leave nothing, or the symbols are none of 8 bits.
    pub(crate) fn new(lowest: i8, usual: &[u16]) -> Option<Self> {
        let sum: u32 = usual.iter().map(|&frequency| u32::from(frequency)).sum();
        let escape = FrequencyTable::TOTAL.checked_sub(sum)?;
        let all: Vec<u32> = usual.iter().map(|&f| f.into()).chain([escape]).collect();
        Self::of(lowest, FrequencyTable::new(&all)?)
    }

    /// The table nearest to what was counted of symbols from `lowest` on; the escape is counted once in 65,536 or more rarely
    /// than anything else.
    pub(crate) fn from_counts(lowest: i8, usual: &[u64]) -> Option<Self> {
        let counts: Vec<u64> = usual.iter().copied().chain([0]).collect();
        Self::of(lowest, FrequencyTable::from_histogram(&counts)?)
    }

    fn of(lowest: i8, frequencies: FrequencyTable) -> Option<Self> {
        let usual = frequencies.symbols() - 1;
        let last = i32::from(lowest) + i32::try_from(usual).ok()? - 1;
        (last <= i32::from(i8::MAX)).then_some(Self {
            lowest,
            frequencies,
        })
    }

    /// The first usual symbol.
    pub(crate) fn lowest(&self) -> i8 {
        self.lowest
    }

    /// The frequencies of the usual symbols. Each fits in 16 bits, as the escape has at least 1.
    pub(crate) fn usual(&self) -> impl ExactSizeIterator<Item = u16> {
        let usual = 0..self.escape();
        usual.map(|index| self.frequencies.frequency(index) as u16)
    }

    fn escape(&self) -> usize {
        self.frequencies.symbols() - 1
    }

    /// Writes a symbol.
    #[inline]
    pub(crate) fn encode(&self, symbol: i8, encoder: &mut RangeEncoder) {
        self.encode_around(0, symbol, encoder);
    }

    /// Writes a symbol by a table of how far symbols are from `center`.
    #[inline]
    pub(crate) fn encode_around(&self, center: i32, symbol: i8, encoder: &mut RangeEncoder) {
        let index = usize::try_from(i32::from(symbol) - center - i32::from(self.lowest));
        match index {
            Ok(index) if index < self.escape() => self.frequencies.encode(index, encoder),
            _ => {
                self.frequencies.encode(self.escape(), encoder);
                encoder.encode(symbol.cast_unsigned().into(), 1, ALL_SYMBOLS);
            }
        }
    }

    /// The bits that a symbol takes by a table of how far symbols are from `center`.
    #[inline]
    pub(crate) fn bits_around(&self, center: i32, symbol: i8) -> f32 {
        let index = usize::try_from(i32::from(symbol) - center - i32::from(self.lowest));
        let bits = |index: usize| {
            let share = self.frequencies.frequency(index) as f32 / FrequencyTable::TOTAL as f32;
            -share.log2()
        };
        match index {
            Ok(index) if index < self.escape() => bits(index),
            _ => bits(self.escape()) + (ALL_SYMBOLS as f32).log2(),
        }
    }

    /// Reads a symbol.
    #[inline]
    pub(crate) fn decode(&self, decoder: &mut RangeDecoder<'_>) -> i8 {
        self.decode_around(0, decoder)
    }

    /// Reads a symbol by a table of how far symbols are from `center`.
    #[inline]
    pub(crate) fn decode_around(&self, center: i32, decoder: &mut RangeDecoder<'_>) -> i8 {
        let index = self.frequencies.decode(decoder);
        if index < self.escape() {
            let symbol = center + i32::from(self.lowest) + index as i32;
            // What an encoder wrote is within 8 bits.
            return symbol.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
        }
        let symbol = decoder.position(ALL_SYMBOLS);
        decoder.advance(symbol, 1, ALL_SYMBOLS);
        (symbol as u8).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_symbols_are_short_and_all_are_possible() {
        let table = SymbolTable::from_counts(-1, &[10, 80, 10]).unwrap();
        let all: Vec<i8> = (i8::MIN..=i8::MAX).collect();
        for symbols in [&[0_i8; 80][..], &all] {
            let mut encoder = RangeEncoder::new();
            for &symbol in symbols {
                table.encode(symbol, &mut encoder);
            }
            let bytes = encoder.finish();
            // 80 symbols of .32 bits.
            assert!(symbols.len() > 80 || bytes.len() <= 5, "{}", bytes.len());
            let mut decoder = RangeDecoder::new(&bytes);
            let decoded: Vec<i8> = symbols.iter().map(|_| table.decode(&mut decoder)).collect();
            assert_eq!(decoded, symbols);
        }
        let frequencies: Vec<u16> = table.usual().collect();
        assert_eq!(SymbolTable::new(-1, &frequencies), Some(table));
    }

    #[test]
    fn impossible_tables_are_none() {
        assert!(SymbolTable::new(0, &[]).is_some());
        assert!(SymbolTable::new(127, &[1]).is_some());
        assert_eq!(SymbolTable::new(127, &[1, 1]), None);
        assert_eq!(SymbolTable::new(0, &[1, 0]), None);
        assert_eq!(SymbolTable::new(0, &[65_535, 1]), None);
        assert_eq!(SymbolTable::new(-128, &[1; 257]), None);
        assert!(SymbolTable::new(-128, &[1; 256]).is_some());
    }
}
