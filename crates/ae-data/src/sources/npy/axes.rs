//! What the axes of an array of images mean.

use crate::sources::npy::header::Header;

/// An array's images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axes {
    pub(super) count: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// 1 for gray, 3 for color, 4 for color and alpha.
    pub(super) channels: usize,
    /// Whether an image lies plane by plane.
    pub(super) planes_first: bool,
}

impl Axes {
    /// Finds out what the axes mean, and refuses what could mean two things.
    pub(super) fn of(header: &Header) -> Result<Self, String> {
        let shape = header.shape_text();
        let sides: Vec<usize> = header
            .shape
            .iter()
            .map(|&side| usize::try_from(side).map_err(|_| format!("shape {shape} is too large")))
            .collect::<Result<_, _>>()?;
        let is_channels = |side: usize| matches!(side, 1 | 3 | 4);
        let gray = |count, height, width| Self {
            count,
            height,
            width,
            channels: 1,
            planes_first: true,
        };
        match sides[..] {
            [count, height, width] if is_channels(width) && !is_channels(height) => Err(format!(
                "shape {shape} could be {count} images of {width}x{height} pixels or one image with {width} channels: save \
                 it as (1, {count}, {height}, {width}) or ({count}, {height}, {width}, 1)"
            )),
            [3 | 4, height, width] => Err(format!(
                "shape {shape} could be {} images or one image with {} channels: save it as (1, {}, {height}, {width}) or \
                 ({}, {height}, {width}, 1)",
                sides[0], sides[0], sides[0], sides[0]
            )),
            [count, height, width] => Ok(gray(count, height, width)),
            [_, second, _, last] if is_channels(second) && is_channels(last) => Err(format!(
                "shape {shape} could have its channels second or last: save an array whose height and width are neither \
                 1, 3 nor 4"
            )),
            [count, height, width, channels] if is_channels(channels) => Ok(Self {
                channels,
                planes_first: false,
                ..gray(count, height, width)
            }),
            [count, channels, height, width] if is_channels(channels) => Ok(Self {
                channels,
                ..gray(count, height, width)
            }),
            _ => Err(format!(
                "shape {shape} is not that of images: (count, height, width), (count, height, width, channels) or (count, \
                 channels, height, width), with 1, 3 or 4 channels"
            )),
        }
    }

    /// The order of the axes in words.
    pub(super) fn text(&self) -> &'static str {
        match (self.channels, self.planes_first) {
            (1, true) => "count, height, width",
            (_, true) => "count, channels, height, width",
            (_, false) => "count, height, width, channels",
        }
    }

    /// Values of one image.
    pub(super) fn values(&self) -> Option<usize> {
        self.height
            .checked_mul(self.width)?
            .checked_mul(self.channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(shape: &[u64]) -> Result<Axes, String> {
        Axes::of(&Header {
            kind: "|u1".to_owned(),
            shape: shape.to_vec(),
            bytes: 128,
        })
    }

    #[test]
    fn shapes_that_mean_one_thing_are_recognized() {
        for (shape, text, channels) in [
            (&[100, 28, 28][..], "count, height, width", 1),
            (&[1, 28, 20], "count, height, width", 1),
            (&[100, 28, 20, 1], "count, height, width, channels", 1),
            (&[100, 28, 20, 3], "count, height, width, channels", 3),
            (&[3, 28, 20, 4], "count, height, width, channels", 4),
            (&[100, 3, 28, 20], "count, channels, height, width", 3),
        ] {
            let axes = axes(shape).unwrap();
            assert_eq!((axes.text(), axes.channels), (text, channels), "{shape:?}");
            let rest = axes.values().unwrap() * axes.count;
            assert_eq!(rest as u64, shape.iter().product::<u64>());
        }
        let planes = axes(&[5, 1, 28, 20]).unwrap();
        assert_eq!((planes.count, planes.height, planes.width), (5, 28, 20));
    }

    #[test]
    fn shapes_that_mean_two_things_or_none_are_refused() {
        for (shape, reason) in [
            (
                &[480, 640, 3][..],
                "save it as (1, 480, 640, 3) or (480, 640, 3, 1)",
            ),
            (
                &[3, 480, 640],
                "save it as (1, 3, 480, 640) or (3, 480, 640, 1)",
            ),
            (&[9, 3, 28, 3], "could have its channels second or last"),
            (&[100, 784], "is not that of images"),
            (&[100, 28, 28, 7], "is not that of images"),
            (&[5], "is not that of images"),
            (&[1, 2, 3, 4, 5], "is not that of images"),
        ] {
            let error = axes(shape).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
