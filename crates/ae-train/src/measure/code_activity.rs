//! Whether a model's code says anything: latent dimensions that are the same for every image.

use ae_data::{DataError, ImageSet};
use ae_models::Trainable;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::measure::measurement::Measurement;

/// A dimension whose values lie within this share of the largest value of any code is constant: rounding is below it,
/// and a decoder can do little with less.
const CONSTANT_SHARE: f32 = 1e-4;

/// How many dimensions of a code differ from image to image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeActivity {
    /// Latent dimensions; the channels of a code that has places.
    pub units: usize,
    /// Those that are the same for every image, at every place.
    pub constant: usize,
    /// Those among them that are 0.
    pub zero: usize,
}

impl<M: Trainable> Measurement<'_, M> {
    /// Counts the latent dimensions that are the same for every image of a set; `None` for a model without codes, and for
    /// a set whose images are all the same.
    ///
    /// # Errors
    /// Where the set is empty, has another shape than the model, or cannot be read.
    pub fn code_activity(&self, set: &ImageSet) -> Result<Option<CodeActivity>, TrainError> {
        let Some(codes) = self.model.as_codes() else {
            return Ok(None);
        };
        let shape = codes.code_shape();
        let units = match shape[..] {
            [channels, _, _] => channels,
            _ => shape.iter().product(),
        };
        if !images_differ(set)? {
            return Ok(None);
        }
        let mut meter = ActivityMeter::new(units);
        self.encode(set, |_, code| {
            meter.add(code);
            Ok(())
        })?;
        Ok(Some(meter.finish()))
    }
}

fn images_differ(set: &ImageSet) -> Result<bool, DataError> {
    if set.is_empty() {
        return Ok(true);
    }
    let first = set.image(0)?;
    for index in 1..set.len() {
        if set.image(index)?.pixels() != first.pixels() {
            return Ok(true);
        }
    }
    Ok(false)
}

struct ActivityMeter {
    /// The smallest and the largest value of each unit.
    ranges: Vec<(f32, f32)>,
}

impl ActivityMeter {
    fn new(units: usize) -> Self {
        Self {
            ranges: vec![(f32::INFINITY, f32::NEG_INFINITY); units],
        }
    }

    /// Takes one image's code, `[units, places]`.
    fn add(&mut self, code: &[f32]) {
        let places = (code.len() / self.ranges.len().max(1)).max(1);
        for ((low, high), values) in self.ranges.iter_mut().zip(code.chunks_exact(places)) {
            for &value in values {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
    }

    fn finish(self) -> CodeActivity {
        let largest = self.ranges.iter().fold(0.0f32, |largest, (low, high)| {
            largest.max(low.abs()).max(high.abs())
        });
        let is_constant = |(low, high): &&(f32, f32)| high - low <= CONSTANT_SHARE * largest;
        let constant: Vec<&(f32, f32)> = self.ranges.iter().filter(is_constant).collect();
        CodeActivity {
            units: self.ranges.len(),
            constant: constant.len(),
            zero: constant
                .iter()
                .filter(|(low, high)| low.abs().max(high.abs()) <= CONSTANT_SHARE * largest)
                .count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(units: usize, codes: &[&[f32]]) -> (usize, usize, usize) {
        let mut meter = ActivityMeter::new(units);
        for code in codes {
            meter.add(code);
        }
        let CodeActivity {
            units,
            constant,
            zero,
        } = meter.finish();
        (units, constant, zero)
    }

    #[test]
    fn constant_and_zero_dimensions_are_counted() {
        // The first differs, the second is always 2, the third always 0.
        let found = activity(3, &[&[0.5, 2.0, 0.0], &[0.7, 2.0, 0.0]]);
        assert_eq!(found, (3, 2, 1));
        assert_eq!(activity(2, &[&[0.0, 0.0], &[0.0, 0.0]]), (2, 2, 2));
        assert_eq!(activity(2, &[&[0.0, 1.0], &[1.0, 0.0]]), (2, 0, 0));
    }

    #[test]
    fn a_channel_that_differs_from_place_to_place_is_not_constant() {
        let code = [1.0, 2.0, 3.0, 3.0];
        assert_eq!(activity(2, &[&code, &code]), (2, 1, 0));
    }
}
