//! Tables from the indices of images: floats end here.

use std::ops::Range;

use rayon::prelude::*;

use super::code::IndexCode;
use super::coding::Neighborhood;
use super::tables::IndexTables;
use super::tree::{Features, Tree, TreeBuilder};
use crate::checked_file::Filed as _;
use crate::entropy::FrequencyTable;
use crate::error::CodecError;
use crate::pixel::ModelHash;
use crate::shape::ImageShape;

/// Places that tables are measured on, at most.
const MOST_PLACES: usize = 1 << 20;
/// Digits that a table has besides those counted, in the shares that the table before the question has.
const BORROWED: f64 = 8.0;
/// Bits of a question in the file.
const QUESTION_BITS: f64 = 32.0;
/// Bits of a frequency there.
const FREQUENCY_BITS: f64 = 16.0;
/// What one digit counts for, so that borrowed parts of one are not lost in rounding.
const COUNT: f64 = 256.0;

impl IndexTables {
    /// Measures the tables of an autoencoder that `network` names, for images of `shape`, from the indices that it has for
    /// images like those that are to be coded: `[images, rows, columns]`.
    ///
    /// Each digit's tables are found by asking the question that spares the most bits of these images, counted as if each
    /// digit were coded by the others alone, then another of each answer, and so on, while it spares more than it takes in the
    /// file.
    ///
    /// # Errors
    /// [`CodecError::Measuring`] where the indices are of no whole number of images, or one is of no codeword.
    pub fn measure(
        shape: ImageShape,
        code: IndexCode,
        network: [u8; 8],
        indices: &[u16],
    ) -> Result<Self, CodecError> {
        if indices.is_empty() || !indices.len().is_multiple_of(code.places()) {
            let reason = "the indices are of no whole number of images";
            return Err(CodecError::Measuring { reason });
        }
        let images = indices.len() / code.places();
        let step = images.div_ceil((MOST_PLACES / code.places()).max(1));
        let images = indices.chunks_exact(code.places()).step_by(step);
        let digits = images.map(|image| code.digits_of(image));
        let digits: Vec<Vec<u8>> = digits.collect::<Option<_>>().ok_or(CodecError::Measuring {
            reason: "an index is of no codeword",
        })?;
        let samples = Samples::new(&code, &digits);
        let trees = (0..code.digits()).into_par_iter().map(|digit| {
            let growth = Growth {
                samples: &samples,
                digit,
                radix: code.radices[digit].into(),
            };
            growth.tree()
        });
        let tables = Self {
            shape,
            network,
            trees: trees.collect(),
            code,
            hash: ModelHash([0; 8]),
        };
        Ok(tables.named())
    }
}

/// What is known before each place's digits, and what they are.
struct Samples {
    features: Features,
    digits: usize,
    /// `[places, features]`, the place's own digits among them.
    known: Vec<u16>,
}

impl Samples {
    fn new(code: &IndexCode, images: &[Vec<u8>]) -> Self {
        let digits = code.digits();
        let features = Features::new(digits);
        let mut neighborhood = Neighborhood::new(code);
        let mut known = Vec::with_capacity(images.len() * code.places() * features.count());
        for image in images {
            neighborhood.clear();
            for (place, own) in image.chunks_exact(digits).enumerate() {
                let (row, column) = (place / code.columns(), place % code.columns());
                neighborhood.look_around(row, column);
                for (digit, &value) in own.iter().enumerate() {
                    neighborhood.set(row, column, digit, value);
                }
                known.extend(neighborhood.features());
            }
        }
        Self {
            features,
            digits,
            known,
        }
    }

    fn count(&self) -> usize {
        self.known.len() / self.features.count()
    }

    fn known(&self, place: u32, feature: usize) -> usize {
        self.known[place as usize * self.features.count() + feature].into()
    }

    fn digit(&self, place: u32, digit: usize) -> usize {
        debug_assert!(digit < self.digits, "a digit of the place");
        self.known(place, self.features.own() + digit)
    }
}

/// The tree of a digit that is grown.
struct Growth<'a> {
    samples: &'a Samples,
    digit: usize,
    radix: usize,
}

/// A part of the places, and how their digits are expected to be distributed before they are counted.
struct Part {
    places: Range<usize>,
    expected: Vec<f64>,
}

/// A question, and what the digits cost with its answer known.
struct Question {
    feature: usize,
    threshold: usize,
    bits: f64,
}

