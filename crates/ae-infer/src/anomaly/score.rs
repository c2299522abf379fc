//! What an image's anomaly score may be.

use std::fmt;
use std::str::FromStr;

/// What an image's anomaly score is; the larger, the more anomalous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnomalyScore {
    /// The mean squared error of the reconstruction, or the negative evidence lower bound of a model with a likelihood.
    Error,
    /// The bits that the model takes for the image, less those of its PNG file: what is surprising beyond being complex.
    ///
    /// # References
    /// J. Serrà, D. Álvarez, V. Gómez, O. Slizovskaia, J. F. Núñez and J. Luque (2020), *Input complexity and
    /// out-of-distribution detection with likelihood-based generative models*, equation 2.
    Complexity,
    /// The mean distance of the code to the nearest codes of training images.
    Distance,
}

impl AnomalyScore {
    /// Every score.
    pub const ALL: [Self; 3] = [Self::Error, Self::Complexity, Self::Distance];
    /// Their names, in the same order.
    pub const NAMES: [&'static str; 3] = ["error", "complexity", "distance"];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Complexity => "complexity",
            Self::Distance => "distance",
        }
    }
}

impl fmt::Display for AnomalyScore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for AnomalyScore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter();
        all.find(|score| score.name() == text)
            .ok_or_else(|| format!("expected {}", Self::NAMES.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_list() {
        for (score, name) in AnomalyScore::ALL.into_iter().zip(AnomalyScore::NAMES) {
            assert_eq!(score.to_string(), name);
            assert_eq!(name.parse(), Ok(score));
        }
        assert!("mse".parse::<AnomalyScore>().is_err());
    }
}
