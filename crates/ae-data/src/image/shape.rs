//! Shapes and sizes of images, and how an image is brought to one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An image's shape: `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// 1 for gray, 3 for color.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// A shape of `channels` planes of `height` rows and `width` columns.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }

    /// Numbers in one image: channels times height times width.
    #[must_use]
    pub const fn values(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Pixels in one image: height times width.
    #[must_use]
    pub const fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Height and width alone.
    #[must_use]
    pub const fn size(&self) -> Size {
        Size {
            height: self.height,
            width: self.width,
        }
    }

    /// The number of values, unless it overflows or is zero.
    pub(crate) fn checked_values(&self) -> Option<usize> {
        let values = self
            .channels
            .checked_mul(self.height)?
            .checked_mul(self.width)?;
        (values > 0).then_some(values)
    }
}

impl fmt::Display for ImageShape {
    /// Width, height, channels, as in `64x48x3`: the order of [`Size`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.width, self.height, self.channels)
    }
}

/// A height and a width in pixels.
///
/// As text a square is `28`; anything else is `WIDTHxHEIGHT`, as screens and photographs are named: `64x48` is 64
/// pixels wide and 48 high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Size {
    /// The largest height or width that can be asked for.
    pub const MAX_SIDE_PIXELS: usize = 16_384;
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.height == self.width {
            write!(f, "{}", self.width)
        } else {
            write!(f, "{}x{}", self.width, self.height)
        }
    }
}

/// What happens to an image whose sides are not in the proportion asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The largest centerd part of the right proportion is kept.
    #[default]
    Crop,
    /// The whole image is kept, centerd on black.
    Pad,
    /// The whole image is kept and its proportions are not.
    Stretch,
}

/// How many color channels images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// One channel.
    Gray,
    /// Three: red, green, blue.
    Rgb,
}

impl Channels {
    /// 1 or 3.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_counts_its_values_and_prints_height_first() {
        let shape = ImageShape::new(3, 48, 64);
        assert_eq!((shape.values(), shape.pixels()), (9_216, 3_072));
        assert_eq!(shape.to_string(), "64x48x3");
        assert_eq!(shape.size().to_string(), "64x48");
        assert_eq!(ImageShape::new(1, 0, 5).checked_values(), None);
        assert_eq!(ImageShape::new(3, usize::MAX, 2).checked_values(), None);
    }
}
