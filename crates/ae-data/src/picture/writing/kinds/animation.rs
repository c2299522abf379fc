//! What formats with animations have in common.

use std::time::Duration;

/// A delay as a fraction of seconds, exact to a microsecond where 16 bits allow it.
pub(super) fn fraction(delay: Duration) -> (u16, u16) {
    let seconds = delay.as_secs_f64();
    let parts = |whole: u16| (seconds * f64::from(whole)).round();
    let fits = |whole: &u16| parts(*whole) <= f64::from(u16::MAX);
    let is_near = |whole: &u16| (parts(*whole) / f64::from(*whole) - seconds).abs() < 1e-6;
    let usual = [1000, 100].into_iter().chain(1..1000);
    let whole = usual
        .clone()
        .filter(fits)
        .find(is_near)
        .or_else(|| usual.clone().find(fits))
        .unwrap_or(1);
    (parts(whole) as u16, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_kept() {
        for (micros, expected) in [
            (120_000, (120, 1000)),
            (0, (0, 1000)),
            (33_333, (1, 30)),
            (66_667, (1, 15)),
            (100_000_000, (10_000, 100)),
        ] {
            assert_eq!(
                fraction(Duration::from_micros(micros)),
                expected,
                "{micros}"
            );
        }
        assert_eq!(fraction(Duration::from_secs(1_000_000)), (u16::MAX, 1));
    }
}
