//! The discrete cosine transform of square blocks.

use std::f64::consts::PI;

/// The frequencies of blocks of `side` by `side` pixels, down and to the right, the sum of both rising.
pub(crate) fn frequencies(side: usize) -> Vec<[usize; 2]> {
    let mut frequencies: Vec<[usize; 2]> = (0..side)
        .flat_map(|down| (0..side).map(move |right| [down, right]))
        .collect();
    frequencies.sort_by_key(|&[down, right]| (down + right, down));
    frequencies
}

/// The value of a frequency's cosine at a pixel of a row of `side`, orthonormal.
///
/// # References
/// N. Ahmed, T. Natarajan and K. R. Rao (1974), *Discrete cosine transform*.
pub(crate) fn wave(side: usize, frequency: usize, place: usize) -> f64 {
    let share = if frequency == 0 { 1.0 } else { 2.0 };
    let angle = PI * frequency as f64 * (2 * place + 1) as f64 / (2 * side) as f64;
    (share / side as f64).sqrt() * angle.cos()
}
