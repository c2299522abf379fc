//! Non-local means.

use ae_data::ImageShape;
use rayon::prelude::*;

/// A pixel none of whose candidates weighs as much is left as it is: the sums of smaller weights are of too few digits.
const LEAST_WEIGHT: f32 = 1e-30;
/// Rows that one task filters: enough to share out a large picture, and all of a small one.
const BAND_ROWS: usize = 32;

/// Strength and reach of [`non_local_means`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonLocalMeans {
    /// Patches have `2 patch_radius + 1` pixels a side.
    pub patch_radius: usize,
    /// Candidates lie in a square of `2 search_radius + 1` pixels a side about the pixel.
    pub search_radius: usize,
    /// The filtering parameter h: how far apart patches may be and still count, in pixel units.
    pub strength: f32,
    /// Standard deviation of the noise, in pixel units: twice its square is the distance that two
    /// noisy copies of one patch have anyway, and is not held against them. 0 for none.
    pub noise_sigma: f32,
}

/// Replaces every pixel by a mean of the pixels around it, weighted by how alike the patches
/// about the two are: `exp(-max(d² - 2 noise_sigma², 0) / strength²)`, where d² is the mean
/// squared difference of the patches.
///
/// Candidates lie inside the image; patches see the nearest edge pixel beyond an edge. The pixel
/// itself weighs as much as its best candidate; where that weighs less than 1e-30 it is left as it is. Patches are flat, not Gaussian-weighted. Each
/// candidate offset costs one pass over the image, shared out over threads by rows; the result
/// does not depend on their number. A strength of 0 or below leaves the image as it is.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]`
///
/// # Panics
/// If `values` has another length than `shape`.
///
/// # References
/// A. Buades, B. Coll, J. M. Morel, "A review of image denoising algorithms, with a new one",
/// Multiscale Modeling and Simulation 4(2), 2005, section 5; flat patches and the noise's
/// variance as in the same authors' "Non-local means denoising", Image Processing On Line 1,
/// 2011, section 2.
pub fn non_local_means(shape: ImageShape, values: &[f32], settings: &NonLocalMeans) -> Vec<f32> {
    assert_eq!(values.len(), shape.values(), "length of the image");
    if settings.strength.is_nan() || settings.strength <= 0.0 {
        return values.to_vec();
    }
    let longest_side = shape.height.max(shape.width);
    let settings = NonLocalMeans {
        patch_radius: settings.patch_radius.min(longest_side),
        search_radius: settings.search_radius.min(longest_side),
        ..*settings
    };
    let mut filtered = vec![0.0; values.len()];
    if values.is_empty() {
        return filtered;
    }
    let planes = values.chunks_exact(shape.pixels());
    for (plane, filtered) in planes.zip(filtered.chunks_exact_mut(shape.pixels())) {
        let padded = Padded::new(plane, shape, settings.patch_radius);
        filtered
            .par_chunks_mut(BAND_ROWS * shape.width)
            .enumerate()
            .for_each(|(band, filtered)| {
                filter_band(&padded, shape, &settings, band * BAND_ROWS, filtered);
            });
    }
    filtered
}

/// One channel with its edge pixels repeated `margin` times on every side.
struct Padded {
    values: Vec<f32>,
    width: usize,
}

impl Padded {
    fn new(plane: &[f32], shape: ImageShape, margin: usize) -> Self {
        let width = shape.width + 2 * margin;
        let mut values = Vec::with_capacity(width * (shape.height + 2 * margin));
        for row in 0..shape.height + 2 * margin {
            let row = row.saturating_sub(margin).min(shape.height - 1);
            let line = &plane[row * shape.width..(row + 1) * shape.width];
            values.extend(std::iter::repeat_n(line[0], margin));
            values.extend_from_slice(line);
            values.extend(std::iter::repeat_n(line[shape.width - 1], margin));
        }
        Self { values, width }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }
}

