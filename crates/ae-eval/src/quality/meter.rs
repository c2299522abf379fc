//! MSE, RMSE, PSNR and SSIM of a set of images, one image a call.

use ae_data::ImageShape;
use serde::Serialize;

use crate::quality::ssim::ssim;

/// How near a set of images comes to its reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// Mean squared error over every value of every image.
    pub mse: f64,
    /// Square root of [`Quality::mse`]: a typical error in pixel units, where 1 is the full range.
    pub rmse: f64,
    /// Peak signal-to-noise ratio in decibels, `10 log10(1 / mse)` of the set's MSE, 1 being the [`DATA_RANGE`](crate::DATA_RANGE): infinite
    /// (`null` in JSON) where nothing differs.
    pub psnr: f64,
    /// Structural similarity ([`ssim`]), mean over the images.
    pub ssim: f64,
}

/// Collects the quality of a set, one image a call.
#[derive(Debug, Clone)]
pub struct QualityMeter {
    shape: ImageShape,
    images: u64,
    squared_error: f64,
    ssim: f64,
}

/// What one image adds to a [`QualityMeter`].
///
/// Measuring is the costly part and needs no order; adding must be in order, so that sums are the
/// same for any number of threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImageQuality {
    squared_error: f64,
    ssim: f64,
}

impl ImageQuality {
    pub(crate) fn measure(shape: ImageShape, reference: &[f32], candidate: &[f32]) -> Self {
        let squared_error = squared_error(reference, candidate);
        Self {
            squared_error,
            ssim: ssim(shape, reference, candidate),
        }
    }
}

impl QualityMeter {
    /// Starts a measurement of images of one shape.
    pub fn new(shape: ImageShape) -> Self {
        Self {
            shape,
            images: 0,
            squared_error: 0.0,
            ssim: 0.0,
        }
    }

    /// Adds one image.
    ///
    /// # Shapes
    /// - `reference`, `candidate`: `[channels, height, width]`, pixels in `[0, 1]`
    ///
    /// # Panics
    /// If either slice does not hold as many values as the meter's shape.
    pub fn add(&mut self, reference: &[f32], candidate: &[f32]) {
        self.add_measured(ImageQuality::measure(self.shape, reference, candidate));
    }

    pub(crate) fn add_measured(&mut self, image: ImageQuality) {
        self.images += 1;
        self.squared_error += image.squared_error;
        self.ssim += image.ssim;
    }

    /// Number of images added so far.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// The quality of the images added so far; not a number where there are none.
    pub fn finish(&self) -> Quality {
        let images = self.images as f64;
        let mse = self.squared_error / (images * self.shape.values() as f64);
        Quality {
            mse,
            rmse: mse.sqrt(),
            psnr: -10.0 * mse.log10(),
            ssim: self.ssim / images,
        }
    }
}

/// Sum of the squared differences.
pub(crate) fn squared_error(reference: &[f32], candidate: &[f32]) -> f64 {
    let pairs = reference.iter().zip(candidate);
    pairs
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A constant error of `rmse` has these decibels by the definition of PSNR.
    #[test]
    fn psnr_follows_the_table() {
        let shape = ImageShape::new(1, 12, 12);
        for (error, decibels) in [
            (1.0, 0.0),
            (0.5, 6.020_599_913),
            (0.1, 20.0),
            (1.0 / 255.0, 48.130_803_609),
            (0.01, 40.0),
        ] {
            let mut meter = QualityMeter::new(shape);
            meter.add(&[0.0; 144], &[error; 144]);
            let quality = meter.finish();
            assert!(
                (quality.psnr - decibels).abs() < 1e-5,
                "{error}: {quality:?}"
            );
            assert!(
                (quality.rmse - f64::from(error)).abs() < 1e-7,
                "{error}: {quality:?}"
            );
        }
    }

    #[test]
    fn psnr_is_of_the_set_not_a_mean_of_the_images() {
        let shape = ImageShape::new(1, 2, 2);
        let mut meter = QualityMeter::new(shape);
        meter.add(&[0.0; 4], &[0.0; 4]);
        meter.add(&[0.0; 4], &[0.0, 0.0, 0.0, 0.4]);
        let quality = meter.finish();
        assert!((quality.mse - 0.02).abs() < 1e-9, "{quality:?}");
        assert!((quality.psnr - 16.989_700_04).abs() < 1e-6, "{quality:?}");
        assert_eq!(meter.images(), 2);
    }

    #[test]
    fn equal_images_have_infinite_psnr() {
        let mut meter = QualityMeter::new(ImageShape::new(1, 1, 5));
        meter.add(&[0.2; 5], &[0.2; 5]);
        let quality = meter.finish();
        assert_eq!((quality.mse, quality.psnr), (0.0, f64::INFINITY));
        assert!((quality.ssim - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_images_have_no_quality() {
        let quality = QualityMeter::new(ImageShape::new(1, 4, 4)).finish();
        assert!(quality.mse.is_nan() && quality.psnr.is_nan() && quality.ssim.is_nan());
    }
}
