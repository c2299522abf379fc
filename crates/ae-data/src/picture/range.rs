//! Value ranges as people write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::picture::page::ValueRange;

impl fmt::Display for ValueRange {
    /// `LOW..HIGH`, as it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.low, self.high)
    }
}

impl FromStr for ValueRange {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let number = |text: &str| text.parse().ok().filter(|number: &f32| number.is_finite());
        text.split_once("..")
            .and_then(|(low, high)| Some((number(low)?, number(high)?)))
            .filter(|(low, high)| low < high)
            .map(|(low, high)| Self { low, high })
            .ok_or_else(|| DataError::InvalidValue {
                what: "range",
                value: text.to_owned(),
                expected: "the values of black and white, as in 0..4095 or 0..1".to_owned(),
            })
    }
}

impl Serialize for ValueRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ValueRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_print_as_they_were_read() {
        for (text, low, high) in [
            ("0..4095", 0.0, 4095.0),
            ("-1..1", -1.0, 1.0),
            ("0.25..0.5", 0.25, 0.5),
            ("0..65535", 0.0, 65_535.0),
        ] {
            let range: ValueRange = text.parse().unwrap();
            assert_eq!((range.low, range.high), (low, high), "{text}");
            assert_eq!(range.to_string(), text);
            let json = serde_json::to_string(&range).unwrap();
            assert_eq!(serde_json::from_str::<ValueRange>(&json).unwrap(), range);
        }
    }

    #[test]
    fn ranges_that_are_none_are_usage_errors() {
        for text in [
            "", "5", "..", "1..1", "2..1", "0..inf", "NaN..1", "0..1..2", "a..b", "0-255",
        ] {
            let error = text.parse::<ValueRange>().unwrap_err();
            assert!(error.is_usage());
            assert!(
                error.to_string().contains("as in 0..4095 or 0..1"),
                "{error}"
            );
        }
    }
}
