//! What the network sees of a pixel: its neighbors and what was wrong with their predictions, in units of how wrong they were.

use std::collections::VecDeque;

use super::canvas::{BORDER, Canvas, LAG, distances, neighbors};
use super::least_squares::{LeastSquares, TERMS, UNITS};
use crate::shape::ImageShape;

/// Neighbors whose levels are inputs.
const LEVELS: usize = 60;
/// Neighbors whose errors are inputs, with their signs and without.
const ERRORS: usize = 12;
/// Neighbors whose errors tell the scale of a wider surrounding.
const WIDE: usize = 30;
/// Inputs that tell the scale.
const SCALES: usize = 11;
/// Ratios of other scales to it.
const RATIOS: usize = 4;
/// Other predictions.
const PREDICTIONS: usize = 1;
/// Inputs that tell how near black or white is.
const ENDS: usize = 2;

/// How many inputs there are.
pub(crate) const INPUTS: usize = LEVELS + 2 * ERRORS + SCALES + RATIOS + PREDICTIONS + ENDS;

/// What a difference as large as the scale is as an input.
pub(crate) const ONE: i32 = 64;
/// The largest magnitude of an input.
pub(crate) const LARGEST_INPUT: i16 = 2047;

/// A pixel's prediction and the scale of its surroundings' errors, in 16ths of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Expected {
    /// 0 to 16 times 255.
    pub(crate) center: i32,
    /// 12 to 8,191.
    pub(crate) scale: i32,
}

/// What of a picture is known: levels, and how far predictions were off.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) levels: Canvas<u8>,
    /// Level less prediction, in 16ths of a level.
    pub(crate) errors: Canvas<i16>,
    /// How far back in the canvases the neighbors lie, the nearest first.
    back: Vec<usize>,
}

impl Known {
    pub(crate) fn new(shape: ImageShape) -> Self {
        let levels = Canvas::new(shape, 128);
        let back = distances(&neighbors(LEVELS), levels.stride());
        Self {
            errors: Canvas::new(shape, 0),
            levels,
            back,
        }
    }

    /// The bytes that it takes.
    pub(crate) fn bytes(shape: ImageShape) -> usize {
        let width = shape.width() + 2 * BORDER;
        (shape.height() + BORDER) * width * (size_of::<u8>() + size_of::<i16>())
    }

    /// Writes the network's inputs for a pixel with a prediction of `center`.
    #[inline(always)]
    pub(crate) fn inputs(
        &self,
        row: usize,
        column: usize,
        center: i32,
        inputs: &mut [i16; INPUTS],
    ) -> Expected {
        let place = self.levels.place(row, column);
        let (levels, errors) = (self.levels.values(), self.errors.values());
        let mut wrong = [0i32; WIDE];
        for (wrong, back) in wrong.iter_mut().zip(&self.back) {
            *wrong = errors[place - back].into();
        }
        let magnitude = |neighbor: usize| wrong[neighbor].abs();
        let mut near = 0;
        for (neighbor, weight) in [2, 2, 1, 1, 1, 1].into_iter().enumerate() {
            near += weight * magnitude(neighbor);
        }
        let middle: i32 = (0..ERRORS).map(magnitude).sum();
        let wide: i32 = (0..WIDE).map(magnitude).sum();
        // Eighths and twelfths, each half.
        let scale = 12 + (3 * near + 2 * middle) / 48;
        let factor = (ONE << 12) / scale;
        let scaled = |difference: i32| -> i16 {
            let scaled = difference.wrapping_mul(factor) >> 12;
            scaled.clamp(-i32::from(LARGEST_INPUT), LARGEST_INPUT.into()) as i16
        };

        let mut left = &mut inputs[..];
        let mut take = |count: usize| -> &mut [i16] {
            let (taken, rest) = std::mem::take(&mut left).split_at_mut(count);
            left = rest;
            taken
        };
        for (input, back) in take(LEVELS).iter_mut().zip(&self.back) {
            *input = scaled(i32::from(levels[place - back]) * UNITS - center);
        }
        for (input, &wrong) in take(ERRORS).iter_mut().zip(&wrong) {
            *input = scaled(wrong);
        }
        for (input, &wrong) in take(ERRORS).iter_mut().zip(&wrong) {
            *input = scaled(wrong.abs());
        }
        let at = |neighbor: usize| i32::from(levels[place - self.back[neighbor]]) * UNITS;
        // The nearest six are above, left, above left, above right, two above and two to the left.
        let [above, west, corner, east, _, _] = [0, 1, 2, 3, 4, 5].map(at);
        let edge = (above + west - corner).clamp(above.min(west), above.max(west));
        take(PREDICTIONS)[0] = scaled(edge - center);

        let log = logarithm(scale);
        for (input, peak) in take(SCALES).iter_mut().zip((0..).map(|i| 112 + 24 * i)) {
            *input = (64 - (log - peak).abs() * 8 / 3).max(0) as i16;
        }
        let slopes = (west - corner).abs() + (above - corner).abs() + (above - east).abs();
        let others = [near / 8, middle / 12, wide / 30, slopes / 3];
        for (input, other) in take(RATIOS).iter_mut().zip(others) {
            *input = (2 * (logarithm(other + 12) - log)) as i16;
        }
        let ends = [center, 255 * UNITS - center];
        for (input, end) in take(ENDS).iter_mut().zip(ends) {
            *input = (64 - end / 4).max(0) as i16;
        }
        Expected { center, scale }
    }

