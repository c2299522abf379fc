//! Axes: the range that shows the data, and ticks at round numbers.

use crate::charts::ticks::{Step, linear_labels, log_label, power};

/// How values are laid along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AxisScale {
    /// Logarithmic where all values are above zero and the largest is at least 30 times the smallest, else linear.
    #[default]
    Auto,
    /// Equal steps.
    Linear,
    /// Equal factors. Values that are not above zero cannot be drawn; with none above zero the axis is linear.
    Log,
}

/// How an axis is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AxisOptions {
    /// At most this many labeled ticks.
    pub(crate) max_ticks: usize,
    pub(crate) scale: AxisScale,
    /// Ticks at whole numbers only: epochs, steps.
    pub(crate) integers: bool,
    /// Share of the range that is left free at each end.
    pub(crate) padding: f64,
    /// Begin at zero where the values reach down to the lower part of the range from zero.
    pub(crate) from_zero: bool,
}

impl Default for AxisOptions {
    fn default() -> Self {
        Self {
            max_ticks: 7,
            scale: AxisScale::Linear,
            integers: false,
            padding: 0.04,
            from_zero: false,
        }
    }
}

/// A labeled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// A range with its ticks.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    pub(crate) is_log: bool,
    pub(crate) ticks: Vec<Tick>,
    /// Places of thinner lines between ticks.
    pub(crate) minor: Vec<f64>,
    /// What every label is to be multiplied by, as in `×10⁻⁶`.
    pub(crate) factor: Option<String>,
}

/// Beyond this, differences and logarithms overflow; no loss that is worth drawing gets there.
const LARGEST: f64 = 1e300;

/// Whether a value has a place on a linear axis.
pub(crate) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

