//! Round numbers for the ticks of an axis, and how they are written.

use crate::text::number::{minus, power_of_ten};

/// The distance between two ticks: `mantissa * 10^exponent`, the mantissa 1, 2 or 5.
///
/// # References
/// Paul Heckbert, "Nice Numbers for Graph Labels", Graphics Gems (1990), page 61.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    /// The smallest step that puts at most `max_ticks` ticks from `low` to `high`.
    pub(crate) fn for_range(low: f64, high: f64, max_ticks: usize, integers: bool) -> Self {
        let raw = (high - low) / max_ticks as f64;
        let mut exponent = raw.log10().floor() as i32 - 1;
        loop {
            for mantissa in [1.0, 2.0, 5.0] {
                let step = Self { mantissa, exponent };
                let (first, last) = step.bounds(low, high);
                if last - first < max_ticks as f64 && !(integers && exponent < 0) {
                    return step;
                }
            }
            exponent += 1;
        }
    }

    /// `count` steps. Divides by whole powers of ten, so that 3 steps of 0.1 are the number that 0.3 is written as.
    fn times(self, count: f64) -> f64 {
        if self.exponent < 0 {
            count * self.mantissa / power(-self.exponent)
        } else {
            count * self.mantissa * power(self.exponent)
        }
    }

    fn bounds(self, low: f64, high: f64) -> (f64, f64) {
        let steps = |value: f64| value / self.mantissa / power(self.exponent);
        ((steps(low) - 1e-9).ceil(), (steps(high) + 1e-9).floor())
    }

    pub(crate) fn multiples(self, low: f64, high: f64) -> Vec<f64> {
        let (first, last) = self.bounds(low, high);
        let count = (last - first + 1.0).max(0.0) as usize;
        // Adding zero turns -0 into 0.
        (0..count)
            .map(|index| self.times(first + index as f64) + 0.0)
            .collect()
    }
}

pub(crate) fn power(exponent: i32) -> f64 {
    10f64.powi(exponent)
}

/// Labels of equal precision: plain decimals, thousands as k, M, G, T, or a factor for the whole axis.
pub(crate) fn linear_labels(values: &[f64], step: Step) -> (Vec<String>, Option<String>) {
    let largest = values
        .iter()
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    let labels = |divisor: f64, decimals: i32, suffix: &str| {
        let decimals = decimals.clamp(0, 12) as usize;
        let label = |value: &f64| match (*value, suffix) {
            (0.0, "k" | "M" | "G" | "T") => "0".to_owned(),
            _ => minus(&format!("{:.decimals$}{suffix}", value / divisor)),
        };
        values.iter().map(label).collect::<Vec<_>>()
    };
    if largest < 1e4 && step.exponent >= -4 {
        return (labels(1.0, -step.exponent, ""), None);
    }
    let suffixes = [
        (1e4..1e6, 1e3, 3, "k"),
        (1e6..1e9, 1e6, 6, "M"),
        (1e9..1e12, 1e9, 9, "G"),
        (1e12..1e15, 1e12, 12, "T"),
    ];
    for (range, divisor, exponent, suffix) in suffixes {
        if range.contains(&largest) {
            return (labels(divisor, exponent - step.exponent, suffix), None);
        }
    }
    if largest == 0.0 {
        return (labels(1.0, 0, ""), None);
    }
    let exponent = (largest * (1.0 + 1e-12)).log10().floor() as i32;
    // In two halves: a power of ten below the smallest normal number has too few digits.
    let (half, rest) = (exponent / 2, exponent - exponent / 2);
    let scaled: Vec<f64> = values
        .iter()
        .map(|value| value / power(half) / power(rest))
        .collect();
    let decimals = (exponent - step.exponent).clamp(0, 12) as usize;
    let label = |value: &f64| minus(&format!("{value:.decimals$}"));
    (
        scaled.iter().map(label).collect(),
        Some(format!("×{}", power_of_ten(exponent))),
    )
}

pub(crate) fn log_label(value: f64, plain: bool) -> String {
    if plain {
        // Twelve digits round away what the arithmetic left, and no more.
        let text = format!("{value:.12}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let exponent = (value * (1.0 + 1e-9)).log10().floor() as i32;
    let mantissa = value / power(exponent);
    let mantissa = format!("{mantissa:.6}");
    match mantissa.trim_end_matches('0').trim_end_matches('.') {
        "1" => power_of_ten(exponent),
        mantissa => format!("{mantissa}×{}", power_of_ten(exponent)),
    }
}
