//! The parts of a set, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::DataError;

/// A part of a divided set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The images that a model learns from.
    Train,
    /// The images that epochs are compared by and whatever is tuned is tuned on.
    Validation,
    /// The images that are measured once, at the end.
    Test,
    /// All of them, undivided.
    All,
}

impl Part {
    /// Every part, in the order of the names.
    pub const NAMES: [&'static str; 4] = ["train", "validation", "test", "all"];

    /// The part's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl FromStr for Part {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "train" => Ok(Self::Train),
            "validation" => Ok(Self::Validation),
            "test" => Ok(Self::Test),
            "all" => Ok(Self::All),
            _ => Err(DataError::InvalidValue {
                what: "part",
                value: text.to_owned(),
                expected: "train, validation, test or all".to_owned(),
            }),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for name in Part::NAMES {
            assert_eq!(name.parse::<Part>().unwrap().to_string(), name);
        }
        assert_eq!(
            "val".parse::<Part>().unwrap_err().to_string(),
            "invalid part \"val\": expected train, validation, test or all"
        );
    }
}
