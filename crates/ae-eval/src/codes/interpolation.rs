//! Paths from one code to another: linear and spherical.

use std::fmt;
use std::str::FromStr;

/// How the codes between two are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// In a straight line.
    #[default]
    Linear,
    /// Along the great circle between the two directions, the length going evenly from one's to the other's. Codes of
    /// a standard normal prior with many dimensions lie near a sphere, which a straight line leaves.
    ///
    /// # References
    /// T. White (2016), *Sampling generative networks*, section 2.1. K. Shoemake (1985), *Animating rotation with
    /// quaternion curves*, section 3.3.
    Spherical,
}

impl Interpolation {
    /// The code at `share` of the way, 0 being `from` and 1 being `to`.
    ///
    /// # Panics
    /// When the two codes differ in length.
    #[must_use]
    pub fn between(self, from: &[f32], to: &[f32], share: f64) -> Vec<f32> {
        assert_eq!(from.len(), to.len(), "two codes of one model");
        let (first, second) = match self {
            Self::Linear => (1.0 - share, share),
            Self::Spherical => spherical_weights(from, to, share),
        };
        from.iter()
            .zip(to)
            .map(|(&from, &to)| (first * f64::from(from) + second * f64::from(to)) as f32)
            .collect()
    }
}

/// What the two codes are multiplied by. Where there is no circle between them, because one is 0 or they point the same
/// or opposite ways, the line is taken.
fn spherical_weights(from: &[f32], to: &[f32], share: f64) -> (f64, f64) {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(&a, &b)| f64::from(a) * f64::from(b))
            .sum()
    };
    let (from_length, to_length) = (dot(from, from).sqrt(), dot(to, to).sqrt());
    let cosine = (dot(from, to) / (from_length * to_length)).clamp(-1.0, 1.0);
    let angle = cosine.acos();
    // A code of zeros has no direction, and its angle is NaN.
    let sine = angle.sin();
    if sine.is_nan() || sine <= 1e-6 {
        return (1.0 - share, share);
    }
    let length = (1.0 - share) * from_length + share * to_length;
    let weight = |part: f64, own_length: f64| (part * angle).sin() / sine * length / own_length;
    (weight(1.0 - share, from_length), weight(share, to_length))
}

impl fmt::Display for Interpolation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Linear => "linear",
            Self::Spherical => "spherical",
        })
    }
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "linear" => Ok(Self::Linear),
            "spherical" => Ok(Self::Spherical),
            _ => Err("not one of linear, spherical".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(way: Interpolation, from: &[f32], to: &[f32], share: f64, expected: &[f32]) {
        let found = way.between(from, to, share);
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{way} {share}: {found} not {expected}"
            );
        }
    }

    #[test]
    fn both_ways_begin_and_end_at_the_codes() {
        for way in [Interpolation::Linear, Interpolation::Spherical] {
            check(
                way,
                &[1.0, 2.0, -1.0],
                &[0.5, -3.0, 4.0],
                0.0,
                &[1.0, 2.0, -1.0],
            );
            check(
                way,
                &[1.0, 2.0, -1.0],
                &[0.5, -3.0, 4.0],
                1.0,
                &[0.5, -3.0, 4.0],
            );
        }
    }

    #[test]
    fn a_line_cuts_through_the_circle_that_a_circle_follows() {
        let half = 0.5f32.sqrt();
        check(
            Interpolation::Linear,
            &[1.0, 0.0],
            &[0.0, 1.0],
            0.5,
            &[0.5, 0.5],
        );
        check(
            Interpolation::Spherical,
            &[1.0, 0.0],
            &[0.0, 1.0],
            0.5,
            &[half, half],
        );
        // A third of a right angle is 30 degrees; the length goes from 1 to 4.
        let third = [2.0 * 0.75f32.sqrt(), 2.0 * 0.5];
        check(
            Interpolation::Spherical,
            &[1.0, 0.0],
            &[0.0, 4.0],
            1.0 / 3.0,
            &third,
        );
    }

    #[test]
    fn where_there_is_no_circle_the_line_is_taken() {
        let way = Interpolation::Spherical;
        check(way, &[0.0, 0.0], &[2.0, 0.0], 0.5, &[1.0, 0.0]);
        check(way, &[1.0, 0.0], &[3.0, 0.0], 0.5, &[2.0, 0.0]);
        check(way, &[1.0, 0.0], &[-1.0, 0.0], 0.25, &[0.5, 0.0]);
    }
}
