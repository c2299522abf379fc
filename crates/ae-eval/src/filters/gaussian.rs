//! Gaussian blur.

use ae_data::ImageShape;

use crate::filters::planes::{by_channel, shifted};

/// Standard deviations that a Gaussian kernel reaches to either side.
const GAUSSIAN_REACH: f64 = 4.0;

/// Blurs with a Gaussian of standard deviation `sigma` pixels, cut at four of them.
///
/// A `sigma` of 0 or below leaves the image as it is; the kernel reaches no further than the
/// image's longer side.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]`
///
/// # Panics
/// If `values` has another length than `shape`.
///
/// # References
/// R. C. Gonzalez, R. E. Woods, "Digital Image Processing", 4th edition, 2018, section 3.5.
pub fn gaussian(shape: ImageShape, values: &[f32], sigma: f32) -> Vec<f32> {
    if sigma.is_nan() || sigma <= 0.0 {
        assert_eq!(values.len(), shape.values(), "length of the image");
        return values.to_vec();
    }
    let kernel = gaussian_kernel(f64::from(sigma), shape.height.max(shape.width));
    let radius = kernel.len() / 2;
    let mut rows = vec![0.0; shape.pixels()];
    by_channel(shape, values, |plane, filtered| {
        for (line, blurred) in plane
            .chunks_exact(shape.width)
            .zip(rows.chunks_exact_mut(shape.width))
        {
            for (column, sum) in blurred.iter_mut().enumerate() {
                let terms = kernel.iter().enumerate();
                *sum = terms
                    .map(|(right, weight)| {
                        weight * line[shifted(column, right, radius, shape.width)]
                    })
                    .sum();
            }
        }
        filtered.fill(0.0);
        for (row, blurred) in filtered.chunks_exact_mut(shape.width).enumerate() {
            for (down, weight) in kernel.iter().enumerate() {
                let start = shape.width * shifted(row, down, radius, shape.height);
                let line = &rows[start..start + shape.width];
                for (sum, value) in blurred.iter_mut().zip(line) {
                    *sum += weight * value;
                }
            }
        }
    })
}

fn gaussian_kernel(sigma: f64, longest_side: usize) -> Vec<f32> {
    let radius = ((GAUSSIAN_REACH * sigma + 0.5) as usize).min(longest_side);
    let weights: Vec<f64> = (0..=2 * radius)
        .map(|index| (-0.5 * ((index as f64 - radius as f64) / sigma).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    weights
        .into_iter()
        .map(|weight| (weight / sum) as f32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::test_images::{SHAPES, assert_near, at, each, picture};

    #[test]
    fn gaussian_agrees_with_the_sum_in_two_dimensions() {
        for (channels, height, width) in SHAPES {
            let shape = ImageShape::new(channels, height, width);
            let values = picture(shape);
            for sigma in [0.3_f64, 1.0, 2.2] {
                let reach = ((4.0 * sigma + 0.5) as i64).min(height.max(width) as i64);
                let weight = |down: i64, right: i64| {
                    (-((down * down + right * right) as f64) / (2.0 * sigma * sigma)).exp()
                };
                let expected = each(shape, |channel, row, column| {
                    let (mut sum, mut weights) = (0.0, 0.0);
                    for down in -reach..=reach {
                        for right in -reach..=reach {
                            let value = at(shape, &values, channel, row + down, column + right);
                            sum += weight(down, right) * value;
                            weights += weight(down, right);
                        }
                    }
                    sum / weights
                });
                let found = gaussian(shape, &values, sigma as f32);
                assert_near(&found, &expected, 1e-6, &format!("{shape}, sigma {sigma}"));
            }
        }
    }

    #[test]
    fn no_strength_changes_nothing() {
        let shape = ImageShape::new(2, 7, 6);
        let values = picture(shape);
        for sigma in [0.0, -1.0, f32::NAN] {
            assert_eq!(gaussian(shape, &values, sigma), values, "sigma {sigma}");
        }
    }

    #[test]
    fn a_sigma_without_bound_takes_bounded_memory() {
        let shape = ImageShape::new(1, 4, 4);
        let filtered = gaussian(shape, &picture(shape), 1e30);
        assert!(filtered.iter().all(|value| value.is_finite()));
    }
}
