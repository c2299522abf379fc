//! What indices of codewords are written as: a few digits at each place.

use super::similarity::similarity_order;
use crate::transform::tables::MOST_SYMBOLS;

/// The most codewords.
const MOST_CODEWORDS: usize = 1 << 16;
/// The largest radix.
const LARGEST_RADIX: usize = 256;
/// Codewords up to this many are written as one digit.
const ONE_DIGIT: usize = 16;

/// The grid of an image's indices, and what each index is written as: its rank among the codewords, as digits of a few values
/// each, of which the first counts once, the second as often as the first has values, and so on.
///
/// ```
/// use ae_codec::IndexCode;
///
/// let code = IndexCode::of_levels(1, 2, &[8, 5, 5, 5]).unwrap();
/// assert_eq!(code.codewords(), 1000);
/// let digits = code.digits_of(&[0, 999]).unwrap();
/// assert_eq!(digits, [0, 0, 0, 0, 7, 4, 4, 4]);
/// assert_eq!(code.indices_of(&digits).unwrap(), [0, 999]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexCode {
    pub(super) rows: u16,
    pub(super) columns: u16,
    /// How many values each digit has.
    pub(super) radices: Vec<u16>,
    /// The rank of each index; empty where they are the same.
    pub(super) ranks: Vec<u16>,
    /// The index of each rank, likewise.
    indices: Vec<u16>,
}

impl IndexCode {
    /// The code of codewords that consist of numbers of so many levels, all combinations being there: a digit is a number's
    /// level. Nothing where a side of the grid is 0, a number has less than 2 levels or more than 256, or there are more than
    /// 65,536 codewords or 1,048,576 digits.
    #[must_use]
    pub fn of_levels(rows: u16, columns: u16, levels: &[usize]) -> Option<Self> {
        let radices = levels.iter().map(|&levels| u16::try_from(levels).ok());
        Self::new(rows, columns, radices.collect::<Option<_>>()?, Vec::new())
    }

    /// The code of codewords that are `vectors`, one after the other of `channels` numbers: they are ranked so that those near
    /// each other have the same first digit. Nothing where there is no grid, or the codewords are not a power of two from 2 to
    /// 65,536.
    #[must_use]
    pub fn by_similarity(
        rows: u16,
        columns: u16,
        vectors: &[f32],
        channels: usize,
    ) -> Option<Self> {
        let codewords = vectors.len().checked_div(channels)?;
        if !codewords.is_power_of_two() || !(2..=MOST_CODEWORDS).contains(&codewords) {
            return None;
        }
        let bits = codewords.ilog2();
        let low_bits = match codewords <= ONE_DIGIT {
            true => 0,
            false => bits / 2,
        };
        let high = 1_usize << (bits - low_bits);
        let mut ranks = vec![0; codewords];
        for (position, index) in similarity_order(vectors, channels).into_iter().enumerate() {
            let (first, second) = (position >> low_bits, position & ((1 << low_bits) - 1));
            ranks[index] = (first + high * second) as u16; // below 65,536
        }
        let mut radices = vec![high as u16];
        if low_bits > 0 {
            radices.push(1 << low_bits);
        }
        Self::new(rows, columns, radices, ranks)
    }

    /// The code of these parts; nothing where they are not one.
    pub(super) fn new(rows: u16, columns: u16, radices: Vec<u16>, ranks: Vec<u16>) -> Option<Self> {
        let is_radix = |&radix: &u16| (2..=LARGEST_RADIX).contains(&usize::from(radix));
        let codewords = codewords(&radices);
        let places = usize::from(rows) * usize::from(columns);
        let is_possible = !radices.is_empty()
            && radices.iter().all(is_radix)
            && codewords <= MOST_CODEWORDS
            && (1..=MOST_SYMBOLS).contains(&places.saturating_mul(radices.len()));
        if !is_possible || !(ranks.is_empty() || ranks.len() == codewords) {
            return None;
        }
        let mut indices = vec![None; ranks.len()];
        for (index, &rank) in ranks.iter().enumerate() {
            let slot = indices.get_mut(usize::from(rank))?;
            if slot.replace(index as u16).is_some() {
                return None;
            }
        }
        Some(Self {
            rows,
            columns,
            radices,
            ranks,
            indices: indices.into_iter().collect::<Option<_>>()?,
        })
    }

