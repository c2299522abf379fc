//! The random numbers that a model's objective samples with.

use std::fmt;

/// Random numbers for the images of one batch, handed to [`Trainable::objective`](crate::Trainable::objective).
///
/// A model never has a generator of its own. Whoever makes the batch knows which images are in it, and gives each the
/// numbers that belong to it: drawn on the host from (seed, purpose, epoch, index), so that batch size, threads, order,
/// backend and an interruption change nothing. An image's numbers are one stream that every question starts at its
/// beginning: asking twice gives the same numbers, and asking for more of them changes none of the first.
///
/// `()` is the source without randomness: every number is 0, the mean of what it is asked for. With it, a variational
/// model's objective is taken at the mean of its posterior.
///
/// ```
/// use ae_models::RandomNumbers;
///
/// let mut numbers = [1.0; 3];
/// ().fill_standard_normal(0, &mut numbers);
/// assert_eq!(numbers, [0.0; 3]);
/// ```
pub trait RandomNumbers: fmt::Debug {
    /// Fills `numbers` with the first standard normal numbers of the image at `position` in the batch.
    fn fill_standard_normal(&self, position: usize, numbers: &mut [f32]);

    /// Fills `numbers` with the first numbers of the image at `position` in the batch that are uniform from 0 to 1: 0.5
    /// each from `()`. By default the standard normal ones by their distribution function.
    fn fill_uniform(&self, position: usize, numbers: &mut [f32]) {
        self.fill_standard_normal(position, numbers);
        for number in numbers {
            *number = normal_distribution(f64::from(*number)) as f32;
        }
    }
}

/// The distribution function of the standard normal distribution, within 1e-7: M. Abramowitz and I. A. Stegun (1964),
/// *Handbook of mathematical functions*, formula 26.2.17.
fn normal_distribution(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let polynomial = COEFFICIENTS.iter().rev().fold(0.0, |sum, c| (sum + c) * t);
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let above = density * polynomial;
    if x < 0.0 { above } else { 1.0 - above }
}

impl RandomNumbers for () {
    fn fill_standard_normal(&self, _position: usize, numbers: &mut [f32]) {
        numbers.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the same handbook (26.1): the distribution function at multiples of a half.
    #[test]
    fn uniform_numbers_follow_from_normal_ones() {
        for (x, expected) in [
            (-3.0, 0.001_349_898),
            (-1.0, 0.158_655_254),
            (-0.5, 0.308_537_539),
            (0.0, 0.5),
            (0.5, 0.691_462_461),
            (2.0, 0.977_249_868),
        ] {
            assert!((normal_distribution(x) - expected).abs() < 1e-7, "{x}");
        }
        let mut numbers = [1.0; 3];
        ().fill_uniform(0, &mut numbers);
        assert_eq!(numbers, [0.5; 3]);
    }
}
