//! Digits as bytes, and back.

use super::code::IndexCode;
use super::tree::{AROUND, Features, Tree};
use crate::entropy::{FrequencyTable, RangeDecoder, RangeEncoder};

/// The digits of one image as far as they are known, each 1 more, with a border of zeros.
pub(super) struct Neighborhood {
    features: Features,
    digits: usize,
    /// Places of a row, with the border's.
    width: usize,
    known: Vec<u16>,
    /// What the table of a digit at the current place is chosen by.
    around: Vec<u16>,
}

impl Neighborhood {
    pub(super) fn new(code: &IndexCode) -> Self {
        let digits = code.digits();
        let features = Features::new(digits);
        // A row above, and a column on either side.
        let width = code.columns() + 2;
        Self {
            features,
            digits,
            width,
            known: vec![0; (code.rows() + 1) * width * digits],
            around: vec![0; features.count()],
        }
    }

    /// Begins another image.
    pub(super) fn clear(&mut self) {
        self.known.fill(0);
    }

    fn start(&self, row: usize, column: usize) -> usize {
        ((row + 1) * self.width + column + 1) * self.digits
    }

    /// Goes to a place whose own digits are not known yet.
    pub(super) fn look_around(&mut self, row: usize, column: usize) {
        let here = self.start(row, column);
        let above = here - self.width * self.digits;
        let places: [usize; AROUND] = [
            here - self.digits,
            above,
            above - self.digits,
            above + self.digits,
        ];
        for (to, from) in self.around.chunks_exact_mut(self.digits).zip(places) {
            to.copy_from_slice(&self.known[from..from + self.digits]);
        }
        let (own, row_feature) = (self.features.own(), self.features.row());
        self.around[own..row_feature].fill(0);
        self.around[row_feature] = row as u16; // sides have 16 bits
        self.around[row_feature + 1] = column as u16;
    }

    /// What a table at the place is chosen by.
    pub(super) fn features(&self) -> &[u16] {
        &self.around
    }

    /// Says what a digit at the place is.
    pub(super) fn set(&mut self, row: usize, column: usize, digit: usize, value: u8) {
        let here = self.start(row, column) + digit;
        self.known[here] = u16::from(value) + 1;
        self.around[self.features.own() + digit] = value.into();
    }
}

/// Writes the digits of images, `[count, rows, columns, digits]`.
///
/// # Panics
/// If a digit has no such value.
pub(super) fn encode(code: &IndexCode, trees: &[Tree], digits: &[u8]) -> Vec<u8> {
    let mut encoder = RangeEncoder::new();
    walk(
        code,
        trees,
        digits.len() / code.symbols(),
        |index, table| {
            let digit = digits[index];
            table.encode(digit.into(), &mut encoder);
            digit
        },
    );
    encoder.finish()
}

/// Reads the digits of `count` images. Bytes that no encoder wrote give some digits or other.
pub(super) fn decode(code: &IndexCode, trees: &[Tree], bytes: &[u8], count: usize) -> Vec<u8> {
    let mut decoder = RangeDecoder::new(bytes);
    let mut digits = vec![0; count * code.symbols()];
    walk(code, trees, count, |index, table| {
        // A digit has at most 256 values.
        digits[index] = table.decode(&mut decoder) as u8;
        digits[index]
    });
    digits
}

/// Goes through the digits in their order: `step` gets a digit's index and table, and says what it is.
pub(super) fn walk(
    code: &IndexCode,
    trees: &[Tree],
    count: usize,
    mut step: impl FnMut(usize, &FrequencyTable) -> u8,
) {
    let mut neighborhood = Neighborhood::new(code);
    let mut index = 0;
    for _ in 0..count {
        neighborhood.clear();
        for place in 0..code.places() {
            let (row, column) = (place / code.columns(), place % code.columns());
            neighborhood.look_around(row, column);
            for (digit, tree) in trees.iter().enumerate() {
                let value = step(index, tree.table(neighborhood.features()));
                neighborhood.set(row, column, digit, value);
                index += 1;
            }
        }
    }
}
