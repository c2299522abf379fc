//! Structural similarity (SSIM).

use ae_data::ImageShape;

const WINDOW: usize = 11;
const SIGMA: f64 = 1.5;
const K1: f64 = 0.01;
const K2: f64 = 0.03;
/// The data range of MSE, RMSE, PSNR and SSIM: pixels lie on 0..1 whatever their file's depth was, so this is the peak of
/// PSNR and the `L` of SSIM.
pub const DATA_RANGE: f64 = 1.0;

/// Quantities filtered for each pixel: both images, their squares and their product.
const MOMENTS: usize = 5;

/// Mean structural similarity of two images, 1 for equal ones.
///
/// An 11x11 Gaussian window with a standard deviation of 1.5 pixels slides over every position
/// where it lies wholly inside the image, as in the authors' `ssim_index.m` without
/// downsampling; K1 is 0.01, K2 0.03, the data range 1. Color images take the mean of their
/// channels.
///
/// Where a side has fewer than 11 pixels the window shrinks to that side, with the same standard
/// deviation and weights that sum to one again. So images of any size have a value, but below 11
/// pixels a side it rests on few positions, and values of differently small images should not be
/// compared.
///
/// # Shapes
/// - `reference`, `candidate`: `[channels, height, width]`, pixels in `[0, 1]`
///
/// # Panics
/// If either slice does not hold `shape.values()` values.
///
/// # References
/// Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error
/// visibility to structural similarity", IEEE Transactions on Image Processing 13(4), 2004,
/// equations 13 to 17.
pub fn ssim(shape: ImageShape, reference: &[f32], candidate: &[f32]) -> f64 {
    assert_eq!(reference.len(), shape.values(), "reference image's length");
    assert_eq!(candidate.len(), shape.values(), "candidate image's length");
    let windows = Windows {
        horizontal: gaussian_window(WINDOW.min(shape.width)),
        vertical: gaussian_window(WINDOW.min(shape.height)),
    };
    let channels = reference
        .chunks_exact(shape.pixels())
        .zip(candidate.chunks_exact(shape.pixels()));
    let sum: f64 = channels
        .map(|(reference, candidate)| windows.mean(shape.width, reference, candidate))
        .sum();
    sum / shape.channels as f64
}

/// The two factors of the separable window.
struct Windows {
    horizontal: Vec<f64>,
    vertical: Vec<f64>,
}

impl Windows {
    fn mean(&self, width: usize, reference: &[f32], candidate: &[f32]) -> f64 {
        let columns = width + 1 - self.horizontal.len();
        let rows_in_window = self.vertical.len();
        // A ring of horizontally filtered rows: memory grows with the width, not with the area.
        let mut ring = vec![vec![[0.0; MOMENTS]; columns]; rows_in_window];
        let mut blended = vec![[0.0; MOMENTS]; columns];
        let mut sum = 0.0;
        let mut positions = 0_usize;
        let rows = reference
            .chunks_exact(width)
            .zip(candidate.chunks_exact(width));
        for (row, (reference, candidate)) in rows.enumerate() {
            self.filter_row(reference, candidate, &mut ring[row % rows_in_window]);
            if row + 1 < rows_in_window {
                continue;
            }
            let top = row + 1 - rows_in_window;
            blended.fill([0.0; MOMENTS]);
            for (offset, weight) in self.vertical.iter().enumerate() {
                let line = &ring[(top + offset) % rows_in_window];
                for (moments, filtered) in blended.iter_mut().zip(line) {
                    for (moment, value) in moments.iter_mut().zip(filtered) {
                        *moment += weight * value;
                    }
                }
            }
            sum += blended.iter().map(similarity).sum::<f64>();
            positions += columns;
        }
        sum / positions as f64
    }

    fn filter_row(&self, reference: &[f32], candidate: &[f32], filtered: &mut [[f64; MOMENTS]]) {
        for (column, moments) in filtered.iter_mut().enumerate() {
            *moments = [0.0; MOMENTS];
            for (offset, weight) in self.horizontal.iter().enumerate() {
                let x = f64::from(reference[column + offset]);
                let y = f64::from(candidate[column + offset]);
                for (moment, value) in moments.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                    *moment += weight * value;
                }
            }
        }
    }
}

/// Equation 13 at one position, from the window's means of x, y, x², y² and xy.
fn similarity(&[mean_x, mean_y, square_x, square_y, product]: &[f64; MOMENTS]) -> f64 {
    let c1 = (K1 * DATA_RANGE).powi(2);
    let c2 = (K2 * DATA_RANGE).powi(2);
    let variance_x = square_x - mean_x * mean_x;
    let variance_y = square_y - mean_y * mean_y;
    let covariance = product - mean_x * mean_y;
    let luminance = (2.0 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1);
    let structure = (2.0 * covariance + c2) / (variance_x + variance_y + c2);
    luminance * structure
}

