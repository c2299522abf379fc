//! A range coder in integers: byte-wise, with carries, ending in at most one byte.

/// The range is kept at or above this: a byte leaves whenever it falls below.
const LEAST_RANGE: u64 = 1 << 56;

/// The largest sum of frequencies: what a symbol loses by the division is below 2⁻²⁴ of it.
pub(crate) const LARGEST_TOTAL: u64 = 1 << 32;

/// Writes symbols, each given as a part of a total, in as many bits as its share of the total asks for.
///
/// The decoder reads them in the order in which they were written. Zero bytes at the end are left out, for
/// [`RangeDecoder`] reads zeros after the end: ending the stream takes at most one byte.
///
/// ```
/// use ae_codec::{RangeDecoder, RangeEncoder};
///
/// let mut encoder = RangeEncoder::new();
/// encoder.encode(3, 5, 8); // the five values 3 to 7 of 8
/// let bytes = encoder.finish();
///
/// let mut decoder = RangeDecoder::new(&bytes);
/// assert!((3..8).contains(&decoder.position(8)));
/// decoder.advance(3, 5, 8);
/// ```
///
/// # References
/// G. N. N. Martin (1979), *Range encoding*; M. Schindler (1998), *A fast renormalisation for arithmetic coding*. The
/// last symbol of a total gets what the division leaves over. An alternative is J. Duda (2013), *Asymmetric numeral
/// systems*, which reads backwards what was written.
#[derive(Debug, Clone)]
pub struct RangeEncoder {
    low: u64,
    range: u64,
    bytes: Vec<u8>,
}

impl RangeEncoder {
    /// An encoder that has written nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            low: 0,
            range: u64::MAX,
            bytes: Vec::new(),
        }
    }

    /// Writes the symbol that has the `frequency` values from `start` on, of `total`.
    ///
    /// # Panics
    /// If `frequency` is 0, the symbol reaches beyond `total`, or `total` is above 2³².
    #[inline]
    pub fn encode(&mut self, start: u64, frequency: u64, total: u64) {
        let end = check(start, frequency, total);
        let step = self.range / total;
        let (low, carry) = self.low.overflowing_add(step * start);
        if carry {
            self.carry();
        }
        self.low = low;
        self.range = if end == total {
            self.range - step * start
        } else {
            step * frequency
        };
        while self.range < LEAST_RANGE {
            self.bytes.push((self.low >> 56) as u8);
            self.low <<= 8;
            self.range <<= 8;
        }
    }

    /// Ends the stream and gives its bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        // Of the values in the range, one has seven zero bytes at its end.
        let (value, carry) = self.low.overflowing_add(LEAST_RANGE - 1);
        if carry {
            self.carry();
        }
        self.bytes.push((value >> 56) as u8);
        while self.bytes.last() == Some(&0) {
            self.bytes.pop();
        }
        self.bytes
    }

    /// Adds one to the bytes already written, read as one number. It never exceeds them: the first bytes stand for a
    /// number below 1, and so do all that could have been written.
    fn carry(&mut self) {
        for byte in self.bytes.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                return;
            }
        }
    }
}

impl Default for RangeEncoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads what [`RangeEncoder`] has written.
///
/// Bytes that no encoder wrote give some symbols or other; nothing panics.
#[derive(Debug, Clone)]
pub struct RangeDecoder<'a> {
    offset: u64,
    range: u64,
    bytes: &'a [u8],
}

impl<'a> RangeDecoder<'a> {
    /// A decoder at the beginning of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            offset: 0,
            range: u64::MAX,
            bytes,
        };
        for _ in 0..8 {
            decoder.shift();
        }
        decoder
    }

    /// A value of `0..total` that is among those of the next symbol.
    ///
    /// # Panics
    /// If `total` is 0 or above 2³².
    #[inline]
    #[must_use]
    pub fn position(&self, total: u64) -> u64 {
        assert!(total <= LARGEST_TOTAL, "a total of {total} is above 2^32");
        (self.offset / (self.range / total)).min(total - 1)
    }

    /// Goes past the symbol that has the `frequency` values from `start` on, of `total`: the one in which
    /// [`position`](Self::position) lies.
    ///
    /// # Panics
    /// If `frequency` is 0, the symbol reaches beyond `total`, `total` is above 2³², or the position is before `start`.
    #[inline]
    pub fn advance(&mut self, start: u64, frequency: u64, total: u64) {
        let end = check(start, frequency, total);
        let step = self.range / total;
        assert!(
            self.offset >= step * start,
            "the symbol is not the one that was written"
        );
        self.offset -= step * start;
        self.range = if end == total {
            self.range - step * start
        } else {
            step * frequency
        };
        while self.range < LEAST_RANGE {
            self.range <<= 8;
            self.shift();
        }
    }

    #[inline]
    fn shift(&mut self) {
        let next = self.bytes.split_off_first().copied().unwrap_or(0);
        self.offset = self.offset << 8 | u64::from(next);
    }
}

/// The end of a symbol's values.
#[inline]
fn check(start: u64, frequency: u64, total: u64) -> u64 {
    assert!(
        frequency > 0 && total <= LARGEST_TOTAL && start < total && frequency <= total - start,
        "values {start} + {frequency} of {total}"
    );
    start + frequency
}

#[cfg(test)]
mod tests;