    /// The differences of the neighbors from the nearest one, for the linear prediction, and that one.
    #[inline(always)]
    fn differences(&self, row: usize, column: usize) -> ([i32; TERMS], i32) {
        let place = self.levels.place(row, column);
        let levels = self.levels.values();
        let nearest = i32::from(levels[place - self.back[0]]);
        let mut differences = [0; TERMS];
        for (difference, back) in differences.iter_mut().zip(&self.back[1..]) {
            *difference = i32::from(levels[place - back]) - nearest;
        }
        (differences, nearest)
    }
}

/// The logarithm of a positive number to the base 2, in 32nds, linear between powers of 2.
#[inline(always)]
fn logarithm(value: i32) -> i32 {
    let whole = value.ilog2();
    (whole as i32) << 5 | (((value << 5) >> whole) & 31)
}

/// The linear predictions of a picture's rows.
#[derive(Debug)]
pub(crate) struct Predictor {
    rows: VecDeque<LeastSquares>,
    /// The row of the first of them.
    first: usize,
}

impl Predictor {
    pub(crate) fn new() -> Self {
        Self {
            rows: VecDeque::new(),
            first: 0,
        }
    }

    /// The most bytes that it takes.
    pub(crate) fn bytes(shape: ImageShape) -> usize {
        let rows = shape.height().min(shape.width().div_ceil(LAG) + 2);
        rows * size_of::<LeastSquares>()
    }

    /// Predicts a pixel, in 16ths of a level. Rows are begun in their order.
    #[inline(always)]
    pub(crate) fn predict(&mut self, known: &Known, row: usize, column: usize) -> i32 {
        if column == 0 {
            let new = self.rows.back().cloned().unwrap_or_else(LeastSquares::new);
            self.rows.push_back(new);
        }
        let (differences, nearest) = known.differences(row, column);
        let equations = &mut self.rows[row - self.first];
        equations.sweep();
        (nearest * UNITS + equations.predict(&differences)).clamp(0, 255 * UNITS)
    }

    /// Learns what a pixel was, which then is known. Within a step, from above.
    #[inline(always)]
    pub(crate) fn learn(
        &mut self,
        known: &mut Known,
        (row, column): (usize, usize),
        expected: Expected,
        level: u8,
    ) {
        let (differences, nearest) = known.differences(row, column);
        let error = i32::from(level) * UNITS - expected.center;
        let weight = 4096 / (64 + expected.scale + error.abs() / 4);
        let index = row - self.first;
        let (before, from) = self.rows.as_mut_slices();
        // Of a ring, the row above may lie in the other half.
        let (above, equations) = match index.checked_sub(before.len()) {
            None => {
                let (above, own) = before.split_at_mut(index);
                (above.last(), &mut own[0])
            }
            Some(0) => (before.last(), &mut from[0]),
            Some(place) => {
                let (above, own) = from.split_at_mut(place);
                (above.last(), &mut own[0])
            }
        };
        equations.add(
            above,
            &differences,
            i32::from(level) - nearest,
            weight.max(1),
        );
        known.errors.set(row, column, error as i16);
        known.levels.set(row, column, level);
    }

    /// Forgets rows above `row`, which has ended: the row below it may still look at it.
    pub(crate) fn forget(&mut self, row: usize) {
        while self.first < row {
            self.rows.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests;
