//! What the symbols around one say of it, in a few classes.

/// What the largest magnitude of a symbol is, for sums to be bounded by.
const LARGEST_SYMBOL: i64 = 128;

/// A linear function of the symbols around one, in integers, whose value falls into classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Predictor {
    /// A weight for each symbol around it, in the order in which a `Neighborhood` has them.
    pub(crate) weights: Vec<i16>,
    /// What the value is without them, at each place of a code.
    pub(crate) biases: Vec<i32>,
    /// Values from which on a class is the next, rising.
    pub(crate) thresholds: Vec<i32>,
}

impl Predictor {
    /// Whether it is one: thresholds rise, and no sum can leave 32 bits, whatever the symbols are.
    pub(crate) fn is_sound(&self) -> bool {
        let most: i64 = self
            .weights
            .iter()
            .map(|&weight| LARGEST_SYMBOL * i64::from(weight).abs())
            .sum();
        let bias = self.biases.iter().map(|&bias| i64::from(bias).abs()).max();
        let is_rising = self.thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        is_rising && most + bias.unwrap_or(0) <= i64::from(i32::MAX)
    }

    /// The value after these symbols, at this place. Sums are in 32 bits and cannot leave them, so that their order doesn't
    /// matter.
    #[inline(always)]
    pub(crate) fn value(&self, around: &[i16], here: &[i16], place: usize) -> i32 {
        let (of_around, of_here) = self.weights.split_at(around.len());
        self.biases[place] + dot(of_around, around) + dot(of_here, here)
    }

    /// The class of a value.
    #[inline(always)]
    pub(crate) fn class(&self, value: i32) -> usize {
        self.thresholds
            .iter()
            .filter(|&&threshold| value >= threshold)
            .count()
    }
}

#[inline(always)]
fn dot(weights: &[i16], symbols: &[i16]) -> i32 {
    let pairs = weights.iter().zip(symbols);
    // No sum leaves 32 bits, which is checked where predictors are made; checked at every addition it would not be vectorized.
    pairs
        .map(|(&weight, &symbol)| i32::from(weight) * i32::from(symbol))
        .fold(0, i32::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_between_thresholds() {
        let predictor = Predictor {
            weights: vec![2, -1, 3],
            biases: vec![0, 10],
            thresholds: vec![0, 5, 12],
        };
        assert!(predictor.is_sound());
        for (around, here, place, class) in [
            ([0, 0], 0, 0, 1),
            ([0, 1], 0, 0, 0),
            ([0, 0], 2, 0, 2),
            ([0, 0], 0, 1, 2),
            ([1, 0], 0, 1, 3),
            ([-128, -128], -128, 0, 0),
        ] {
            let value = predictor.value(&around, &[here], place);
            assert_eq!(predictor.class(value), class);
        }
    }

    #[test]
    fn sums_that_could_overflow_are_refused() {
        let sound = |weights: Vec<i16>, bias| {
            let predictor = Predictor {
                weights,
                biases: vec![bias],
                thresholds: vec![],
            };
            predictor.is_sound()
        };
        assert!(sound(vec![i16::MIN; 511], 0));
        assert!(!sound(vec![i16::MIN; 512], 0));
        assert!(!sound(vec![i16::MAX; 512], i32::MAX));
        assert!(!sound(vec![], i32::MIN));
        assert!(sound(vec![], i32::MAX));
        let falling = Predictor {
            weights: vec![],
            biases: vec![0],
            thresholds: vec![1, 1],
        };
        assert!(!falling.is_sound());
    }
}
