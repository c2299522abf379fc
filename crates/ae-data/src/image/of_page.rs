//! From a page of a file to an image of bytes.

use crate::image::Image;
use crate::image::shape::ImageShape;
use crate::picture::{DeepRanges, Page, Samples, ValueRange};

impl Image {
    /// Gray for a gray page, color for any other; transparent parts show a white ground, as on paper.
    pub(crate) fn of_page(page: &Page, ranges: &DeepRanges) -> Self {
        let bytes = match &page.samples {
            Samples::U8(values) => return Self::of_bytes(page, values),
            Samples::U16(values) => {
                let full = DeepRanges::default().words;
                let byte = |(value, is_alpha): (&u16, bool)| {
                    to_byte(
                        f32::from(*value),
                        if is_alpha { full } else { ranges.words },
                    )
                };
                values
                    .iter()
                    .zip(are_alpha(page))
                    .map(byte)
                    .collect::<Vec<u8>>()
            }
            Samples::F32(values) => {
                let full = DeepRanges::default().floats;
                let byte = |(value, is_alpha): (&f32, bool)| {
                    to_byte(*value, if is_alpha { full } else { ranges.floats })
                };
                values.iter().zip(are_alpha(page)).map(byte).collect()
            }
        };
        Self::of_bytes(page, &bytes)
    }

    fn of_bytes(page: &Page, values: &[u8]) -> Self {
        let over_white = |value: u8, alpha: u8| {
            let (value, alpha) = (u32::from(value), u32::from(alpha));
            ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let channels = page.color_channels();
        let plane = |channel: usize| {
            values.chunks_exact(page.channels).map(move |pixel| {
                if page.has_alpha() {
                    over_white(pixel[channel], pixel[page.channels - 1])
                } else {
                    pixel[channel]
                }
            })
        };
        let pixels = (0..channels).flat_map(plane).collect();
        Self::from_parts(
            ImageShape::new(channels, page.size.height, page.size.width),
            pixels,
        )
    }
}

/// Whether a value is alpha, value by value.
fn are_alpha(page: &Page) -> impl Iterator<Item = bool> {
    let (channels, has_alpha) = (page.channels, page.has_alpha());
    (0..).map(move |index: usize| has_alpha && index % channels == channels - 1)
}

/// Black is 0 and white 255; what lies outside is cut, what lies between rounded to the nearest.
fn to_byte(value: f32, range: ValueRange) -> u8 {
    let unit = (value - range.low) / (range.high - range.low);
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use crate::image::Size;

    use super::*;

    fn page(channels: usize, samples: Samples) -> Page {
        let size = Size {
            height: 1,
            width: samples.len() / channels,
        };
        Page {
            size,
            channels,
            range: samples.full_range(),
            samples,
            delay: None,
        }
    }

    #[test]
    fn transparent_parts_show_white() {
        let ranges = DeepRanges::default();
        let color = page(4, Samples::U8(vec![10, 20, 30, 255, 0, 0, 0, 0]));
        assert_eq!(
            Image::of_page(&color, &ranges).pixels(),
            [10, 255, 20, 255, 30, 255]
        );
        let gray = page(2, Samples::U8(vec![10, 255, 0, 0, 0, 128]));
        assert_eq!(Image::of_page(&gray, &ranges).pixels(), [10, 255, 127]);
        let deep = page(2, Samples::F32(vec![0.5, 1.0, 0.5, 0.0]));
        assert_eq!(Image::of_page(&deep, &ranges).pixels(), [128, 255]);
    }

    #[test]
    fn sixteen_bits_become_eight_as_the_image_crate_rounds_them() {
        let all = page(1, Samples::U16((0..=u16::MAX).collect()));
        let expected: Vec<u8> = (0..=u16::MAX)
            .map(|word| ((u32::from(word) + 128) / 257) as u8)
            .collect();
        assert_eq!(
            Image::of_page(&all, &DeepRanges::default()).pixels(),
            expected
        );
    }

    #[test]
    fn ranges_say_what_is_black_and_white() {
        let words = ValueRange {
            low: 0.0,
            high: 4_095.0,
        };
        let floats = ValueRange {
            low: -1.0,
            high: 1.0,
        };
        let ranges = DeepRanges { words, floats };
        let deep = page(1, Samples::U16(vec![0, 2_048, 4_095, 9_999]));
        assert_eq!(Image::of_page(&deep, &ranges).pixels(), [0, 128, 255, 255]);
        let deep = page(1, Samples::F32(vec![-2.0, -1.0, 0.0, 1.0]));
        assert_eq!(Image::of_page(&deep, &ranges).pixels(), [0, 0, 128, 255]);
    }
}
