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
}

impl RandomNumbers for () {
    fn fill_standard_normal(&self, _position: usize, numbers: &mut [f32]) {
        numbers.fill(0.0);
    }
}
