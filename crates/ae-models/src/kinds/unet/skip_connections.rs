//! How a decoder takes the encoder's maps.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// What each level of a [`Unet`](crate::Unet)'s decoder takes of the encoder's map of the same size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SkipConnections {
    /// Its channels, after the decoder's own.
    ///
    /// # References
    /// O. Ronneberger, P. Fischer and T. Brox (2015), *U-Net: convolutional networks for biomedical image segmentation*,
    /// section 2.
    #[default]
    Concatenate,
    /// Its values, added to the decoder's own.
    ///
    /// # References
    /// X.-J. Mao, C. Shen and Y.-B. Yang (2016), *Image restoration using very deep convolutional encoder-decoder networks
    /// with symmetric skip connections*, section 3.
    Add,
    /// Nothing: what the middle lost is lost.
    None,
}

impl SkipConnections {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Concatenate, Self::Add, Self::None];

    /// The name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Concatenate => "concatenate",
            Self::Add => "add",
            Self::None => "none",
        }
    }
}

impl fmt::Display for SkipConnections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for SkipConnections {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|skips| skips.name() == text)
            .ok_or_else(|| ModelError::unknown("skip", text, "concatenate, add, none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for skips in SkipConnections::ALL {
            assert_eq!(skips.to_string().parse::<SkipConnections>().unwrap(), skips);
        }
        assert_eq!(
            "sum".parse::<SkipConnections>().unwrap_err().to_string(),
            "unknown skip `sum`: expected one of concatenate, add, none"
        );
    }
}