/// `size` Gaussian weights that sum to one, symmetric about their middle.
fn gaussian_window(size: usize) -> Vec<f64> {
    let middle = (size as f64 - 1.0) / 2.0;
    let mut weights: Vec<f64> = (0..size)
        .map(|index| (-(index as f64 - middle).powi(2) / (2.0 * SIGMA * SIGMA)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that one pixel of the test pictures has; `ssim.py` draws the same.
    fn pixel(image: usize, channel: usize, row: usize, column: usize) -> f32 {
        let wave = (31 * row + 17 * column + 53 * channel + 7 * row * column) % 256;
        let change = (row * row * 5 + column * 11 + channel * 3) % 97;
        match image {
            0 => wave as f32 / 255.0,
            1 => ((3 * wave + change) / 4) as f32 / 255.0,
            2 => (255 - wave) as f32 / 255.0,
            _ => 0.5,
        }
    }

    fn picture(image: usize, shape: ImageShape) -> Vec<f32> {
        let mut values = Vec::with_capacity(shape.values());
        for channel in 0..shape.channels {
            for row in 0..shape.height {
                for column in 0..shape.width {
                    values.push(pixel(image, channel, row, column));
                }
            }
        }
        values
    }

    /// Numbers from `tests/reference/ssim.py`, which asks scikit-image.
    #[test]
    fn agrees_with_scikit_image() {
        let printed = include_str!("../../tests/reference/ssim.txt");
        let mut checked = 0;
        for line in printed.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [channels, height, width, first, second] =
                [0, 1, 2, 3, 4].map(|field| fields[field].parse::<usize>().unwrap());
            let expected: f64 = fields[5].parse().unwrap();
            let shape = ImageShape::new(channels, height, width);
            let found = ssim(shape, &picture(first, shape), &picture(second, shape));
            assert!((found - expected).abs() < 1e-6, "{line}: found {found}");
            checked += 1;
        }
        assert!(checked >= 12, "only {checked} rows in the reference");
    }

    /// The definition, pixel by pixel, with a two-dimensional window.
    fn naive(height: usize, width: usize, x: &[f32], y: &[f32]) -> f64 {
        let (window_height, window_width) = (height.min(11), width.min(11));
        let mut weights = Vec::new();
        for row in 0..window_height {
            for column in 0..window_width {
                let down = row as f64 - (window_height as f64 - 1.0) / 2.0;
                let right = column as f64 - (window_width as f64 - 1.0) / 2.0;
                weights.push((-(down * down + right * right) / 4.5).exp());
            }
        }
        let total: f64 = weights.iter().sum();
        let mut similarities = Vec::new();
        for top in 0..=height - window_height {
            for left in 0..=width - window_width {
                let at = |image: &[f32], index: usize| {
                    let row = top + index / window_width;
                    f64::from(image[row * width + left + index % window_width])
                };
                let mean = |image: &[f32]| -> f64 {
                    (0..weights.len())
                        .map(|i| weights[i] / total * at(image, i))
                        .sum()
                };
                let (mean_x, mean_y) = (mean(x), mean(y));
                let about = |a: &[f32], mean_a: f64, b: &[f32], mean_b: f64| -> f64 {
                    (0..weights.len())
                        .map(|i| weights[i] / total * (at(a, i) - mean_a) * (at(b, i) - mean_b))
                        .sum()
                };
                let (c1, c2) = (0.0001, 0.0009);
                similarities.push(
                    (2.0 * mean_x * mean_y + c1) * (2.0 * about(x, mean_x, y, mean_y) + c2)
                        / ((mean_x.powi(2) + mean_y.powi(2) + c1)
                            * (about(x, mean_x, x, mean_x) + about(y, mean_y, y, mean_y) + c2)),
                );
            }
        }
        similarities.iter().sum::<f64>() / similarities.len() as f64
    }

    #[test]
    fn agrees_with_the_definition_at_any_size() {
        for (height, width) in [
            (1, 1),
            (1, 5),
            (2, 30),
            (7, 7),
            (10, 11),
            (11, 11),
            (14, 23),
        ] {
            let shape = ImageShape::new(1, height, width);
            let (x, y) = (picture(0, shape), picture(1, shape));
            let (found, expected) = (ssim(shape, &x, &y), naive(height, width, &x, &y));
            assert!(
                (found - expected).abs() < 1e-9,
                "{height} rows, {width} columns: {found} instead of {expected}"
            );
        }
    }

    #[test]
    fn is_one_only_for_equal_images() {
        let shape = ImageShape::new(3, 28, 28);
        let (x, y) = (picture(0, shape), picture(1, shape));
        assert!((ssim(shape, &x, &x) - 1.0).abs() < 1e-12);
        assert!(ssim(shape, &x, &y) < 0.99);
        assert!(
            ssim(shape, &x, &picture(2, shape)) < 0.0,
            "an inverted image"
        );
    }
}
