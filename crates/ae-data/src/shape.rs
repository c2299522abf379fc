//! Shapes and sizes of images, and how an image is brought to one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// An image's shape: `[channels, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageShape {
    /// 1 for gray, 3 for colour.
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
    /// Height, width, channels, as in `28x28x1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
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

impl FromStr for Size {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let side = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let side = if digits { text.parse().ok() } else { None };
            side.filter(|side| (1..=Self::MAX_SIDE_PIXELS).contains(side))
        };
        let size = match text.split_once('x') {
            Some((width, height)) => side(height).zip(side(width)),
            None => side(text).map(|both| (both, both)),
        };
        let (height, width) = size.ok_or_else(|| DataError::InvalidValue {
            what: "size",
            value: text.to_owned(),
            expected: format!(
                "28, or 64x48 (width x height), each side from 1 to {}",
                Self::MAX_SIDE_PIXELS
            ),
        })?;
        Ok(Self { height, width })
    }
}

impl TryFrom<String> for Size {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

/// What happens to an image whose sides are not in the proportion asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// The largest centred part of the right proportion is kept.
    #[default]
    Crop,
    /// The whole image is kept, centred on black.
    Pad,
    /// The whole image is kept and its proportions are not.
    Stretch,
}

/// How many colour channels images have.
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

/// Names of an enum's variants, for `FromStr` and `Display` alike.
macro_rules! named {
    ($kind:ident, $what:literal, $expected:literal, $($name:literal => $variant:ident),+) => {
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $name),+ })
            }
        }

        impl FromStr for $kind {
            type Err = DataError;

            fn from_str(text: &str) -> Result<Self, DataError> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(DataError::InvalidValue {
                        what: $what,
                        value: text.to_owned(),
                        expected: $expected.to_owned(),
                    }),
                }
            }
        }
    };
}

named!(Fit, "fit", "crop, pad or stretch", "crop" => Crop, "pad" => Pad, "stretch" => Stretch);
named!(Channels, "channels", "gray or rgb", "gray" => Gray, "rgb" => Rgb);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_width_first_and_print_as_they_were_read() {
        for (text, width, height) in [
            ("28", 28, 28),
            ("64x48", 64, 48),
            ("1x7", 1, 7),
            ("16384", 16_384, 16_384),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.width, size.height), (width, height), "{text}");
            assert_eq!(size.to_string(), text);
        }
    }

    #[test]
    fn bad_sizes_are_usage_errors_that_name_the_text() {
        for text in [
            "",
            "0",
            "x",
            "28x",
            "x28",
            "0x3",
            "-4",
            "+4",
            "2.5",
            "28X28",
            "1x2x3",
            "16385",
            "99999999999999999999",
        ] {
            let error = text.parse::<Size>().unwrap_err();
            assert!(error.is_usage());
            let start = format!("invalid size {text:?}: expected 28, or 64x48");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
    }

    #[test]
    fn names_round_trip() {
        for fit in [Fit::Crop, Fit::Pad, Fit::Stretch] {
            assert_eq!(fit.to_string().parse::<Fit>().unwrap(), fit);
        }
        for (channels, count) in [(Channels::Gray, 1), (Channels::Rgb, 3)] {
            assert_eq!(channels.to_string().parse::<Channels>().unwrap(), channels);
            assert_eq!(channels.count(), count);
        }
        let error = "squash".parse::<Fit>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid fit \"squash\": expected crop, pad or stretch"
        );
        assert!("RGB".parse::<Channels>().unwrap_err().is_usage());
    }

    #[test]
    fn a_shape_counts_its_values_and_prints_height_first() {
        let shape = ImageShape::new(3, 48, 64);
        assert_eq!((shape.values(), shape.pixels()), (9_216, 3_072));
        assert_eq!(shape.to_string(), "48x64x3");
        assert_eq!(shape.size().to_string(), "64x48");
        assert_eq!(ImageShape::new(1, 0, 5).checked_values(), None);
        assert_eq!(ImageShape::new(3, usize::MAX, 2).checked_values(), None);
    }
}
