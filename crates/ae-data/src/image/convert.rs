//! Bringing an image to the channels and the size asked for.

use ::image::GrayImage;
use ::image::imageops::{self, FilterType};

use crate::image::Image;
use crate::image::shape::{Channels, Fit, ImageShape, Size};

impl Image {
    /// The same image in gray or in color.
    ///
    /// Gray is 0.2126 red + 0.7152 green + 0.0722 blue (ITU-R BT.709); color repeats the gray channel three times.
    #[must_use]
    pub fn with_channels(self, channels: Channels) -> Self {
        let from = self.shape();
        if from.channels == channels.count() {
            return self;
        }
        let shape = ImageShape {
            channels: channels.count(),
            ..from
        };
        let planes = self.pixels();
        let pixels = match channels {
            Channels::Rgb => planes[..from.pixels()].repeat(3),
            Channels::Gray if from.channels == 3 => {
                let (red, rest) = planes.split_at(from.pixels());
                let (green, blue) = rest.split_at(from.pixels());
                red.iter()
                    .zip(green)
                    .zip(blue)
                    .map(|((&red, &green), &blue)| luminance(red, green, blue))
                    .collect()
            }
            Channels::Gray => planes[..from.pixels()].to_vec(),
        };
        Self::from_parts(shape, pixels)
    }

    /// The same image at `size`; `fit` says what happens when its proportions are other ones.
    ///
    /// Scaling down averages over all pixels that fall into one (a triangle filter), scaling up is bilinear.
    #[must_use]
    pub fn resized(self, size: Size, fit: Fit) -> Self {
        let from = self.shape();
        if from.size() == size {
            return self;
        }
        let shape = ImageShape::new(from.channels, size.height, size.width);
        let mut pixels = Vec::with_capacity(shape.values());
        for plane in self.pixels().chunks_exact(from.pixels()) {
            let plane = Plane {
                pixels: plane,
                size: from.size(),
            };
            match fit {
                Fit::Stretch => pixels.extend(plane.scaled(size)),
                Fit::Crop => {
                    let kept = largest_part(from.size(), size);
                    pixels.extend(
                        Plane {
                            pixels: &plane.center(kept),
                            size: kept,
                        }
                        .scaled(size),
                    );
                }
                Fit::Pad => {
                    let inner = largest_inside(from.size(), size);
                    pixels.extend(centerd_on_black(&plane.scaled(inner), inner, size));
                }
            }
        }
        Self::from_parts(shape, pixels)
    }
}

impl Image {
    /// Whether more than a hundredth of it is cut off where it is cropped to the proportions of `size`.
    pub(crate) fn is_cropped_to(&self, size: Size) -> bool {
        let own = self.shape();
        let kept = largest_part(own.size(), size);
        100 * (own.pixels() - kept.height * kept.width) > own.pixels()
    }

    /// Whether it is more than gray in three channels: red, green and blue are further apart somewhere than rounding and
    /// compression bring them.
    pub(crate) fn has_color(&self) -> bool {
        const APART: u8 = 16;
        let planes = self.pixels();
        let pixels = self.shape().pixels();
        self.shape().channels == 3
            && (0..pixels).any(|place| {
                let mut values = [0, 1, 2].map(|channel| planes[channel * pixels + place]);
                values.sort_unstable();
                values[2] - values[0] > APART
            })
    }
}

/// Gray level of a color, ITU-R BT.709, rounded to nearest.
fn luminance(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 2_126 * u32::from(red) + 7_152 * u32::from(green) + 722 * u32::from(blue);
    ((sum + 5_000) / 10_000) as u8
}

/// One channel of an image.
#[derive(Clone, Copy)]
struct Plane<'a> {
    pixels: &'a [u8],
    size: Size,
}

impl Plane<'_> {
    fn scaled(self, size: Size) -> Vec<u8> {
        if self.size == size {
            return self.pixels.to_vec();
        }
        // Sides are bounded by `ImageLimits` and `Size::MAX_SIDE_PIXELS`, far below u32.
        let plane = GrayImage::from_raw(
            self.size.width as u32,
            self.size.height as u32,
            self.pixels.to_vec(),
        )
        .expect("a plane has as many pixels as its size says");
        imageops::resize(
            &plane,
            size.width as u32,
            size.height as u32,
            FilterType::Triangle,
        )
        .into_raw()
    }

    /// The pixels of the centerd part of size `part`.
    fn center(self, part: Size) -> Vec<u8> {
        let top = (self.size.height - part.height) / 2;
        let left = (self.size.width - part.width) / 2;
        self.pixels
            .chunks_exact(self.size.width)
            .skip(top)
            .take(part.height)
            .flat_map(|row| &row[left..left + part.width])
            .copied()
            .collect()
    }
}

