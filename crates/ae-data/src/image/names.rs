//! Sizes, fits and channels as people write them.

use std::fmt;
use std::str::FromStr;

use crate::error::DataError;
use crate::image::shape::{Channels, Fit, Size};

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
}
