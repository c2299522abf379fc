//! Two pictures of half the size out of one, whose noise is independent where that of the picture's pixels is.
//!
//! # References
//! Mansour and Heckel 2023, "Zero-Shot Noise2Noise: Efficient Image Denoising without any Data", equation 2: both are
//! convolutions of stride 2, by `[[0, 1/2], [1/2, 0]]` and by `[[1/2, 0], [0, 1/2]]`.

/// The size of the halves of a picture: an odd last line or column is left out.
pub(crate) fn half(length: usize) -> usize {
    length / 2
}

/// Both halves of a picture, the first from the pixels of each cell of 2x2 that lie from the upper right to the lower left.
///
/// # Shapes
/// - `values`: `[channels, height, width]`
/// - output: two of `[channels, height / 2, width / 2]`, one after the other
pub(crate) fn pair_of(values: &[f32], [channels, height, width]: [usize; 3]) -> Vec<f32> {
    let (rows, columns) = (half(height), half(width));
    let pixels = rows * columns;
    let mut pair = vec![0.0; 2 * channels * pixels];
    let (first, second) = pair.split_at_mut(channels * pixels);
    for channel in 0..channels {
        let plane = &values[channel * height * width..][..height * width];
        for y in 0..rows {
            let upper = &plane[2 * y * width..][..width];
            let lower = &plane[(2 * y + 1) * width..][..width];
            let line = channel * pixels + y * columns;
            let first = &mut first[line..][..columns];
            let second = &mut second[line..][..columns];
            let cells = upper
                .as_chunks::<2>()
                .0
                .iter()
                .zip(lower.as_chunks::<2>().0);
            for (x, (upper, lower)) in cells.enumerate() {
                first[x] = 0.5 * (upper[1] + lower[0]);
                second[x] = 0.5 * (upper[0] + lower[1]);
            }
        }
    }
    pair
}

/// The gradient of a picture from that of its [`pair_of`] halves; 0 in a line or column that they leave out.
///
/// # Shapes
/// - `gradient`: two of `[channels, height / 2, width / 2]`
/// - output: `[channels, height, width]`
#[cfg(test)]
pub(crate) fn gradient_of_pair(
    gradient: &[f32],
    [channels, height, width]: [usize; 3],
) -> Vec<f32> {
    let (rows, columns) = (half(height), half(width));
    let pixels = rows * columns;
    let (first, second) = gradient.split_at(channels * pixels);
    let mut values = vec![0.0; channels * height * width];
    for channel in 0..channels {
        let plane = &mut values[channel * height * width..][..height * width];
        for y in 0..rows {
            let line = channel * pixels + y * columns;
            let (first, second) = (&first[line..][..columns], &second[line..][..columns]);
            let (upper, lower) = plane[2 * y * width..][..2 * width].split_at_mut(width);
            let cells = upper
                .as_chunks_mut::<2>()
                .0
                .iter_mut()
                .zip(lower.as_chunks_mut::<2>().0);
            for (x, (upper, lower)) in cells.enumerate() {
                *upper = [0.5 * second[x], 0.5 * first[x]];
                *lower = [0.5 * first[x], 0.5 * second[x]];
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_means_of_the_diagonals() {
        // Two channels of 3 x 5, of which 2 x 4 count.
        let values: Vec<f32> = (0..30).map(|value| value as f32).collect();
        let pair = pair_of(&values, [2, 3, 5]);
        // (1 + 5) / 2, (3 + 7) / 2; (0 + 6) / 2, (2 + 8) / 2.
        assert_eq!(pair, [3.0, 5.0, 18.0, 20.0, 3.0, 5.0, 18.0, 20.0]);
        let values = [1.0, 10.0, 100.0, 1000.0];
        assert_eq!(pair_of(&values, [1, 2, 2]), [55.0, 500.5]);
    }

    /// For every picture and every gradient, `<pair(picture), gradient>` is `<picture, transposed(gradient)>`.
    #[test]
    fn the_gradient_is_the_transpose() {
        let shape = [2, 5, 7];
        let values: Vec<f32> = (0..70).map(|value| (value * 37 % 71) as f32).collect();
        let gradient: Vec<f32> = (0..24).map(|value| (value * 29 % 31) as f32).collect();
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let there = dot(&pair_of(&values, shape), &gradient);
        let back = dot(&values, &gradient_of_pair(&gradient, shape));
        assert_eq!(there, back);
    }
}
