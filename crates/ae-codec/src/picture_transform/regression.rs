//! Least squares: where a symbol will lie and how far from there, after those around it.

use rayon::prelude::*;

use super::tables::{Layout, PictureSymbols};
use crate::ridge::{UNIT, ridge_weights};
use crate::transform::predictor::Predictor;

/// Blocks that are looked at, at most, evenly spread.
const MOST_PLACES: usize = 1 << 16;
/// Blocks whose sums are made together: sums do not depend on the number of threads.
const TOGETHER: usize = 1 << 10;

/// The symbols around blocks, each block's own last: `[places, 5 channels]`, in the order of a predictor's weights.
struct Samples {
    channels: usize,
    side: usize,
    values: Vec<f32>,
}

impl Samples {
    fn new(layout: Layout, pictures: &[PictureSymbols]) -> Self {
        let channels = layout.channels;
        let side = 5 * channels;
        let all: usize = pictures
            .iter()
            .map(|picture| picture.symbols.len() / channels)
            .sum();
        let step = all.div_ceil(MOST_PLACES).max(1);
        let mut values = Vec::with_capacity(all.div_ceil(step) * side);
        let mut next = 0;
        for picture in pictures {
            let [rows, columns] = layout.places(picture.shape);
            let places = rows * columns;
            let mut symbols = |row: usize, column: Option<usize>| {
                let place = column
                    .filter(|&column| column < columns)
                    .filter(|_| row < rows)
                    .map(|column| (row * columns + column) * channels);
                match place {
                    Some(start) => {
                        let block = &picture.symbols[start..start + channels];
                        values.extend(block.iter().map(|&symbol| f32::from(symbol)));
                    }
                    None => values.extend(std::iter::repeat_n(0.0, channels)),
                }
            };
            while next < places {
                let (row, column) = (next / columns, next % columns);
                // Above the first row there is none.
                let above = row.wrapping_sub(1);
                symbols(above, column.checked_sub(1));
                symbols(above, Some(column));
                symbols(above, Some(column + 1));
                symbols(row, column.checked_sub(1));
                symbols(row, Some(column));
                next += step;
            }
            next -= places;
        }
        Self {
            channels,
            side,
            values,
        }
    }

    fn magnitudes(&self) -> Self {
        Self {
            values: self.values.iter().map(|value| value.abs()).collect(),
            ..*self
        }
    }

    fn count(&self) -> usize {
        self.values.len() / self.side
    }
}

/// Means, and products of what is around blocks, each less its mean.
struct Moments {
    means: Vec<f64>,
    /// `[side, side]`.
    products: Vec<f64>,
}

impl Moments {
    fn new(samples: &Samples) -> Self {
        let side = samples.side;
        let mut means = vec![0.0; side];
        for sample in samples.values.chunks_exact(side) {
            for (mean, &value) in means.iter_mut().zip(sample) {
                *mean += f64::from(value);
            }
        }
        let count = samples.count().max(1) as f64;
        means.iter_mut().for_each(|mean| *mean /= count);
        let parts: Vec<Vec<f64>> = samples
            .values
            .par_chunks(TOGETHER * side)
            .map(|samples| products(samples, side))
            .collect();
        let mut products = vec![0.0; side * side];
        for part in parts {
            for (sum, part) in products.iter_mut().zip(part) {
                *sum += part;
            }
        }
        for (row, products) in products.chunks_exact_mut(side).enumerate() {
            for (product, mean) in products.iter_mut().zip(&means) {
                *product -= count * means[row] * mean;
            }
        }
        Self { means, products }
    }
}

/// The sums of products of some samples.
fn products(samples: &[f32], side: usize) -> Vec<f64> {
    let mut products = vec![0.0; side * side];
    let mut wide = vec![0.0; side];
    for sample in samples.chunks_exact(side) {
        for (wide, &value) in wide.iter_mut().zip(sample) {
            *wide = f64::from(value);
        }
        for (row, &one) in products.chunks_exact_mut(side).zip(&wide) {
            if one != 0.0 {
                for (sum, &other) in row.iter_mut().zip(&wide) {
                    *sum += one * other;
                }
            }
        }
    }
    products
}