/// The largest part of `from` that has the proportions of `to`.
fn largest_part(from: Size, to: Size) -> Size {
    if from.width * to.height > from.height * to.width {
        Size {
            height: from.height,
            width: rounded(from.height * to.width, to.height).clamp(1, from.width),
        }
    } else {
        Size {
            height: rounded(from.width * to.height, to.width).clamp(1, from.height),
            width: from.width,
        }
    }
}

/// The largest size inside `to` that has the proportions of `from`.
fn largest_inside(from: Size, to: Size) -> Size {
    if from.width * to.height > from.height * to.width {
        Size {
            height: rounded(to.width * from.height, from.width).clamp(1, to.height),
            width: to.width,
        }
    } else {
        Size {
            height: to.height,
            width: rounded(to.height * from.width, from.height).clamp(1, to.width),
        }
    }
}

fn rounded(numerator: usize, denominator: usize) -> usize {
    (2 * numerator + denominator) / (2 * denominator)
}

fn centerd_on_black(pixels: &[u8], inner: Size, outer: Size) -> Vec<u8> {
    let mut canvas = vec![0; outer.height * outer.width];
    let top = (outer.height - inner.height) / 2;
    let left = (outer.width - inner.width) / 2;
    let rows = canvas.chunks_exact_mut(outer.width).skip(top);
    for (row, source) in rows.zip(pixels.chunks_exact(inner.width)) {
        row[left..left + inner.width].copy_from_slice(source);
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(height: usize, width: usize, pixels: &[u8]) -> Image {
        Image::new(ImageShape::new(1, height, width), pixels.to_vec()).unwrap()
    }

    fn size(text: &str) -> Size {
        text.parse().unwrap()
    }

    #[test]
    fn crop_keeps_the_center_of_a_wide_and_of_a_tall_image() {
        let wide = gray(2, 4, &[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(wide.resized(size("2"), Fit::Crop).pixels(), [2, 3, 6, 7]);
        let tall = gray(4, 1, &[1, 2, 3, 4]);
        assert_eq!(tall.resized(size("1x2"), Fit::Crop).pixels(), [2, 3]);
    }

    #[test]
    fn pad_keeps_everything_on_black() {
        let wide = gray(1, 3, &[10, 20, 30]);
        assert_eq!(
            wide.resized(size("3"), Fit::Pad).pixels(),
            [0, 0, 0, 10, 20, 30, 0, 0, 0]
        );
        let tall = gray(3, 1, &[10, 20, 30]);
        assert_eq!(
            tall.resized(size("3"), Fit::Pad).pixels(),
            [0, 10, 0, 0, 20, 0, 0, 30, 0]
        );
    }

    #[test]
    fn stretch_halves_by_averaging_and_keeps_channels_apart() {
        let pixels = vec![100, 100, 200, 200, 0, 0, 40, 40, 255, 255, 255, 255];
        let image = Image::new(ImageShape::new(3, 1, 4), pixels).unwrap();
        let half = image.resized(size("2x1"), Fit::Stretch);
        assert_eq!(half.shape(), ImageShape::new(3, 1, 2));
        // A triangle twice as wide as the step reaches into the neighbor: weights 3, 3, 1 of 7 (1 at the far pixel).
        assert_eq!(half.pixels(), [114, 186, 6, 34, 255, 255]);
    }

    #[test]
    fn scaling_keeps_the_mean() {
        let pixels: Vec<u8> = (0..64 * 48).map(|index| (index * 37 % 251) as u8).collect();
        let mean =
            |pixels: &[u8]| pixels.iter().map(|&v| f64::from(v)).sum::<f64>() / pixels.len() as f64;
        let image = gray(48, 64, &pixels);
        let small = image.clone().resized(size("16x12"), Fit::Stretch);
        assert!((mean(small.pixels()) - mean(&pixels)).abs() < 1.0);
        for fit in [Fit::Crop, Fit::Pad, Fit::Stretch] {
            let shape = image.clone().resized(size("28"), fit).shape();
            assert_eq!(shape, ImageShape::new(1, 28, 28));
        }
    }

    #[test]
    fn every_fit_survives_extreme_proportions() {
        for (height, width) in [(1, 1), (1, 5_000), (5_000, 1)] {
            for fit in [Fit::Crop, Fit::Pad, Fit::Stretch] {
                for target in ["1", "28", "1x3000", "3000x1"] {
                    let image =
                        gray(height, width, &vec![9; height * width]).resized(size(target), fit);
                    assert_eq!(image.shape().size(), size(target));
                }
            }
        }
    }

    #[test]
    fn gray_and_color_convert_both_ways() {
        let image = gray(1, 2, &[7, 250]).with_channels(Channels::Rgb);
        assert_eq!(image.pixels(), [7, 250, 7, 250, 7, 250]);
        assert_eq!(image.with_channels(Channels::Gray).pixels(), [7, 250]);
        let red = Image::new(ImageShape::new(3, 1, 1), vec![255, 0, 0]).unwrap();
        assert_eq!(red.with_channels(Channels::Gray).pixels(), [54]);
    }
}
