//! What is counted, and its text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes that answers are counted in by their seconds.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// How often values fell below each of a few ends.
#[derive(Debug)]
pub(crate) struct Histogram {
    ends: &'static [f64],
    /// One more than ends, for what is beyond the last.
    counts: Vec<AtomicU64>,
    /// In millionths.
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn new(ends: &'static [f64]) -> Self {
        Self {
            ends,
            counts: (0..=ends.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    pub(crate) fn add(&self, value: f64) {
        let class = self.ends.partition_point(|&end| end < value);
        self.counts[class].fetch_add(1, Ordering::Relaxed);
        let millionths = (value * 1e6).round() as u64;
        self.sum.fetch_add(millionths, Ordering::Relaxed);
    }

    /// Writes it with labels `labels`, as `a="b"`; none for an empty text.
    pub(crate) fn write(&self, text: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut below = 0;
        let ends = self.ends.iter().map(f64::to_string);
        for (end, count) in ends.chain(["+Inf".to_owned()]).zip(&self.counts) {
            below += count.load(Ordering::Relaxed);
            line(
                text,
                &format!("{name}_bucket{{{labels}{comma}le=\"{end}\"}}"),
                below,
            );
        }
        let sum = self.sum.load(Ordering::Relaxed) as f64 / 1e6;
        let braces = match labels {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        line(text, &format!("{name}_sum{braces}"), sum);
        line(text, &format!("{name}_count{braces}"), below);
    }
}

/// Requests by what they asked for and how they were answered.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    answered: Mutex<BTreeMap<(&'static str, u16), u64>>,
    times: Mutex<BTreeMap<&'static str, Histogram>>,
}

impl Requests {
    /// Counts an answer.
    pub(crate) fn count(&self, route: &'static str, status: u16, time: Duration) {
        let answered = self.answered.lock();
        *answered
            .unwrap_or_else(PoisonError::into_inner)
            .entry((route, status))
            .or_default() += 1;
        let times = self.times.lock();
        times
            .unwrap_or_else(PoisonError::into_inner)
            .entry(route)
            .or_insert_with(|| Histogram::new(SECONDS))
            .add(time.as_secs_f64());
    }

    pub(crate) fn write(&self, text: &mut String) {
        about(
            text,
            "ae_requests_total",
            "counter",
            "Requests by route and status.",
        );
        let answered = self.answered.lock();
        for ((route, status), count) in answered.unwrap_or_else(PoisonError::into_inner).iter() {
            let name = format!("ae_requests_total{{route=\"{route}\",status=\"{status}\"}}");
            line(text, &name, count);
        }
        about(
            text,
            "ae_request_seconds",
            "histogram",
            "Seconds from a request's header to its answer's.",
        );
        let times = self.times.lock();
        for (route, times) in times.unwrap_or_else(PoisonError::into_inner).iter() {
            times.write(text, "ae_request_seconds", &format!("route=\"{route}\""));
        }
    }
}

/// Writes what a metric is.
pub(crate) fn about(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Writes a value.
pub(crate) fn line(text: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(text, "{name} {value}");
}

/// A label's value, as it stands between quotes.
pub(crate) fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_count_up_to_each_end() {
        let histogram = Histogram::new(&[1.0, 2.5]);
        for value in [0.5, 1.0, 2.0, 7.0] {
            histogram.add(value);
        }
        let mut text = String::new();
        histogram.write(&mut text, "x", "a=\"b\"");
        assert_eq!(
            text,
            "x_bucket{a=\"b\",le=\"1\"} 2\nx_bucket{a=\"b\",le=\"2.5\"} 3\nx_bucket{a=\"b\",le=\"+Inf\"} 4\n\
             x_sum{a=\"b\"} 10.5\nx_count{a=\"b\"} 4\n"
        );
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