/// The two predictors of each channel, without thresholds: of symbols from symbols, and of how far they are from there, from
/// magnitudes.
pub(super) fn predictors(layout: Layout, pictures: &[PictureSymbols]) -> Vec<[Predictor; 2]> {
    let signed = Samples::new(layout, pictures);
    let magnitudes = signed.magnitudes();
    let [of_signed, of_magnitudes] = [&signed, &magnitudes].map(Moments::new);
    let channels = (0..layout.channels).into_par_iter();
    channels
        .map(|channel| {
            let neighbors = layout.neighbors(channel);
            let targets: Vec<f64> = signed
                .values
                .chunks_exact(signed.side)
                .map(|sample| f64::from(sample[neighbors]))
                .collect();
            let location = predictor(&signed, &of_signed, channel, &targets);
            let bias = f64::from(location.biases[0]);
            let distances: Vec<f64> = signed
                .values
                .chunks_exact(signed.side)
                .zip(&targets)
                .map(|(sample, target)| {
                    let pairs = location.weights.iter().zip(sample);
                    let sum: f64 = pairs
                        .map(|(&weight, &value)| f64::from(weight) * f64::from(value))
                        .sum();
                    (target - (sum + bias) / UNIT).abs()
                })
                .collect();
            let scale = predictor(&magnitudes, &of_magnitudes, channel, &distances);
            [location, scale]
        })
        .collect()
}

/// The predictor of targets from what is around a channel's symbols.
fn predictor(samples: &Samples, moments: &Moments, channel: usize, targets: &[f64]) -> Predictor {
    let side = samples.side;
    let count = 4 * samples.channels + channel;
    let mean = targets.iter().sum::<f64>() / targets.len().max(1) as f64;
    let mut right = vec![0.0; count];
    for (sample, target) in samples.values.chunks_exact(side).zip(targets) {
        let target = target - mean;
        for (sum, &value) in right.iter_mut().zip(sample) {
            *sum += f64::from(value) * target;
        }
    }
    let weights = ridge_weights(&moments.products, side, right);
    let of_neighbors: f64 = weights
        .iter()
        .zip(&moments.means)
        .map(|(&weight, mean)| f64::from(weight) / UNIT * mean)
        .sum();
    let bias = (UNIT * (mean - of_neighbors)).round().clamp(-1e8, 1e8) as i32;
    Predictor {
        biases: vec![bias],
        weights,
        thresholds: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::ImageShape;

    /// The second channel is three times the first, plus the symbol above right of it and 2.
    #[test]
    fn what_a_symbol_follows_from_is_found() {
        let layout = Layout::new(4, 2).unwrap();
        let shape = ImageShape::new(80, 120).unwrap();
        let [rows, columns] = layout.places(shape);
        let mut state = 7_u32;
        let mut symbols = vec![0_i8; layout.symbols(shape)];
        for place in 0..rows * columns {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let first = (state >> 24) as i8 % 4;
            let is_there = place >= columns && place % columns + 1 < columns;
            let above_right = match is_there {
                true => symbols[2 * (place + 1 - columns) + 1] / 2,
                false => 0,
            };
            symbols[2 * place] = first;
            symbols[2 * place + 1] = 3 * first + above_right + 2;
        }
        let picture = PictureSymbols { shape, symbols };
        let found = predictors(layout, &[picture]);
        let [location, scale] = &found[1];
        assert_eq!(location.weights.len(), 9);
        let near = |weight: i16, expected: f64| (f64::from(weight) / UNIT - expected).abs() < 0.1;
        assert!(near(location.weights[8], 3.0), "{location:?}");
        assert!(near(location.weights[5], 0.5), "{location:?}");
        assert!(near(location.weights[0], 0.0), "{location:?}");
        // What is left is the half that the division leaves out.
        let bias = f64::from(scale.biases[0]) / UNIT;
        assert!((-1.0..1.0).contains(&bias), "{scale:?}");
    }
}
