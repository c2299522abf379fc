//! The median filter.

use ae_data::ImageShape;

use crate::filters::planes::{by_channel, shifted};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::test_images::{SHAPES, assert_near, at, each, picture};

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
    fn a_radius_of_0_changes_nothing() {
        let shape = ImageShape::new(2, 7, 6);
        let values = picture(shape);
        assert_eq!(median(shape, &values, 0), values);
    }

    #[test]
    fn a_radius_without_bound_takes_bounded_memory() {
        let shape = ImageShape::new(1, 4, 4);
        assert_eq!(median(shape, &picture(shape), usize::MAX).len(), 16);
    }
}
