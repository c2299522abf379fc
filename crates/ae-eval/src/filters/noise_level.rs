//! The noise's standard deviation, estimated from the noisy image alone.

use ae_data::ImageShape;

/// High-pass filter of Daubechies' wavelet of four taps: it ends what is constant or linear.
///
/// I. Daubechies, "Ten lectures on wavelets", 1992, section 6.4: (1 - √3, √3 - 3, 3 + √3, -1 - √3) / (4 √2).
const HIGH_PASS: [f32; 4] = [-0.129_409_52, -0.224_143_87, 0.836_516_3, -0.482_962_9];

/// The median of the absolute value of a standard normal variable.
const NORMAL_MAD: f64 = 0.674_489_750_196_081_7;

/// Estimates the standard deviation of Gaussian noise, in pixel units: the median of the absolute values of the finest diagonal
/// wavelet coefficients, divided by 0.6745.
///
/// Coefficients of all channels count alike, and are taken at every position, not every other one, so that small images give
/// a steadier estimate. What has texture, or edges of one pixel, is taken for noise to a part: estimates are rather too high, above all
/// of weak noise. Noise that is alike in neighboring pixels (after JPEG, scaling or demosaicing) is underestimated, and so is
/// noise that was clipped.
///
/// Nothing for images of less than 4 pixels a side, and where the median is not finite.
///
/// # Shapes
/// - `values`: `[channels, height, width]`
///
/// # Panics
/// If `values` has another length than `shape`.
///
/// # References
/// D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3), 1994, section 4.2.
pub fn estimate_noise_sigma(shape: ImageShape, values: &[f32]) -> Option<f32> {
    assert_eq!(values.len(), shape.values(), "length of the image");
    let taps = HIGH_PASS.len();
    if shape.channels == 0 || shape.height < taps || shape.width < taps {
        return None;
    }
    let (rows, columns) = (shape.height - taps + 1, shape.width - taps + 1);
    let mut coefficients = Vec::with_capacity(shape.channels * rows * columns);
    let mut filtered_rows = vec![0.0_f32; shape.width];
    for plane in values.chunks_exact(shape.pixels()) {
        for window in 0..rows {
            filtered_rows.fill(0.0);
            let lines = plane[window * shape.width..].chunks_exact(shape.width);
            for (weight, line) in HIGH_PASS.iter().zip(lines) {
                for (sum, value) in filtered_rows.iter_mut().zip(line) {
                    *sum += weight * value;
                }
            }
            coefficients.extend(filtered_rows.windows(taps).map(|window| {
                let terms = HIGH_PASS.iter().zip(window);
                terms
                    .map(|(weight, value)| weight * value)
                    .sum::<f32>()
                    .abs()
            }));
        }
    }
    let middle = coefficients.len() / 2;
    let (_, median, _) = coefficients.select_nth_unstable_by(middle, f32::total_cmp);
    let sigma = (f64::from(*median) / NORMAL_MAD) as f32;
    sigma.is_finite().then_some(sigma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::test_images::{normal_noise, picture};

    #[test]
    fn the_filter_is_daubechies_and_ends_lines() {
        let root = 3.0_f64.sqrt();
        let exact = [1.0 - root, root - 3.0, 3.0 + root, -1.0 - root];
        for (found, exact) in HIGH_PASS.iter().zip(exact) {
            assert!((f64::from(*found) - exact / 32.0_f64.sqrt()).abs() < 1e-7);
        }
        let moment = |power: i32| -> f64 {
            let taps = HIGH_PASS.iter().enumerate();
            taps.map(|(tap, weight)| f64::from(*weight) * (tap as f64).powi(power))
                .sum()
        };
        assert!(moment(0).abs() < 1e-6 && moment(1).abs() < 1e-6);
        let length: f64 = HIGH_PASS.iter().map(|tap| f64::from(*tap).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-6);
    }

    #[test]
    fn noise_on_a_slope_is_found() {
        let shape = ImageShape::new(2, 120, 150);
        for sigma in [0.02_f32, 0.1, 0.4] {
            let mut values = normal_noise(shape, 3);
            for (index, value) in values.iter_mut().enumerate() {
                let (row, column) = (index / shape.width % shape.height, index % shape.width);
                *value = *value * sigma + (2 * row + column) as f32 / 400.0;
            }
            let found = estimate_noise_sigma(shape, &values).unwrap();
            assert!((found / sigma - 1.0).abs() < 0.03, "{found} for {sigma}");
        }
    }

    #[test]
    fn a_slope_has_no_noise_and_what_is_too_small_or_not_finite_has_no_estimate() {
        let slope: Vec<f32> = (0..100).map(|index| (index / 10) as f32 / 20.0).collect();
        let found = estimate_noise_sigma(ImageShape::new(1, 10, 10), &slope).unwrap();
        assert!(found < 1e-6, "{found}");
        let small = ImageShape::new(3, 3, 40);
        assert_eq!(estimate_noise_sigma(small, &picture(small)), None);
        let shape = ImageShape::new(1, 8, 8);
        assert_eq!(estimate_noise_sigma(shape, &[f32::NAN; 64]), None);
    }
}
