//! Luminance and chrominances of color images, in a basis in which noise that is alike in red, green and blue stays so.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::tensor::Tensor;

use crate::inference::Operation;

/// Luminance, red against blue, green against both: rows of the transform from red, green and blue. They are those of Dabov et
/// al. 2007 (*Color image denoising via sparse 3D collaborative filtering with grouping constraint in luminance-chrominance
/// space*) with a length of one, so that the transposed matrix is the way back.
const OPPONENT: [[f64; 3]; 3] = [
    [SQRT_THIRD, SQRT_THIRD, SQRT_THIRD],
    [FRAC_1_SQRT_2, 0.0, -FRAC_1_SQRT_2],
    [SQRT_SIXTH, -2.0 * SQRT_SIXTH, SQRT_SIXTH],
];
const SQRT_THIRD: f64 = 0.577_350_269_189_625_8;
const SQRT_SIXTH: f64 = 0.408_248_290_463_863;

/// What [`to_opponent`] does, as an operation.
pub(crate) fn mixing_to_opponent() -> Operation {
    mixing(&OPPONENT)
}

/// What [`chrominances`] takes of the opponent channels, as an operation on red, green and blue.
pub(crate) fn mixing_to_chrominances() -> Operation {
    mixing(&OPPONENT[1..])
}

/// The colors of the luminance alone, of red, green and blue.
pub(crate) fn mixing_to_gray() -> Operation {
    let [luminance, ..] = OPPONENT;
    mixing(&luminance.map(|share| luminance.map(|other| share * other)))
}

/// The colors of chrominances, which are to be added to [gray](mixing_to_gray).
pub(crate) fn mixing_to_colors() -> Operation {
    let [_, first, second] = OPPONENT;
    mixing(&[0, 1, 2].map(|channel: usize| [first[channel], second[channel]]))
}

fn mixing<const INPUTS: usize>(rows: &[[f64; INPUTS]]) -> Operation {
    let rows = rows
        .iter()
        .map(|row| row.map(|factor| factor as f32).to_vec());
    Operation::MixChannels {
        matrix: rows.collect(),
    }
}

/// # Shapes
/// - `images`, output: `[batch, 3, height, width]`
pub(crate) fn to_opponent(images: &Tensor<4>) -> Tensor<4> {
    mixed(images, &OPPONENT)
}

/// # Shapes
/// - `opponent`: `[batch, 3, height, width]`
/// - output: `[batch, 2, height, width]`
pub(crate) fn chrominances(opponent: Tensor<4>) -> Tensor<4> {
    opponent.narrow(1, 1, 2)
}

/// Images with their own luminance and other chrominances.
///
/// # Shapes
/// - `images`, output: `[batch, 3, height, width]`
/// - `chrominances`: `[batch, 2, height, width]`
pub(crate) fn with_chrominances(images: &Tensor<4>, chrominances: Tensor<4>) -> Tensor<4> {
    let luminance = to_opponent(images).narrow(1, 0, 1);
    let transposed = [0, 1, 2].map(|row: usize| OPPONENT.map(|of_channel| of_channel[row]));
    mixed(&Tensor::cat(vec![luminance, chrominances], 1), &transposed)
}

fn mixed(images: &Tensor<4>, matrix: &[[f64; 3]; 3]) -> Tensor<4> {
    let [a, b, c] = [0, 1, 2].map(|channel| images.clone().narrow(1, channel, 1));
    let rows = matrix.iter().map(|&[x, y, z]| {
        a.clone().mul_scalar(x) + b.clone().mul_scalar(y) + c.clone().mul_scalar(z)
    });
    Tensor::cat(rows.collect(), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_is_orthonormal() {
        for (index, a) in OPPONENT.iter().enumerate() {
            for (other, b) in OPPONENT.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = f64::from(u8::from(index == other));
                assert!((product - expected).abs() < 1e-15, "{index}, {other}");
            }
        }
    }
}