    /// Rows of places.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Places of a row.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns as usize
    }

    /// Places in all.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.rows() * self.columns()
    }

    /// How many codewords there are.
    #[must_use]
    pub fn codewords(&self) -> usize {
        codewords(&self.radices)
    }

    /// Digits of an index.
    pub(super) fn digits(&self) -> usize {
        self.radices.len()
    }

    /// Digits of an image, a byte each.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.places() * self.digits()
    }

    /// The digits of indices, one after the other; nothing where one is of no codeword.
    #[must_use]
    pub fn digits_of(&self, indices: &[u16]) -> Option<Vec<u8>> {
        let mut digits = Vec::with_capacity(indices.len() * self.digits());
        for &index in indices {
            let mut rest = match self.ranks.is_empty() {
                true => usize::from(index),
                false => usize::from(*self.ranks.get(usize::from(index))?),
            };
            for &radix in &self.radices {
                digits.push((rest % usize::from(radix)) as u8);
                rest /= usize::from(radix);
            }
            if rest > 0 {
                return None;
            }
        }
        Some(digits)
    }

    /// The indices that have these digits, one after the other; nothing where a digit is too large, or an index has too few.
    #[must_use]
    pub fn indices_of(&self, digits: &[u8]) -> Option<Vec<u16>> {
        if !digits.len().is_multiple_of(self.digits()) {
            return None;
        }
        let indices = digits.chunks_exact(self.digits()).map(|digits| {
            let (mut rank, mut worth) = (0, 1);
            for (&digit, &radix) in digits.iter().zip(&self.radices) {
                if u16::from(digit) >= radix {
                    return None;
                }
                rank += usize::from(digit) * worth;
                worth *= usize::from(radix);
            }
            match self.indices.is_empty() {
                true => u16::try_from(rank).ok(),
                false => self.indices.get(rank).copied(),
            }
        });
        indices.collect()
    }
}

fn codewords(radices: &[u16]) -> usize {
    let radices = radices.iter().map(|&radix| usize::from(radix));
    radices.fold(1, usize::saturating_mul)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_come_back_from_their_digits() {
        let vectors: Vec<f32> = (0..64_u32)
            .flat_map(|index| [(index * 37 % 64) as f32, (index * 11 % 7) as f32])
            .collect();
        for code in [
            IndexCode::of_levels(2, 3, &[8, 5, 5, 5]).unwrap(),
            IndexCode::of_levels(2, 3, &[2]).unwrap(),
            IndexCode::of_levels(2, 3, &[256, 256]).unwrap(),
            IndexCode::by_similarity(2, 3, &vectors, 2).unwrap(),
            IndexCode::by_similarity(2, 3, &vectors[..32], 2).unwrap(),
        ] {
            let all: Vec<u16> = (0..code.codewords()).map(|index| index as u16).collect();
            let digits = code.digits_of(&all).unwrap();
            assert_eq!(code.indices_of(&digits), Some(all));
        }
    }

    #[test]
    fn what_is_no_index_is_none() {
        let code = IndexCode::of_levels(1, 1, &[3, 5]).unwrap();
        assert_eq!(code.digits_of(&[15]), None);
        assert_eq!(code.indices_of(&[3, 0]), None);
        assert_eq!(code.indices_of(&[0, 5]), None);
        assert_eq!(code.indices_of(&[0]), None);
        assert_eq!(code.indices_of(&[2, 4]), Some(vec![14]));
        assert!(IndexCode::of_levels(0, 1, &[3]).is_none());
        assert!(IndexCode::of_levels(1, 1, &[]).is_none());
        assert!(IndexCode::of_levels(1, 1, &[1]).is_none());
        assert!(IndexCode::of_levels(1, 1, &[257]).is_none());
        assert!(IndexCode::of_levels(1, 1, &[256, 256, 2]).is_none());
        assert!(IndexCode::of_levels(1024, 1024, &[2, 2]).is_none());
        assert!(IndexCode::by_similarity(1, 1, &[0.0; 3], 1).is_none());
        assert!(IndexCode::by_similarity(1, 1, &[0.0; 4], 0).is_none());
        assert!(IndexCode::new(1, 1, vec![2, 2], vec![0, 1, 2, 2]).is_none());
        assert!(IndexCode::new(1, 1, vec![2, 2], vec![0, 1, 2, 4]).is_none());
        assert!(IndexCode::new(1, 1, vec![2, 2], vec![0, 1, 2]).is_none());
    }

    /// Codewords in four clusters: each has a first digit of its own.
    #[test]
    fn near_codewords_share_a_digit() {
        let corners = [[0.0, 0.0], [0.0, 9.0], [30.0, 0.0], [30.0, 9.0_f32]];
        let vectors: Vec<f32> = (0..64)
            .flat_map(|index| {
                let [x, y] = corners[index % 4];
                [
                    x + (index as f32 * 0.37).sin(),
                    y + (index as f32 * 0.73).cos(),
                ]
            })
            .collect();
        let code = IndexCode::by_similarity(1, 1, &vectors, 2).unwrap();
        assert_eq!(code.radices, [8, 8]);
        let indices: Vec<u16> = (0..64).collect();
        let digits = code.digits_of(&indices).unwrap();
        for index in 0..64 {
            // The first digit's first two bits are a quarter of the codewords.
            assert_eq!(
                digits[2 * index] / 2,
                digits[2 * (index % 4)] / 2,
                "{index}"
            );
        }
    }
}