impl Growth<'_> {
    fn tree(&self) -> Tree {
        let mut order: Vec<u32> = (0..self.samples.count() as u32).collect();
        let mut builder = TreeBuilder::new();
        let uniform = vec![1.0 / self.radix as f64; self.radix];
        let mut parts = vec![Part {
            places: 0..order.len(),
            expected: uniform,
        }];
        while let Some(Part { places, expected }) = parts.pop() {
            let members = &mut order[places.clone()];
            let mut counts = vec![0.0; self.radix];
            for &place in &*members {
                counts[self.samples.digit(place, self.digit)] += 1.0;
            }
            let without = bits(&counts, &expected);
            let found = smoothed(&counts, &expected);
            let taken = QUESTION_BITS + FREQUENCY_BITS * self.radix as f64;
            let question = self.best_question(members, &counts, &found);
            let is_worth = |question: &Question| question.bits + taken < without;
            match question.filter(|question| builder.may_ask() && is_worth(question)) {
                Some(question) => {
                    let below = |&place: &u32| {
                        self.samples.known(place, question.feature) < question.threshold
                    };
                    let (mut one, other): (Vec<u32>, Vec<u32>) =
                        members.iter().copied().partition(below);
                    let middle = places.start + one.len();
                    one.extend(other);
                    members.copy_from_slice(&one);
                    // Below 65,536, as sides of grids and radices are.
                    builder.question(question.feature as u16, question.threshold as u16);
                    parts.push(Part {
                        places: middle..places.end,
                        expected: found.clone(),
                    });
                    parts.push(Part {
                        places: places.start..middle,
                        expected: found,
                    });
                }
                None => {
                    let counts: Vec<u64> = found
                        .iter()
                        .map(|share| (share * (members.len() as f64 + BORROWED) * COUNT) as u64)
                        .collect();
                    let table = FrequencyTable::from_histogram(&counts);
                    builder.table(table.expect("a digit has 2 to 256 values"));
                }
            }
        }
        builder
            .finish()
            .expect("every question was followed by both answers")
    }

    /// The question about these places that leaves the fewest bits.
    fn best_question(&self, members: &[u32], counts: &[f64], expected: &[f64]) -> Option<Question> {
        let radix = self.radix;
        let mut best: Option<Question> = None;
        let mut by_value: Vec<f64> = Vec::new();
        for feature in 0..self.samples.features.count() {
            if !self.samples.features.is_known(feature, self.digit) {
                continue;
            }
            by_value.clear();
            for &place in members {
                let row = self.samples.known(place, feature) * radix;
                if by_value.len() < row + radix {
                    by_value.resize(row + radix, 0.0);
                }
                by_value[row + self.samples.digit(place, self.digit)] += 1.0;
            }
            let mut below = vec![0.0; radix];
            let mut above = counts.to_vec();
            for (value, row) in by_value.chunks_exact(radix).enumerate() {
                let is_there = row.iter().any(|&count| count > 0.0);
                if value > 0 && is_there && below.iter().any(|&count| count > 0.0) {
                    let bits = bits(&below, expected) + bits(&above, expected);
                    if best.as_ref().is_none_or(|best| bits < best.bits) {
                        best = Some(Question {
                            feature,
                            threshold: value,
                            bits,
                        });
                    }
                }
                for ((below, above), count) in below.iter_mut().zip(&mut above).zip(row) {
                    *below += count;
                    *above -= count;
                }
            }
        }
        best
    }
}

/// The bits of digits that were counted, each by the table of all the others and what is expected.
fn bits(counts: &[f64], expected: &[f64]) -> f64 {
    let all: f64 = counts.iter().sum();
    let others = (all - 1.0 + BORROWED).log2();
    let values = counts
        .iter()
        .zip(expected)
        .filter(|(count, _)| **count > 0.0);
    values
        .map(|(&count, share)| count * (others - (count - 1.0 + BORROWED * share).log2()))
        .sum()
}

/// How digits are expected to be distributed after they were counted.
fn smoothed(counts: &[f64], expected: &[f64]) -> Vec<f64> {
    let all: f64 = counts.iter().sum::<f64>() + BORROWED;
    let values = counts.iter().zip(expected);
    values
        .map(|(count, share)| (count + BORROWED * share) / all)
        .collect()
}
