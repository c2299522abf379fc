//! Least squares: what a symbol, or its magnitude, follows from.

use rayon::prelude::*;

use crate::ridge::{UNIT, ridge_weights};
use crate::transform::predictor::Predictor;
use crate::transform::tables::{CodeShape, neighbors};

/// Images that are looked at, at most, evenly spread.
const MOST_IMAGES: usize = 4096;
/// Images whose sums are made together: sums do not depend on the number of threads.
const TOGETHER: usize = 64;

/// What is predicted, and from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Symbols from symbols.
    Signed,
    /// Magnitudes from magnitudes.
    Magnitude,
}

/// The sums that the predictors of all channels follow from.
pub(super) struct Regression {
    code: CodeShape,
    /// Means at each place: `[channels, places]`.
    means: Vec<f64>,
    /// Products of all neighbors and the symbols at the place itself, each less its mean: `[side, side]`.
    products: Vec<f64>,
    side: usize,
}

impl Regression {
    pub(super) fn new(code: CodeShape, symbols: &[i8], target: Target) -> Self {
        let images: Vec<&[i8]> = symbols.chunks_exact(code.symbols()).collect();
        let step = images.len().div_ceil(MOST_IMAGES);
        let images: Vec<&[i8]> = images.into_iter().step_by(step).collect();
        let value = |symbol: i8| match target {
            Target::Signed => f64::from(symbol),
            Target::Magnitude => f64::from(symbol).abs(),
        };
        let mut means = vec![0.0; code.symbols()];
        for image in &images {
            for (mean, &symbol) in means.iter_mut().zip(*image) {
                *mean += value(symbol);
            }
        }
        means
            .iter_mut()
            .for_each(|mean| *mean /= images.len() as f64);
        let side = 5 * code.channels();
        let parts: Vec<Vec<f64>> = images
            .par_chunks(TOGETHER)
            .map(|images| products(code, images, &means, value))
            .collect();
        let mut products = vec![0.0; side * side];
        for part in parts {
            for (sum, part) in products.iter_mut().zip(part) {
                *sum += part;
            }
        }
        Self {
            code,
            means,
            products,
            side,
        }
    }

    /// The predictor of a channel, without thresholds.
    pub(super) fn predictor(&self, channel: usize) -> Predictor {
        let count = neighbors(self.code, channel);
        // The channel itself comes after those before it.
        let right = (0..count).map(|row| self.products[row * self.side + count]);
        let weights = ridge_weights(&self.products, self.side, right.collect());
        let channels = self.code.channels();
        let biases = (0..self.code.places()).map(|place| {
            let of_neighbors: f64 = weights
                .iter()
                .enumerate()
                .map(|(index, &weight)| {
                    let mean = place_of(self.code, place, index / channels);
                    let mean = mean.map_or(0.0, |place| {
                        self.means[index % channels * self.code.places() + place]
                    });
                    f64::from(weight) / UNIT * mean
                })
                .sum();
            let mean = self.means[channel * self.code.places() + place];
            (UNIT * (mean - of_neighbors)).round().clamp(-1e8, 1e8) as i32
        });
        Predictor {
            biases: biases.collect(),
            weights,
            thresholds: Vec::new(),
        }
    }
}

/// The place to the left of one, above it, above to the left, above to the right, or itself; nothing outside.
fn place_of(code: CodeShape, place: usize, which: usize) -> Option<usize> {
    let (row, column) = (place / code.columns(), place % code.columns());
    let [up, left, right] = match which {
        0 => [0, 1, 0],
        1 => [1, 0, 0],
        2 => [1, 1, 0],
        3 => [1, 0, 1],
        _ => [0, 0, 0],
    };
    let row = row.checked_sub(up)?;
    let column = (column + right).checked_sub(left)?;
    (column < code.columns()).then_some(row * code.columns() + column)
}

/// The sums of products of some images.
fn products(
    code: CodeShape,
    images: &[&[i8]],
    means: &[f64],
    value: impl Fn(i8) -> f64,
) -> Vec<f64> {
    let channels = code.channels();
    let side = 5 * channels;
    let mut products = vec![0.0; side * side];
    let mut around = vec![0.0; side];
    for image in images {
        for place in 0..code.places() {
            for (which, around) in around.chunks_exact_mut(channels).enumerate() {
                let other = place_of(code, place, which);
                for (channel, around) in around.iter_mut().enumerate() {
                    *around = other.map_or(0.0, |other| {
                        let index = channel * code.places() + other;
                        value(image[index]) - means[index]
                    });
                }
            }
            for (row, &one) in products.chunks_exact_mut(side).zip(&around) {
                if one != 0.0 {
                    for (sum, &other) in row.iter_mut().zip(&around) {
                        *sum += one * other;
                    }
                }
            }
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A channel that is three times the one before it plus the symbol on the left, and a constant at each place.
    #[test]
    fn what_a_symbol_follows_from_is_found() {
        let code = CodeShape::new(2, 3, 4).unwrap();
        let mut state = 7_u32;
        let mut images = Vec::new();
        for _ in 0..500 {
            let mut image = vec![0_i8; 24];
            for place in 0..12 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let first = (state >> 24) as i8 % 4;
                let left = if place % 4 > 0 {
                    image[12 + place - 1]
                } else {
                    0
                };
                image[place] = first;
                image[12 + place] = 3 * first + left + place as i8 % 3;
            }
            images.extend(image);
        }
        let predictor = Regression::new(code, &images, Target::Signed).predictor(1);
        assert_eq!(predictor.weights.len(), 9);
        let near = |weight: i16, expected: f64| (f64::from(weight) / UNIT - expected).abs() < 0.1;
        assert!(near(predictor.weights[8], 3.0), "{predictor:?}");
        assert!(near(predictor.weights[1], 1.0), "{predictor:?}");
        assert!(near(predictor.weights[0], 0.0), "{predictor:?}");
        let near = |bias: i32, expected: f64| (f64::from(bias) / UNIT - expected).abs() < 0.5;
        assert!((0..12).all(|place| near(predictor.biases[place], (place % 3) as f64)));
    }
}
