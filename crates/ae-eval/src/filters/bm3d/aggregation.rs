//! Aggregation: overlapping estimates of blocks, weighted and brought together to an image.

use crate::filters::bm3d::blocks::Block;

/// A block's weights by place: the outer product of two Kaiser windows.
pub(super) fn kaiser_window<const SIDE: usize>(beta: f64) -> Block<SIDE> {
    let window: [f64; SIDE] = std::array::from_fn(|position| {
        let place = 2.0 * position as f64 / (SIDE - 1) as f64 - 1.0;
        bessel_i0(beta * (1.0 - place * place).max(0.0).sqrt()) / bessel_i0(beta)
    });
    std::array::from_fn(|row| std::array::from_fn(|column| (window[row] * window[column]) as f32))
}

/// The modified Bessel function of the first kind, of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for index in 1..60 {
        term *= quarter / f64::from(index * index);
        sum += term;
    }
    sum
}

/// Weighted sums of estimates, and of their weights, over a part of an image.
pub(super) struct Sums {
    channels: usize,
    top: usize,
    left: usize,
    height: usize,
    width: usize,
    /// `[channels, height, width]`
    weighted: Vec<f32>,
    weights: Vec<f32>,
}

impl Sums {
    /// Nothing yet, over `rows` and `columns` of every channel.
    pub(super) fn new(
        channels: usize,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> Self {
        let values = channels * rows.len() * columns.len();
        Self {
            channels,
            top: rows.start,
            left: columns.start,
            height: rows.len(),
            width: columns.len(),
            weighted: vec![0.0; values],
            weights: vec![0.0; values],
        }
    }

    /// Adds an estimate of the block whose upper left corner is at (`row`, `column`) of the image.
    #[inline(always)]
    pub(super) fn add_block<const SIDE: usize>(
        &mut self,
        channel: usize,
        (row, column): (usize, usize),
        estimate: &Block<SIDE>,
        weights: &Block<SIDE>,
    ) {
        let first_row = channel * self.height + row - self.top;
        for line in 0..SIDE {
            let start = (first_row + line) * self.width + column - self.left;
            let weighted = &mut self.weighted[start..start + SIDE];
            let totals = &mut self.weights[start..start + SIDE];
            for place in 0..SIDE {
                weighted[place] += weights[line][place] * estimate[line][place];
                totals[place] += weights[line][place];
            }
        }
    }

    /// Adds the sums of a part.
    pub(super) fn add(&mut self, part: &Self) {
        for channel in 0..part.channels {
            for row in 0..part.height {
                let from = (channel * part.height + row) * part.width;
                let line = channel * self.height + part.top - self.top + row;
                let to = line * self.width + part.left - self.left;
                add_line(
                    &mut self.weighted[to..],
                    &part.weighted[from..from + part.width],
                );
                add_line(
                    &mut self.weights[to..],
                    &part.weights[from..from + part.width],
                );
            }
        }
    }

    /// The weighted means.
    pub(super) fn into_means(mut self) -> Vec<f32> {
        for (sum, weight) in self.weighted.iter_mut().zip(&self.weights) {
            *sum /= weight;
        }
        self.weighted
    }
}

fn add_line(sums: &mut [f32], line: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(line) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.kaiser(8, 2)` and `numpy.kaiser(11, 2)`, as `tests/reference/block_matching.py` prints them with NumPy 2.4.6.
    #[test]
    fn windows_are_kaisers() {
        let eight = [0.438_676_280, 0.681_324_263, 0.876_839_905, 0.985_822_506];
        let eleven = [
            0.438_676_280,
            0.611_394_354,
            0.767_674_997,
            0.892_161_434,
            0.972_329_801,
            1.0,
        ];
        fn check<const SIDE: usize>(half: &[f64]) {
            let window = kaiser_window::<SIDE>(2.0);
            for row in 0..SIDE {
                for column in 0..SIDE {
                    let at = |place: usize| half[place.min(SIDE - 1 - place)];
                    let difference = f64::from(window[row][column]) - at(row) * at(column);
                    assert!(difference.abs() < 1e-6, "{row}, {column}: {difference}");
                }
            }
        }
        check::<8>(&eight);
        check::<11>(&eleven);
    }

    #[test]
    fn means_are_weighted_and_parts_add_up() {
        let estimate = |value: f32| [[value; 2]; 2];
        let weights = [[1.0, 2.0], [3.0, 4.0]];
        let mut whole = Sums::new(2, 0..3, 0..3);
        let mut part = Sums::new(2, 1..3, 1..3);
        for channel in 0..2 {
            for at in [(0, 0), (0, 1), (1, 0)] {
                whole.add_block(channel, at, &estimate(1.0), &weights);
            }
            part.add_block(channel, (1, 1), &estimate(5.0 * channel as f32), &weights);
        }
        whole.add(&part);
        let means = whole.into_means();
        // The middle pixel has the weights 4, 3 and 2 of the first three blocks, and 1 of the last.
        assert!((means[4] - 0.9).abs() < 1e-6, "{means:?}");
        assert!((means[9 + 4] - 1.4).abs() < 1e-6, "{means:?}");
        assert_eq!((means[0], means[8], means[17]), (1.0, 0.0, 5.0));
    }
}
