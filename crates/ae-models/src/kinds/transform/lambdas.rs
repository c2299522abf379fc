//! What a bit costs: the weight of the rate against the distortion, for each quality that a model has.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The most qualities of one model.
pub(crate) const MOST_QUALITIES: usize = 16;

/// The weights of the rate, falling: quality 1, of the fewest bits, first.
///
/// A weight says by how much the mean squared error of pixels in `[0, 1]` has to fall for a bit per pixel more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lambdas(Vec<f64>);

impl Default for Lambdas {
    fn default() -> Self {
        Self(vec![0.008, 0.004, 0.002, 0.001])
    }
}

impl Lambdas {
    /// The weights of one quality or of several, sorted from the fewest bits to the most.
    ///
    /// # Errors
    /// [`ModelError::Config`] where there are none, more than 16, two alike, or one that is no number above 0.
    pub fn new(mut lambdas: Vec<f64>) -> Result<Self, ModelError> {
        lambdas.sort_by(|one, other| other.total_cmp(one));
        let lambdas = Self(lambdas);
        lambdas.check()?;
        Ok(lambdas)
    }

    /// Those that a model for pictures has where nothing else is said: some .2 to 1 bits per pixel of photographs.
    pub(crate) fn usual_for_pictures() -> Self {
        Self(vec![0.004, 0.0016, 0.00065, 0.00025])
    }

    /// Checks what a file gave.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let reject = |reason: String| Err(ModelError::config("lambda", reason));
        if self.0.is_empty() || self.0.len() > MOST_QUALITIES {
            let given = self.0.len();
            return reject(format!(
                "{given} weights: a model has 1 to {MOST_QUALITIES} qualities"
            ));
        }
        let is_possible = |lambda: f64| (1e-9..=1e9).contains(&lambda);
        if let Some(lambda) = self.0.iter().find(|&&lambda| !is_possible(lambda)) {
            return reject(format!("{lambda}: must be from 1e-9 to 1e9"));
        }
        if let Some(pair) = self.0.windows(2).find(|pair| pair[0] <= pair[1]) {
            return reject(format!(
                "{} before {}: must fall, each quality taking more bits than the one before",
                pair[0], pair[1]
            ));
        }
        Ok(())
    }

    /// How many qualities there are.
    #[must_use]
    pub fn qualities(&self) -> usize {
        self.0.len()
    }

    /// The weights.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

impl FromStr for Lambdas {
    type Err = ModelError;

    /// Reads numbers joined by commas.
    fn from_str(text: &str) -> Result<Self, ModelError> {
        let numbers = text.split(',').map(|number| {
            let number = number.trim();
            number.parse::<f64>().map_err(|_| {
                ModelError::config("lambda", format!("{text}: `{number}` is not a number"))
            })
        });
        Self::new(numbers.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_sorted_and_impossible_ones_refused() {
        let read = |text: &str| text.parse::<Lambdas>();
        assert_eq!(read("0.5").unwrap().values(), [0.5]);
        assert_eq!(read("0.001, 4,1e-2").unwrap().values(), [4.0, 0.01, 0.001]);
        for text in ["", "1,", "a", "0", "-1", "nan", "inf", "1e-10", "2,2"] {
            assert!(read(text).is_err(), "{text}");
        }
        let many: Vec<String> = (1..=17).map(|number| number.to_string()).collect();
        assert!(read(&many.join(",")).is_err());
        assert!(Lambdas(vec![1.0, 2.0]).check().is_err());
        assert!(Lambdas(vec![f64::NAN]).check().is_err());
        assert!(Lambdas::default().check().is_ok());
    }
}