impl Axis {
    /// The axis that shows `values` with some room; values without a place are passed over. None when no value has one.
    pub(crate) fn around(values: impl Iterator<Item = f64>, options: AxisOptions) -> Option<Self> {
        let values: Vec<f64> = values.filter(|value| is_drawable(*value)).collect();
        let extremes = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(None, |found: Option<(f64, f64)>, value| {
                Some(found.map_or((value, value), |(low, high)| {
                    (low.min(value), high.max(value))
                }))
            })
        };
        let (low, high) = extremes(&mut values.iter().copied())?;
        let positive = extremes(
            &mut values
                .iter()
                .copied()
                .filter(|value| *value > 1.0 / LARGEST),
        );
        let logarithmic = match (options.scale, positive) {
            (AxisScale::Log, Some(range)) => Some(range),
            (AxisScale::Auto, Some(range)) if low > 1.0 / LARGEST && high / low >= 30.0 => {
                Some(range)
            }
            _ => None,
        };
        if let Some((low, high)) = logarithmic {
            let padding = ((high.log10() - low.log10()) * options.padding).max(0.02);
            let factor = 10f64.powf(padding);
            let (low, high) = (
                (low / factor).max(f64::MIN_POSITIVE),
                (high * factor).min(f64::MAX),
            );
            return Some(Self::logarithmic(low, high, options));
        }
        let width = high - low;
        let flat = width <= high.abs().max(low.abs()) * 1e-9;
        let padding = if !flat {
            width * options.padding
        } else if options.integers || high == 0.0 {
            1.0
        } else {
            high.abs() * 0.1
        };
        let starts_at_zero = options.from_zero && low >= 0.0 && low <= 0.4 * high && !flat;
        let low = if starts_at_zero { 0.0 } else { low - padding };
        Some(Self::exact(low, high + padding, options))
    }

    /// A linear axis from `low` to `high`, no more and no less.
    pub(crate) fn exact(low: f64, high: f64, options: AxisOptions) -> Self {
        let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
        // A range that its own numbers are too coarse for has no round ticks inside.
        let finest = (low.abs().max(high.abs()) * 1e-12).max(1e-280);
        let high = if high - low > finest {
            high
        } else {
            low + low.abs().max(1.0)
        };
        let step = Step::for_range(low, high, options.max_ticks.max(1), options.integers);
        let values = step.multiples(low, high);
        let (labels, factor) = linear_labels(&values, step);
        let ticks = values.into_iter().zip(labels);
        Self {
            low,
            high,
            is_log: false,
            ticks: ticks.map(|(value, label)| Tick { value, label }).collect(),
            minor: Vec::new(),
            factor,
        }
    }

    fn logarithmic(low: f64, high: f64, options: AxisOptions) -> Self {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let inside = |value: &f64| (low..=high).contains(value);
        let multiples = |mantissas: &[f64]| -> Vec<f64> {
            let decades = first..=last;
            let values = decades.flat_map(|decade| {
                mantissas
                    .iter()
                    .map(move |mantissa| mantissa * power(decade))
            });
            values.filter(inside).collect()
        };
        let decades = multiples(&[1.0]);
        let every = decades.len().div_ceil(options.max_ticks.max(2));
        let mut values: Vec<f64> = if decades.len() > 3 {
            let exponent = |value: f64| value.log10().round() as i32;
            decades
                .iter()
                .copied()
                .filter(|value| exponent(*value).rem_euclid(every as i32) == 0)
                .collect()
        } else {
            let finer: [&[f64]; 4] = [
                &[1.0],
                &[1.0, 3.0],
                &[1.0, 2.0, 5.0],
                &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
            ];
            let finer = finer.into_iter().map(multiples);
            let fitting = finer.filter(|values| values.len() <= options.max_ticks.max(2));
            fitting.max_by_key(Vec::len).unwrap_or_default()
        };
        if values.len() < 3 {
            let step = Step::for_range(low, high, options.max_ticks.max(2), false);
            values = step
                .multiples(low, high)
                .into_iter()
                .filter(|value| *value > 0.0)
                .collect();
        }
        let plain = values.iter().all(|value| (1e-4..1e5).contains(value));
        let minor = if decades.len() <= 7 {
            multiples(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
        } else {
            decades
        };
        Self {
            low,
            high,
            is_log: true,
            ticks: values
                .into_iter()
                .map(|value| Tick {
                    value,
                    label: log_label(value, plain),
                })
                .collect(),
            minor,
            factor: None,
        }
    }

    /// Where `value` lies between the ends, from 0 to 1; beyond them outside of it.
    pub(crate) fn share(&self, value: f64) -> f64 {
        if self.is_log {
            // Differences of logarithms: the quotients may overflow.
            (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// Whether `value` has a place on this axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        is_drawable(value) && (!self.is_log || value > 1.0 / LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_inside() {
        let check = |low: f64, high: f64, max_ticks, expected: &[&str]| {
            let axis = Axis::exact(
                low,
                high,
                AxisOptions {
                    max_ticks,
                    ..AxisOptions::default()
                },
            );
            assert_eq!(labels(&axis), expected, "{low:e} to {high:e}");
            assert!(
                axis.ticks
                    .iter()
                    .all(|tick| (-1e-6..1.0 + 1e-6).contains(&axis.share(tick.value)))
            );
        };
        check(0.0, 1.0, 6, &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(0.0, 0.3, 4, &["0.0", "0.1", "0.2", "0.3"]);
        check(-1.0, 1.0, 5, &["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
        check(
            0.003,
            0.0121,
            6,
            &["0.004", "0.006", "0.008", "0.010", "0.012"],
        );
        check(0.0, 200.0, 5, &["0", "50", "100", "150", "200"]);
        check(0.0, 62_000.0, 5, &["0", "20k", "40k", "60k"]);
        check(0.0, 2.4e6, 5, &["0", "0.5M", "1.0M", "1.5M", "2.0M"]);
        check(
            1e6,
            1.000_03e6,
            4,
            &["1.00000M", "1.00001M", "1.00002M", "1.00003M"],
        );
        check(-5.0, 5.0, 1, &["0"]);
    }

    #[test]
    fn very_small_and_very_large_axes_carry_a_factor() {
        let small = Axis::exact(
            0.0,
            3.1e-6,
            AxisOptions {
                max_ticks: 4,
                ..AxisOptions::default()
            },
        );
        assert_eq!(labels(&small), ["0", "1", "2", "3"]);
        assert_eq!(small.factor.as_deref(), Some("×10⁻⁶"));
        let large = Axis::exact(
            0.0,
            2e20,
            AxisOptions {
                max_ticks: 3,
                ..AxisOptions::default()
            },
        );
        assert_eq!(labels(&large), ["0", "1", "2"]);
        assert_eq!(large.factor.as_deref(), Some("×10²⁰"));
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let options = AxisOptions {
            integers: true,
            ..AxisOptions::default()
        };
        let check = |values: &[f64], expected: &[&str]| {
            assert_eq!(
                labels(&Axis::around(values.iter().copied(), options).unwrap()),
                expected,
                "{values:?}"
            );
        };
        check(&[1.0, 3.0], &["1", "2", "3"]);
        check(&[1.0, 10.0], &["2", "4", "6", "8", "10"]);
        check(&[4.0], &["3", "4", "5"]);
        check(&[1.0, 200.0], &["0", "50", "100", "150", "200"]);
    }

    #[test]
    fn logarithmic_ticks_are_decades_and_finer_where_there_are_few() {
        let check = |low: f64, high: f64, expected: &[&str]| {
            let options = AxisOptions {
                scale: AxisScale::Log,
                padding: 0.0,
                ..AxisOptions::default()
            };
            let axis = Axis::around([low, high].into_iter(), options).unwrap();
            assert!(axis.is_log);
            assert_eq!(labels(&axis), expected, "{low:e} to {high:e}");
        };
        check(1e-4, 1.0, &["0.0001", "0.001", "0.01", "0.1", "1"]);
        check(1e-7, 1e-3, &["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³"]);
        check(0.005, 0.3, &["0.005", "0.01", "0.02", "0.05", "0.1", "0.2"]);
        check(0.02, 0.3, &["0.02", "0.05", "0.1", "0.2"]);
        check(
            1e-30,
            1e10,
            &["10⁻³⁰", "10⁻²⁴", "10⁻¹⁸", "10⁻¹²", "10⁻⁶", "10⁰", "10⁶"],
        );
        check(
            0.0101,
            0.0102,
            &["0.0098", "0.01", "0.0102", "0.0104", "0.0106"],
        );
    }

    #[test]
    fn automatic_scale_is_logarithmic_only_where_it_can_be_and_helps() {
        let options = AxisOptions {
            scale: AxisScale::Auto,
            ..AxisOptions::default()
        };
        for (values, expected) in [
            (&[0.5, 0.005][..], true),
            (&[0.5, 0.1], false),
            (&[0.5, 0.0], false),
            (&[0.5, -0.005], false),
            (&[1e-200, 1e200], true),
            (&[0.5, f64::NAN, f64::INFINITY], false),
        ] {
            let axis = Axis::around(values.iter().copied(), options).unwrap();
            assert_eq!(axis.is_log, expected, "{values:?}");
        }
    }

    #[test]
    fn ranges_without_extent_or_beyond_the_numbers_still_have_ticks() {
        for values in [
            &[0.0][..],
            &[0.25],
            &[-7.0, -7.0],
            &[1e-320],
            &[5e-324, 1e-323],
            &[1e300],
            &[-1e300, 1e300],
            &[f64::MAX, 1.0],
            &[1.0, 1.0 + f64::EPSILON],
            &[1e15, 1e15 + 1.0],
        ] {
            for scale in [AxisScale::Auto, AxisScale::Linear, AxisScale::Log] {
                for integers in [false, true] {
                    let options = AxisOptions {
                        scale,
                        integers,
                        ..AxisOptions::default()
                    };
                    let axis = Axis::around(values.iter().copied(), options).unwrap();
                    assert!(!axis.ticks.is_empty(), "{values:?} {scale:?}: {axis:?}");
                    let shares = values
                        .iter()
                        .filter(|value| axis.holds(**value))
                        .map(|value| axis.share(*value));
                    assert!(
                        shares.into_iter().all(|share| (0.0..=1.0).contains(&share)),
                        "{values:?} {scale:?}: {axis:?}"
                    );
                }
            }
        }
        assert!(
            Axis::around(
                [f64::NAN, f64::INFINITY].into_iter(),
                AxisOptions::default()
            )
            .is_none()
        );
    }
}
