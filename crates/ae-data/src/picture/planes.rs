//! A page as values from 0 to 1, which models and measures work on, and back.

use crate::image::ImageShape;
use crate::picture::page::{Page, Samples};

impl Page {
    /// The shape of [`to_unit`](Self::to_unit): channels without alpha, height and width.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        ImageShape::new(self.color_channels(), self.size.height, self.size.width)
    }

    /// The values of all channels but alpha, where 0 is black and 1 is white by the page's range; what lies beyond is
    /// black or white.
    ///
    /// # Shapes
    /// - output: `[channels, height, width]`
    #[must_use]
    pub fn to_unit(&self) -> Vec<f32> {
        fn planes<T: Copy + Into<f32>>(page: &Page, values: &[T]) -> Vec<f32> {
            let (low, width) = (page.range.low, page.range.high - page.range.low);
            (0..page.color_channels())
                .flat_map(|channel| values.iter().skip(channel).step_by(page.channels))
                .map(|&value| ((value.into() - low) / width).clamp(0.0, 1.0))
                .collect()
        }
        match &self.samples {
            Samples::U8(values) => planes(self, values),
            Samples::U16(values) => planes(self, values),
            Samples::F32(values) => planes(self, values),
        }
    }

    /// The same page with other values, brought to its range and rounded to its samples' type. Alpha stays as it is.
    ///
    /// Values are clamped to `[0, 1]`; NaN becomes black.
    ///
    /// # Shapes
    /// - `values`: `[channels, height, width]` of [`shape`](Self::shape)
    ///
    /// # Panics
    /// When `values` is not as long as the shape says.
    #[must_use]
    pub fn with_unit(mut self, values: &[f32]) -> Self {
        fn put<T>(
            samples: &mut [T],
            channels: usize,
            planes: &[f32],
            pixels: usize,
            value: impl Fn(f32) -> T,
        ) {
            for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
                let places = samples.iter_mut().skip(channel).step_by(channels);
                for (place, &unit) in places.zip(plane) {
                    let is_number = !unit.is_nan();
                    *place = value(if is_number { unit.clamp(0.0, 1.0) } else { 0.0 });
                }
            }
        }
        let shape = self.shape();
        assert_eq!(values.len(), shape.values(), "values of a {shape} page");
        let (low, width) = (self.range.low, self.range.high - self.range.low);
        let (channels, pixels) = (self.channels, shape.pixels());
        // A cast to a whole number saturates.
        match &mut self.samples {
            Samples::U8(samples) => put(samples, channels, values, pixels, |unit| {
                (low + unit * width).round() as u8
            }),
            Samples::U16(samples) => put(samples, channels, values, pixels, |unit| {
                (low + unit * width).round() as u16
            }),
            Samples::F32(samples) => {
                put(samples, channels, values, pixels, |unit| low + unit * width)
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Size;
    use crate::picture::page::ValueRange;

    fn page(channels: usize, samples: Samples, high: f32) -> Page {
        Page {
            size: Size {
                height: 1,
                width: samples.len() / channels,
            },
            channels,
            samples,
            range: ValueRange { low: 0.0, high },
            delay: None,
        }
    }

    #[test]
    fn every_value_survives_its_way_to_unit_and_back() {
        let words: Vec<u16> = (0..=u16::MAX).collect();
        for high in [65_535.0, 40_000.0] {
            let words = words[..=high as usize].to_vec();
            let page = page(1, Samples::U16(words), high);
            assert_eq!(page.clone().with_unit(&page.to_unit()), page);
        }
        let page = page(1, Samples::U8((0..=255).collect()), 255.0);
        assert_eq!(page.clone().with_unit(&page.to_unit()), page);
    }

    #[test]
    fn alpha_is_kept_aside() {
        let samples = vec![10, 20, 30, 77, 40, 50, 60, 88];
        let page = page(4, Samples::U8(samples), 255.0);
        assert_eq!(page.shape(), ImageShape::new(3, 1, 2));
        let unit = page.to_unit();
        let expected = [10.0, 40.0, 20.0, 50.0, 30.0, 60.0].map(|value: f32| value / 255.0);
        assert_eq!(unit, expected);
        let white = page.with_unit(&[1.0, f32::NAN, 7.0, -1.0, 0.5, 1.0]);
        assert_eq!(
            white.samples,
            Samples::U8(vec![255, 255, 128, 77, 0, 0, 255, 88])
        );
    }

    #[test]
    fn ranges_are_kept() {
        let page = page(1, Samples::U16(vec![0, 4095, 2047]), 4095.0);
        let unit = page.to_unit();
        assert_eq!(unit[1], 1.0);
        assert!((unit[2] - 0.5).abs() < 1e-3);
        let lower: Vec<f32> = unit.iter().map(|value| value / 2.0).collect();
        assert_eq!(
            page.with_unit(&lower).samples,
            Samples::U16(vec![0, 2048, 1024])
        );
    }
}
