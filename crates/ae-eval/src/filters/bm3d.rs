//! BM3D: block matching and collaborative filtering in three dimensions.
#![expect(
    clippy::needless_range_loop,
    reason = "loops that count are inlined, and compiled for the machine's vectors, where iterators may not be"
)]

mod aggregation;
mod blocks;
mod cosine;
mod grouping;
mod haar;
mod hard_threshold;
#[cfg(test)]
mod naive;
mod padding;
mod profile;
mod stage;
mod wavelet;
mod wiener;

use ae_data::ImageShape;

use crate::filters::bm3d::hard_threshold::HardThreshold;
use crate::filters::bm3d::padding::{cropped, padded_to};
use crate::filters::bm3d::profile::{
    HIGH_NOISE_STEP, HIGH_NOISE_WIENER_SIDE, HIGH_NOISE_WIENER_STEP, Profile, SIDE, STEP,
};
use crate::filters::bm3d::stage::{Extent, filter_stage};
use crate::filters::bm3d::wiener::Wiener;
use crate::filters::opponent::{from_opponent, noise_shares, to_opponent};

/// Removes Gaussian noise of standard deviation `sigma`, in pixel units, by BM3D.
///
/// Blocks like a reference block are found within 39x39 positions, stacked, and filtered as one: a 2-D transform of each, a
/// Haar transform along the stack, and there first a hard threshold (2-D biorthogonal wavelet 1.5), then, with blocks matched
/// anew on that basic estimate, a Wiener filter (2-D DCT). Every block goes back to its place, weighted by how few coefficients its
/// stack kept.
///
/// Parameters are those of the paper's normal profile and, above a `sigma` of 40/255, of the authors' profile for strong noise
/// (`vn` in their software, after Hou et al.). Images of three channels are filtered in an opponent color space, with blocks
/// matched on luminance alone; of any other number of channels, each alone. An image smaller than a block is mirrored to
/// a block's size and cut back.
///
/// The noise should be independent from pixel to pixel, and is best not clipped; results are not clipped either. Where `sigma`
/// is not known, [`estimate_noise_sigma`](crate::filters::estimate_noise_sigma) gives one. A `sigma` of 0 or below leaves the
/// image as it is. Work is shared out over rayon's threads; the result does not depend on their number.
///
/// # Shapes
/// - `values`, output: `[channels, height, width]`, in `[0, 1]` but for the noise
///
/// # Panics
/// If `values` has another length than `shape`.
///
/// # References
/// K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative filtering",
/// IEEE Transactions on Image Processing 16(8), 2007; color: the same authors, "Color image denoising via sparse 3D
/// collaborative filtering with grouping constraint in luminance-chrominance space", ICIP 2007; strong noise: Y. Hou, C. Zhao,
/// D. Yang, Y. Cheng, "Comments on 'Image denoising by sparse 3-D transform-domain collaborative filtering'", IEEE
/// Transactions on Image Processing 20(1), 2011.
pub fn bm3d(shape: ImageShape, values: &[f32], sigma: f32) -> Vec<f32> {
    assert_eq!(values.len(), shape.values(), "length of the image");
    if sigma.is_nan() || sigma <= 0.0 || values.is_empty() {
        return values.to_vec();
    }
    let plane = ImageShape::new(1, shape.height, shape.width);
    if shape.channels == 3 {
        let sigmas = noise_shares().map(|share| share * sigma);
        let opponent = to_opponent(values);
        return from_opponent(&filter_together(shape, &opponent, sigma, &sigmas));
    }
    let mut filtered = Vec::with_capacity(values.len());
    for values in values.chunks_exact(plane.values()) {
        filtered.extend(filter_together(plane, values, sigma, &[sigma]));
    }
    filtered
}

