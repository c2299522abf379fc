//! A codec's curve: a point for each of its settings.

use ae_data::Image;
use serde::Serialize;

/// How images are arranged in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Arrangement {
    /// A file an image.
    Files,
    /// One file whose picture has all images side by side, which spares all headers but one.
    Mosaic,
    /// One container of all images.
    Container,
}

/// What one setting of a codec makes of a set of images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RatePoint {
    /// The setting: `quality 50`.
    pub setting: String,
    /// Bytes of the files, headers and all.
    pub bytes: u64,
    /// Their bits for each pixel of the images, whatever the number of channels.
    pub bits_per_pixel: f64,
    /// Peak signal-to-noise ratio in decibels of the set's mean squared error, levels from 0 to 255; infinite (`null` in JSON)
    /// where nothing differs.
    pub psnr: f64,
}

/// What a codec makes of a set of images, by its settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateCurve {
    /// The codec.
    pub name: String,
    /// Where the images are.
    pub arrangement: Arrangement,
    /// In the order of the settings.
    pub points: Vec<RatePoint>,
}

impl RatePoint {
    /// The point of files of `bytes` that are decoded to `decoded`.
    ///
    /// # Panics
    /// If the images differ in number or size.
    #[must_use]
    pub fn measure(setting: String, bytes: u64, images: &[Image], decoded: &[Image]) -> Self {
        assert_eq!(images.len(), decoded.len(), "as many images");
        let mut squares = 0_u64;
        let (mut values, mut pixels) = (0_u64, 0_u64);
        for (image, decoded) in images.iter().zip(decoded) {
            assert_eq!(image.shape(), decoded.shape(), "images of one size");
            let pairs = image.pixels().iter().zip(decoded.pixels());
            squares += pairs
                .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
                .sum::<u64>();
            values += image.shape().values() as u64;
            pixels += image.shape().pixels() as u64;
        }
        let mean = squares as f64 / values as f64;
        Self {
            setting,
            bytes,
            bits_per_pixel: 8.0 * bytes as f64 / pixels as f64,
            psnr: 10.0 * (255.0 * 255.0 / mean).log10(),
        }
    }
}

impl RateCurve {
    /// The curve's name with the arrangement: `WebP, a file an image`.
    #[must_use]
    pub fn title(&self) -> String {
        let arrangement = match self.arrangement {
            Arrangement::Files => "a file an image",
            Arrangement::Mosaic => "one mosaic",
            Arrangement::Container => "one file",
        };
        format!("{}, {arrangement}", self.name)
    }

    /// The index of the point whose rate is nearest to `bits_per_pixel`; nothing without points.
    #[must_use]
    pub fn nearest(&self, bits_per_pixel: f64) -> Option<usize> {
        let distance = |index: &usize| (self.points[*index].bits_per_pixel - bits_per_pixel).abs();
        (0..self.points.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }
}

#[cfg(test)]
mod tests {
    use ae_data::ImageShape;

    use super::*;

    #[test]
    fn a_point_is_of_the_set_s_error() {
        let image = |level: u8| Image::new(ImageShape::new(1, 2, 2), vec![level; 4]).unwrap();
        // Errors of 1 and 3: a mean square of 5.
        let point = RatePoint::measure(
            "q".to_owned(),
            3,
            &[image(10), image(20)],
            &[image(11), image(17)],
        );
        assert_eq!(point.bits_per_pixel, 3.0);
        assert!((point.psnr - 41.1411).abs() < 1e-4, "{}", point.psnr);
        let exact = RatePoint::measure("q".to_owned(), 4, &[image(1)], &[image(1)]);
        assert_eq!(exact.psnr, f64::INFINITY);
    }
}
