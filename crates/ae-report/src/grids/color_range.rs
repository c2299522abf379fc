//! The range of values that a picture's colors stand for.

/// The values at the two ends of the color map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColorRange {
    /// Drawn dark violet, as is everything below it.
    pub low: f32,
    /// Drawn yellow, as is everything above it.
    pub high: f32,
}

impl ColorRange {
    /// A range that shows the bulk of `values`.
    ///
    /// A code after a ReLU is mostly zeros with a few large values; scaled to its maximum it would be black. The
    /// range therefore ends where 99.5% of the values other than zero lie below, and starts at zero where no value is
    /// negative, else where 0.5% lie below. Values that are not finite are left out.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let mut finite: Vec<f32> = values
            .iter()
            .copied()
            .filter(|value| value.is_finite() && *value != 0.0)
            .collect();
        if finite.is_empty() {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        finite.sort_unstable_by(f32::total_cmp);
        let quantile = |share: f64| finite[((finite.len() - 1) as f64 * share).round() as usize];
        let (low, high) = (quantile(0.005).min(0.0), quantile(0.995).max(0.0));
        Self { low, high }
    }

    /// Where `value` lies between the ends, from 0 to 1.
    pub(crate) fn share(self, value: f32) -> f32 {
        // Halved first: the distance between the two largest values of opposite sign overflows.
        let width = self.high / 2.0 - self.low / 2.0;
        if width > 0.0 {
            ((value / 2.0 - self.low / 2.0) / width).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_ignores_zeros_outliers_and_what_is_not_finite() {
        let mut values = vec![0.0; 10_000];
        values.extend((1..=1000).map(|value| value as f32 / 1000.0));
        values.extend([1e30, f32::NAN, f32::INFINITY]);
        let range = ColorRange::of(&values);
        assert_eq!(range.low, 0.0);
        assert!((range.high - 0.995).abs() < 0.003, "{range:?}");
        let signed = ColorRange::of(&[-2.0, -1.0, 3.0]);
        assert_eq!((signed.low, signed.high), (-2.0, 3.0));
        assert_eq!(
            ColorRange::of(&[0.0; 5]),
            ColorRange {
                low: 0.0,
                high: 1.0
            }
        );
        assert_eq!(
            ColorRange::of(&[]),
            ColorRange {
                low: 0.0,
                high: 1.0
            }
        );
        let widest = ColorRange {
            low: -f32::MAX,
            high: f32::MAX,
        };
        assert_eq!(widest.share(0.0), 0.5);
    }
}