/// Both stages on channels that share their groups, which are found on the first of them; each has its own noise.
fn filter_together(shape: ImageShape, values: &[f32], sigma: f32, sigmas: &[f32]) -> Vec<f32> {
    let profile = Profile::for_noise(sigma);
    let extent = Extent {
        channels: shape.channels,
        height: shape.height.max(profile.longest_side()),
        width: shape.width.max(profile.longest_side()),
    };
    let noisy = padded_to(shape, values, extent);
    let hard = HardThreshold::<SIDE>::new(&noisy, extent, profile.threshold, sigmas);
    let finest = if profile.is_high_noise {
        let settings = &profile.hard_threshold;
        let basic = filter_stage::<SIDE, HIGH_NOISE_STEP>(extent, &noisy, settings, &hard);
        let wiener = Wiener::new(&noisy, &basic, extent, sigmas);
        filter_stage::<HIGH_NOISE_WIENER_SIDE, HIGH_NOISE_WIENER_STEP>(
            extent,
            &basic,
            &profile.wiener,
            &wiener,
        )
    } else {
        let basic = filter_stage::<SIDE, STEP>(extent, &noisy, &profile.hard_threshold, &hard);
        let wiener = Wiener::new(&noisy, &basic, extent, sigmas);
        filter_stage::<SIDE, STEP>(extent, &basic, &profile.wiener, &wiener)
    };
    cropped(extent, finest, shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::bm3d::naive::Plane;
    use crate::filters::test_images::{assert_near, normal_noise};

    /// Stripes and a disc under Gaussian noise, rounded to 64ths, so that distances of the first stage have no rounding.
    fn noisy(shape: ImageShape, sigma: f32) -> Vec<f32> {
        let noise = normal_noise(shape, 5);
        noise
            .iter()
            .enumerate()
            .map(|(index, noise)| ((clean_at(shape, index) + sigma * noise) * 64.0).round() / 64.0)
            .collect()
    }

    fn clean_at(shape: ImageShape, index: usize) -> f32 {
        let (row, column) = (index / shape.width % shape.height, index % shape.width);
        let channel = index / shape.pixels();
        let disc =
            row.abs_diff(shape.height / 2).pow(2) + column.abs_diff(shape.width / 3).pow(2) < 60;
        let stripe = (row + 2 * column + channel) % 12 < 5;
        f32::from(u8::from(disc)) * 0.4 + f32::from(u8::from(stripe)) * 0.2 + 0.2
    }

    fn mean_squared_error(shape: ImageShape, values: &[f32]) -> f64 {
        let errors = values.iter().enumerate();
        let squares = errors.map(|(at, value)| f64::from(value - clean_at(shape, at)).powi(2));
        squares.sum::<f64>() / values.len() as f64
    }

    fn naively(shape: ImageShape, values: &[f32], sigma: f32) -> Vec<f64> {
        let profile = Profile::for_noise(sigma);
        let plane = Plane {
            values: values.iter().map(|&value| f64::from(value)).collect(),
            width: shape.width,
        };
        let stages = (&profile.hard_threshold, &profile.wiener);
        let (sides, steps) = if profile.is_high_noise {
            ((8, 11), (4, 6))
        } else {
            ((8, 8), (3, 3))
        };
        let (sigma, threshold) = (f64::from(sigma), f64::from(profile.threshold));
        naive::bm3d(&plane, sigma, threshold, stages, sides, steps).values
    }

    #[test]
    fn agrees_with_the_definition() {
        for (height, width, sigma) in [(30, 41, 0.1), (11, 26, 0.05), (33, 29, 0.2)] {
            let shape = ImageShape::new(1, height, width);
            let values = noisy(shape, sigma);
            let expected = naively(shape, &values, sigma);
            let what = format!("{shape}, sigma {sigma}");
            assert_near(&bm3d(shape, &values, sigma), &expected, 1e-4, &what);
        }
    }

    #[test]
    fn most_of_the_noise_goes_in_gray_and_more_in_color() {
        for sigma in [0.1, 0.2] {
            let mut errors = [1, 3].map(|channels| {
                let shape = ImageShape::new(channels, 48, 56);
                let values = noisy(shape, sigma);
                let before = mean_squared_error(shape, &values);
                let after = mean_squared_error(shape, &bm3d(shape, &values, sigma));
                after / before
            });
            assert!(errors[0] < 0.3, "sigma {sigma}: {errors:?}");
            errors.reverse();
            assert!(errors[0] < errors[1], "sigma {sigma}: {errors:?}");
        }
    }

    #[test]
    fn constants_stay() {
        for (channels, height, width) in [(1, 20, 31), (3, 12, 12), (1, 1, 5), (2, 3, 9), (4, 8, 8)]
        {
            let shape = ImageShape::new(channels, height, width);
            for value in [0.0, 0.7, 1.0] {
                for sigma in [1e-30, 0.05, 0.3] {
                    let found = bm3d(shape, &vec![value; shape.values()], sigma);
                    let far = found
                        .iter()
                        .any(|found| (found - value).abs() > 0.01 * value);
                    assert!(!far, "{shape}, {value}, sigma {sigma}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn channels_other_than_three_are_filtered_alone() {
        let shape = ImageShape::new(2, 17, 20);
        let plane = ImageShape::new(1, 17, 20);
        let values = noisy(shape, 0.1);
        let found = bm3d(shape, &values, 0.1);
        for (channel, found) in found.chunks_exact(plane.values()).enumerate() {
            let start = channel * plane.values();
            assert_eq!(
                found,
                bm3d(plane, &values[start..start + plane.values()], 0.1)
            );
        }
    }

    #[test]
    fn results_do_not_depend_on_threads() {
        let shape = ImageShape::new(3, 70, 230);
        let values = noisy(shape, 0.1);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| bm3d(shape, &values, 0.1))
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(5));
    }

    #[test]
    fn no_noise_changes_nothing_and_any_amount_is_finite() {
        let shape = ImageShape::new(1, 12, 13);
        let values = noisy(shape, 0.1);
        for sigma in [0.0, -1.0, f32::NAN] {
            assert_eq!(bm3d(shape, &values, sigma), values, "sigma {sigma}");
        }
        for sigma in [1e-30, 1e-6, 50.0, 1e30, f32::INFINITY] {
            let found = bm3d(shape, &values, sigma);
            assert!(found.iter().all(|value| value.is_finite()), "sigma {sigma}");
        }
        let nothing = ImageShape::new(1, 0, 5);
        assert!(bm3d(nothing, &[], 0.1).is_empty());
    }

    #[test]
    fn values_that_are_not_finite_do_not_stop_it() {
        let shape = ImageShape::new(3, 40, 30);
        let mut values = noisy(shape, 0.1);
        values[700] = f32::NAN;
        values[900] = f32::INFINITY;
        assert_eq!(bm3d(shape, &values, 0.1).len(), values.len());
    }
}
