//! The opponent color space in which color images are denoised: luminance, which holds most of what is seen, with less noise than
//! red, green and blue have, and two chrominances, which are smooth.

/// Luminance, red against blue, green against both: rows of the transform from red, green and blue.
///
/// Dabov et al., ICIP 2007; a row's scale matters for the luminance alone, on which blocks are compared.
const OPPONENT: [[f32; 3]; 3] = [
    [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0],
    [0.5, 0.0, -0.5],
    [0.25, -0.5, 0.25],
];
const INVERSE: [[f32; 3]; 3] = [
    [1.0, 1.0, 2.0 / 3.0],
    [1.0, 0.0, -4.0 / 3.0],
    [1.0, -1.0, 2.0 / 3.0],
];

/// Standard deviation of each opponent channel's noise, for one of 1 in red, green and blue.
pub(crate) fn noise_shares() -> [f32; 3] {
    OPPONENT.map(|row| row.iter().map(|share| share * share).sum::<f32>().sqrt())
}

/// Planes of red, green and blue as luminance and two chrominances (Dabov et al., ICIP 2007). Luminance is on `[0, 1]` where they
/// are, chrominances on `[-0.5, 0.5]`.
///
/// # Shapes
/// - `values`, output: `[3, height, width]`
#[must_use]
pub fn to_opponent(values: &[f32]) -> Vec<f32> {
    mixed(values, &OPPONENT)
}

/// The way back from [`to_opponent`].
///
/// # Shapes
/// - `values`, output: `[3, height, width]`
#[must_use]
pub fn from_opponent(values: &[f32]) -> Vec<f32> {
    mixed(values, &INVERSE)
}

fn mixed(values: &[f32], matrix: &[[f32; 3]; 3]) -> Vec<f32> {
    let pixels = values.len() / 3;
    let (first, rest) = values.split_at(pixels);
    let (second, third) = rest.split_at(pixels);
    let mut mixed = Vec::with_capacity(values.len());
    for [a, b, c] in matrix {
        let channels = first.iter().zip(second).zip(third);
        mixed.extend(channels.map(|((x, y), z)| a * x + b * y + c * z));
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_identity_and_gray_has_no_chrominance() {
        let values: Vec<f32> = (0..30)
            .map(|index| (index * 7 % 11) as f32 / 10.0)
            .collect();
        let back = from_opponent(&to_opponent(&values));
        for (a, b) in values.iter().zip(&back) {
            assert!((a - b).abs() < 1e-6, "{a} became {b}");
        }
        let gray = to_opponent(&[0.4, 0.7, 0.4, 0.7, 0.4, 0.7]);
        for (found, expected) in gray.iter().zip([0.4, 0.7, 0.0, 0.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{gray:?}");
        }
    }

    #[test]
    fn shares_are_the_rows_lengths() {
        let shares = noise_shares();
        for (share, square) in shares.iter().zip([1.0 / 3.0, 0.5, 0.375]) {
            assert!((share * share - square).abs() < 1e-6, "{shares:?}");
        }
    }
}
