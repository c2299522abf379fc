//! Frequencies that are stored: sixteen bits, every symbol possible.

use super::range_coder::{RangeDecoder, RangeEncoder};

/// How often each symbol is expected, of 65,536.
///
/// Every symbol has a frequency of at least 1, so that each can be written, and they sum to exactly 65,536.
///
/// ```
/// use ae_codec::{FrequencyTable, RangeDecoder, RangeEncoder};
///
/// let table = FrequencyTable::from_histogram(&[900, 0, 100]).unwrap();
/// let mut encoder = RangeEncoder::new();
/// for symbol in [0, 2, 1, 0] {
///     table.encode(symbol, &mut encoder);
/// }
/// let bytes = encoder.finish();
/// let mut decoder = RangeDecoder::new(&bytes);
/// assert_eq!([(); 4].map(|()| table.decode(&mut decoder)), [0, 2, 1, 0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrequencyTable {
    /// Where each symbol's values begin, and 65,536.
    starts: Vec<u32>,
}

impl FrequencyTable {
    /// The sum of the frequencies.
    pub const TOTAL: u32 = 1 << 16;

    /// The table of `frequencies`, or nothing where one of them is 0 or they don't sum to [`TOTAL`](Self::TOTAL).
    #[must_use]
    pub fn new(frequencies: &[u32]) -> Option<Self> {
        let mut starts = Vec::with_capacity(frequencies.len() + 1);
        let mut sum = 0u32;
        starts.push(0);
        for &frequency in frequencies {
            sum = sum.checked_add(frequency)?;
            if frequency == 0 || sum > Self::TOTAL {
                return None;
            }
            starts.push(sum);
        }
        (sum == Self::TOTAL).then_some(Self { starts })
    }

    /// The table nearest to what was counted: one for each symbol, and the rest in proportion, what is left over by
    /// rounding down to the most frequent symbol (the first of them).
    ///
    /// Nothing where there are no symbols, or more than 65,536.
    #[must_use]
    pub fn from_histogram(counts: &[u64]) -> Option<Self> {
        let rest = u128::from(Self::TOTAL).checked_sub(counts.len() as u128)?;
        let sum: u128 = counts.iter().map(|&count| u128::from(count)).sum();
        let share = |count: u64| {
            let share = (u128::from(count) * rest).checked_div(sum).unwrap_or(0);
            1 + share as u32 // at most 65,536
        };
        let mut frequencies: Vec<u32> = counts.iter().map(|&count| share(count)).collect();
        let left_over = Self::TOTAL - frequencies.iter().sum::<u32>();
        let most = (0..counts.len())
            .rev()
            .max_by_key(|&symbol| counts[symbol])?;
        frequencies[most] += left_over;
        Self::new(&frequencies)
    }

    /// How many symbols there are.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.starts.len() - 1
    }

    /// How often `symbol` is expected.
    ///
    /// # Panics
    /// If there is no such symbol.
    #[must_use]
    pub fn frequency(&self, symbol: usize) -> u32 {
        self.starts[symbol + 1] - self.starts[symbol]
    }

    /// Writes `symbol`.
    ///
    /// # Panics
    /// If there is no such symbol.
    pub fn encode(&self, symbol: usize, encoder: &mut RangeEncoder) {
        let (start, frequency) = (self.starts[symbol], self.frequency(symbol));
        encoder.encode(start.into(), frequency.into(), Self::TOTAL.into());
    }

    /// The symbol whose frequency covers a position, of those that are given out in the order of the symbols.
    ///
    /// # Panics
    /// If the position is not below [`TOTAL`](Self::TOTAL).
    #[must_use]
    pub fn symbol_at(&self, position: u32) -> usize {
        assert!(position < Self::TOTAL, "a position below the sum");
        self.starts.partition_point(|&start| start <= position) - 1
    }

    /// Reads a symbol.
    pub fn decode(&self, decoder: &mut RangeDecoder<'_>) -> usize {
        let position = decoder.position(Self::TOTAL.into()) as u32; // below 65,536
        let symbol = self.symbol_at(position);
        let (start, frequency) = (self.starts[symbol], self.frequency(symbol));
        decoder.advance(start.into(), frequency.into(), Self::TOTAL.into());
        symbol
    }
}

#[cfg(test)]
mod tests;