/// Filters the rows from `first_row` on that `filtered` holds.
fn filter_band(
    padded: &Padded,
    shape: ImageShape,
    settings: &NonLocalMeans,
    first_row: usize,
    filtered: &mut [f32],
) {
    let (height, width) = (shape.height as isize, shape.width as isize);
    let side = 2 * settings.patch_radius + 1;
    let patch_values = (side * side) as f32;
    let noise = 2.0 * settings.noise_sigma * settings.noise_sigma;
    let scale = -1.0 / (settings.strength * settings.strength);
    let reach = settings.search_radius as isize;
    let rows = filtered.len() / shape.width;

    let mut weights = vec![0.0_f32; filtered.len()];
    let mut largest = vec![0.0_f32; filtered.len()];
    let mut differences = vec![0.0_f32; padded.width];
    // Sums over a patch's columns, for each row that the band's patches touch.
    let mut line_sums = vec![0.0_f32; (rows + side - 1) * shape.width];
    let mut line_weights = vec![0.0_f32; shape.width];

    for down in -reach..=reach {
        // Rows of the band whose candidate lies inside the image.
        let from = (-down).max(first_row as isize);
        let to = (height - down).min(height).min((first_row + rows) as isize);
        if from >= to {
            continue;
        }
        let (from, to) = (from as usize, to as usize);
        for right in -reach..=reach {
            let left_end = (-right).max(0);
            let right_end = (width - right).min(width);
            if (down, right) == (0, 0) || left_end >= right_end {
                continue;
            }
            let columns = left_end as usize..right_end as usize;
            let first_candidate = (left_end + right) as usize;
            let width_here = columns.len();
            let touched = width_here + side - 1;

            let lines = line_sums.chunks_exact_mut(shape.width);
            for (line, sums) in (from..to + side - 1).zip(lines) {
                let here = &padded.row(line)[columns.start..columns.start + touched];
                let candidate_line = line.wrapping_add_signed(down);
                let there = &padded.row(candidate_line)[first_candidate..first_candidate + touched];
                for ((difference, a), b) in differences.iter_mut().zip(here).zip(there) {
                    *difference = (a - b) * (a - b);
                }
                let sums = &mut sums[..width_here];
                sums.copy_from_slice(&differences[..width_here]);
                for shift in 1..side {
                    for (sum, difference) in sums.iter_mut().zip(&differences[shift..]) {
                        *sum += difference;
                    }
                }
            }

            for row in from..to {
                let line_weights = &mut line_weights[..width_here];
                line_weights.fill(0.0);
                for line in row - from..row - from + side {
                    let sums = &line_sums[line * shape.width..];
                    for (distance, sum) in line_weights.iter_mut().zip(sums) {
                        *distance += sum;
                    }
                }
                for weight in line_weights.iter_mut() {
                    *weight = ((*weight / patch_values - noise).max(0.0) * scale).exp();
                }
                let candidate_row = row.wrapping_add_signed(down) + settings.patch_radius;
                let candidates =
                    &padded.row(candidate_row)[first_candidate + settings.patch_radius..];
                let start = (row - first_row) * shape.width + columns.start;
                let here = start..start + width_here;
                let accumulators = filtered[here.clone()]
                    .iter_mut()
                    .zip(&mut weights[here.clone()])
                    .zip(&mut largest[here]);
                for (((sum, total), most), (weight, candidate)) in
                    accumulators.zip(line_weights.iter().zip(candidates))
                {
                    *sum += weight * candidate;
                    *total += weight;
                    *most = most.max(*weight);
                }
            }
        }
    }

    for row in 0..rows {
        let own = &padded.row(first_row + row + settings.patch_radius)[settings.patch_radius..];
        let start = row * shape.width;
        for (column, pixel) in own[..shape.width].iter().enumerate() {
            let index = start + column;
            let weight = largest[index];
            filtered[index] = match weight > LEAST_WEIGHT {
                true => (filtered[index] + weight * pixel) / (weights[index] + weight),
                false => *pixel,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::test_images::{assert_near, at, each, picture};

    /// The definition, one pair of patches at a time.
    fn naive(shape: ImageShape, values: &[f32], settings: &NonLocalMeans) -> Vec<f64> {
        let reach = settings.search_radius as i64;
        let patch = settings.patch_radius as i64;
        each(shape, |channel, row, column| {
            let pixel = |row, column| at(shape, values, channel, row, column);
            let (mut sum, mut total, mut largest) = (0.0, 0.0, 0.0_f64);
            for other_row in row - reach..=row + reach {
                for other_column in column - reach..=column + reach {
                    let inside = (0..shape.height as i64).contains(&other_row)
                        && (0..shape.width as i64).contains(&other_column);
                    if !inside || (other_row, other_column) == (row, column) {
                        continue;
                    }
                    let mut distance = 0.0;
                    for down in -patch..=patch {
                        for right in -patch..=patch {
                            distance += (pixel(row + down, column + right)
                                - pixel(other_row + down, other_column + right))
                            .powi(2);
                        }
                    }
                    distance /= ((2 * patch + 1) * (2 * patch + 1)) as f64;
                    let noise = 2.0 * f64::from(settings.noise_sigma).powi(2);
                    let strength = f64::from(settings.strength).powi(2);
                    let weight = (-(distance - noise).max(0.0) / strength).exp();
                    sum += weight * pixel(other_row, other_column);
                    total += weight;
                    largest = largest.max(weight);
                }
            }
            match largest > 1e-30 {
                true => (sum + largest * pixel(row, column)) / (total + largest),
                false => pixel(row, column),
            }
        })
    }

    #[test]
    fn agrees_with_the_definition() {
        for (channels, height, width) in [
            (1, 28, 28),
            (3, 9, 13),
            (1, 1, 5),
            (1, 4, 1),
            (1, 70, 6),
            (1, 1, 1),
        ] {
            let shape = ImageShape::new(channels, height, width);
            let values = picture(shape);
            for (patch_radius, search_radius, strength, noise_sigma) in [
                (1, 3, 0.4, 0.0),
                (2, 5, 0.3, 0.2),
                (0, 2, 0.1, 0.0),
                (3, 0, 0.5, 0.1),
            ] {
                let settings = NonLocalMeans {
                    patch_radius,
                    search_radius,
                    strength,
                    noise_sigma,
                };
                let found = non_local_means(shape, &values, &settings);
                let expected = naive(shape, &values, &settings);
                assert_near(&found, &expected, 2e-5, &format!("{shape}, {settings:?}"));
            }
        }
    }

    #[test]
    fn weights_too_small_to_add_up_count_for_nothing() {
        let shape = ImageShape::new(1, 24, 24);
        let values = picture(shape);
        let range = values
            .iter()
            .fold((f32::MAX, f32::MIN), |(low, high), &value| {
                (low.min(value), high.max(value))
            });
        // Somewhere among these strengths every pixel's best weight is among the numbers below the normal ones.
        for thousandths in 1..60 {
            let settings = NonLocalMeans {
                patch_radius: 1,
                search_radius: 4,
                strength: thousandths as f32 / 1000.0,
                noise_sigma: 0.0,
            };
            for value in non_local_means(shape, &values, &settings) {
                let is_inside = value >= range.0 - 1e-6 && value <= range.1 + 1e-6;
                assert!(is_inside, "{thousandths} thousandths: {value} of {range:?}");
            }
        }
    }

    #[test]
    fn equal_patches_are_averaged() {
        // Two gray levels under a checkerboard: with a strength far below their difference only
        // patches in the same phase count, and the picture stays as it is.
        let shape = ImageShape::new(1, 12, 12);
        let values: Vec<f32> = (0..144)
            .map(|i| {
                if (i / 12 + i % 12) % 2 == 0 {
                    0.25
                } else {
                    0.75
                }
            })
            .collect();
        let settings = NonLocalMeans {
            patch_radius: 1,
            search_radius: 4,
            strength: 0.05,
            noise_sigma: 0.0,
        };
        let found = non_local_means(shape, &values, &settings);
        let expected: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        assert_near(&found, &expected, 1e-5, "checkerboard");
    }

    #[test]
    fn no_strength_changes_nothing() {
        let shape = ImageShape::new(1, 6, 6);
        let values = picture(shape);
        for strength in [0.0, -1.0, f32::NAN] {
            let settings = NonLocalMeans {
                patch_radius: 1,
                search_radius: 2,
                strength,
                noise_sigma: 0.0,
            };
            assert_eq!(
                non_local_means(shape, &values, &settings),
                values,
                "{strength}"
            );
        }
    }
}
