//! Classical denoising filters, the baselines of a denoiser.
//!
//! All take one image, treat every channel alone and see the nearest edge pixel beyond an edge.

use ae_data::ImageShape;

mod non_local_means;

pub use non_local_means::{NonLocalMeans, non_local_means};

/// Standard deviations that a Gaussian kernel reaches to either side.
const GAUSSIAN_REACH: f64 = 4.0;

/// Replaces every pixel by the median of the square of `2 radius + 1` pixels a side about it.
///
/// A radius beyond the image's longer side counts as that side.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]`
///
/// # Panics
/// If `values` has another length than `shape`.
///
/// # References
/// J. W. Tukey, "Exploratory Data Analysis", 1977, chapter 7; in two dimensions: W. K. Pratt,
/// "Digital Image Processing", 1978, section 12.6.
pub fn median(shape: ImageShape, values: &[f32], radius: usize) -> Vec<f32> {
    let radius = radius.min(shape.height.max(shape.width));
    let mut window = Vec::with_capacity((2 * radius + 1).pow(2));
    by_channel(shape, values, |plane, filtered| {
        for row in 0..shape.height {
            for column in 0..shape.width {
                window.clear();
                for down in 0..=2 * radius {
                    let start = shape.width * shifted(row, down, radius, shape.height);
                    let line = &plane[start..start + shape.width];
                    window.extend(
                        (0..=2 * radius)
                            .map(|right| line[shifted(column, right, radius, shape.width)]),
                    );
                }
                let middle = window.len() / 2;
                let (_, median, _) = window.select_nth_unstable_by(middle, f32::total_cmp);
                filtered[row * shape.width + column] = *median;
            }
        }
    })
}

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

/// `position + offset - radius`, moved onto the nearest of `0..length`.
fn shifted(position: usize, offset: usize, radius: usize, length: usize) -> usize {
    (position + offset).saturating_sub(radius).min(length - 1)
}

fn by_channel(
    shape: ImageShape,
    values: &[f32],
    mut filter: impl FnMut(&[f32], &mut [f32]),
) -> Vec<f32> {
    assert_eq!(values.len(), shape.values(), "length of the image");
    let mut filtered = vec![0.0; values.len()];
    if shape.pixels() > 0 {
        let planes = values.chunks_exact(shape.pixels());
        for (plane, filtered) in planes.zip(filtered.chunks_exact_mut(shape.pixels())) {
            filter(plane, filtered);
        }
    }
    filtered
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn picture(shape: ImageShape) -> Vec<f32> {
        (0..shape.values())
            .map(|index| ((index * index * 7 + index * 31) % 251) as f32 / 250.0)
            .collect()
    }

    /// The pixel at signed coordinates, the nearest one beyond the edges.
    pub(super) fn at(
        shape: ImageShape,
        values: &[f32],
        channel: usize,
        row: i64,
        column: i64,
    ) -> f64 {
        let row = row.clamp(0, shape.height as i64 - 1) as usize;
        let column = column.clamp(0, shape.width as i64 - 1) as usize;
        f64::from(values[(channel * shape.height + row) * shape.width + column])
    }

    /// Every pixel's value by a function of its channel, row and column.
    pub(super) fn each(shape: ImageShape, value: impl Fn(usize, i64, i64) -> f64) -> Vec<f64> {
        let mut values = Vec::new();
        for channel in 0..shape.channels {
            for row in 0..shape.height as i64 {
                for column in 0..shape.width as i64 {
                    values.push(value(channel, row, column));
                }
            }
        }
        values
    }

    pub(super) fn assert_near(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
        assert_eq!(found.len(), expected.len(), "{what}");
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            let difference = (f64::from(*found) - expected).abs();
            assert!(
                difference < tolerance,
                "{what}: {found} instead of {expected} at {index}"
            );
        }
    }

    const SHAPES: [(usize, usize, usize); 5] =
        [(1, 28, 28), (3, 9, 13), (1, 1, 5), (1, 4, 1), (2, 3, 3)];

    #[test]
    fn median_agrees_with_sorting() {
        for (channels, height, width) in SHAPES {
            let shape = ImageShape::new(channels, height, width);
            let values = picture(shape);
            for radius in [0, 1, 2, 4] {
                let reach = radius as i64;
                let expected = each(shape, |channel, row, column| {
                    let mut window = Vec::new();
                    for down in -reach..=reach {
                        for right in -reach..=reach {
                            window.push(at(shape, &values, channel, row + down, column + right));
                        }
                    }
                    window.sort_by(f64::total_cmp);
                    window[window.len() / 2]
                });
                let found = median(shape, &values, radius);
                assert_near(
                    &found,
                    &expected,
                    1e-9,
                    &format!("{shape}, radius {radius}"),
                );
            }
        }
    }

    #[test]
    fn median_removes_a_lone_pixel_and_keeps_an_edge() {
        let shape = ImageShape::new(1, 5, 6);
        let mut values: Vec<f32> = (0..30).map(|i| if i % 6 < 3 { 0.0 } else { 1.0 }).collect();
        let clean = values.clone();
        values[2 * 6 + 1] = 1.0;
        assert_eq!(median(shape, &values, 1), clean);
    }

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
        assert_eq!(median(shape, &values, 0), values);
    }

    #[test]
    fn strengths_without_bound_take_bounded_memory() {
        let shape = ImageShape::new(1, 4, 4);
        let values = picture(shape);
        assert!(
            gaussian(shape, &values, 1e30)
                .iter()
                .all(|value| value.is_finite())
        );
        assert_eq!(median(shape, &values, usize::MAX).len(), 16);
    }
}
