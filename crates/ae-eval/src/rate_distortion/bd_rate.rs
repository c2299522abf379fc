//! One number for two curves.

use serde::Serialize;

use super::curve::{RateCurve, RatePoint};
use super::pchip::Pchip;

/// How many bits more or fewer a codec takes than another for the same quality, over the qualities that both have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BdRate {
    /// The mean difference of the rates, in logarithms, as a share of the other's: -0.5 for half the bits.
    pub share: f64,
    /// The lowest PSNR that counts, in decibels.
    pub from_psnr: f64,
    /// The highest.
    pub to_psnr: f64,
}

/// Why two curves have no [`BdRate`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BdRateError {
    /// A curve of fewer than two points.
    #[error("fewer than two points of finite PSNR")]
    TooFewPoints,
    /// A curve whose quality does not rise with its rate.
    #[error("quality does not rise with bits")]
    NotRising,
    /// There is no quality that both have.
    #[error(
        "no PSNR in common: {first:.1} to {last:.1} dB beside {other_first:.1} to {other_last:.1} dB"
    )]
    NoOverlap {
        /// The lowest PSNR of the curve.
        first: f64,
        /// Its highest.
        last: f64,
        /// The lowest of the other.
        other_first: f64,
        /// Its highest.
        other_last: f64,
    },
}

impl RateCurve {
    /// How many bits it takes beside `anchor` for the same PSNR: the Bjøntegaard delta rate, by monotone piecewise cubic
    /// interpolation of the logarithm of the rate over the PSNR.
    ///
    /// # Errors
    /// The curves have no PSNR in common, or one of them is none: see [`BdRateError`]. Points without error are left out.
    ///
    /// # References
    /// G. Bjøntegaard (2001), *Calculation of average PSNR differences between RD-curves*, VCEG-M33; piecewise cubics in place
    /// of one cubic as in G. Bjøntegaard (2008), *Improvements of the BD-PSNR model*, VCEG-AI11.
    pub fn bd_rate(&self, anchor: &Self) -> Result<BdRate, BdRateError> {
        let [ours, theirs] = [
            Interpolated::new(&self.points)?,
            Interpolated::new(&anchor.points)?,
        ];
        let from_psnr = ours.first.max(theirs.first);
        let to_psnr = ours.last.min(theirs.last);
        if from_psnr >= to_psnr {
            return Err(BdRateError::NoOverlap {
                first: ours.first,
                last: ours.last,
                other_first: theirs.first,
                other_last: theirs.last,
            });
        }
        let [ours, theirs] =
            [ours, theirs].map(|curve| curve.logarithm.integral(from_psnr, to_psnr));
        let mean = (ours - theirs) / (to_psnr - from_psnr);
        Ok(BdRate {
            share: mean.exp_m1(),
            from_psnr,
            to_psnr,
        })
    }
}

/// The natural logarithm of the rate over the PSNR.
struct Interpolated {
    logarithm: Pchip,
    first: f64,
    last: f64,
}

impl Interpolated {
    fn new(points: &[RatePoint]) -> Result<Self, BdRateError> {
        let mut points: Vec<(f64, f64)> = points
            .iter()
            .filter(|point| point.psnr.is_finite() && point.bits_per_pixel > 0.0)
            .map(|point| (point.psnr, point.bits_per_pixel.ln()))
            .collect();
        points.sort_by(|one, other| one.1.total_cmp(&other.1));
        let ([(first, _), ..], Some((last, _))) = (&points[..], points.last()) else {
            return Err(BdRateError::TooFewPoints);
        };
        let (first, last) = (*first, *last);
        if points.len() < 2 {
            return Err(BdRateError::TooFewPoints);
        }
        if points.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(BdRateError::NotRising);
        }
        let (x, y) = points.into_iter().unzip();
        Ok(Self {
            logarithm: Pchip::new(x, y),
            first,
            last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_distortion::curve::Arrangement;

    fn curve(points: &[(f64, f64)]) -> RateCurve {
        let points = points.iter().map(|&(bits_per_pixel, psnr)| RatePoint {
            setting: String::new(),
            bytes: 0,
            bits_per_pixel,
            psnr,
        });
        RateCurve {
            name: String::new(),
            arrangement: Arrangement::Files,
            points: points.collect(),
        }
    }

    /// What `tests/reference/bd_rate.py` of this crate printed, by scipy 1.17's `PchipInterpolator`.
    #[test]
    fn differences_are_those_of_scipy() {
        for row in include_str!("../../tests/reference/bd_rate.jsonl").lines() {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            let points = |name: &str| -> Vec<(f64, f64)> {
                serde_json::from_value(row[name].clone()).unwrap()
            };
            let found = curve(&points("test"))
                .bd_rate(&curve(&points("anchor")))
                .unwrap();
            let expected = row["share"].as_f64().unwrap();
            assert!((found.share - expected).abs() < 1e-12, "{row}: {found:?}");
            assert_eq!(found.from_psnr, row["from_psnr"].as_f64().unwrap());
            assert_eq!(found.to_psnr, row["to_psnr"].as_f64().unwrap());
        }
    }

    #[test]
    fn half_the_bits_are_half_and_curves_apart_have_no_difference() {
        let anchor = [(1.0, 30.0), (2.0, 35.0), (4.0, 38.0), (8.0, 45.0)];
        let halved = anchor.map(|(rate, psnr)| (rate / 2.0, psnr));
        let found = curve(&halved).bd_rate(&curve(&anchor)).unwrap();
        assert!((found.share + 0.5).abs() < 1e-12, "{found:?}");
        let better = anchor.map(|(rate, psnr)| (rate, psnr + 15.0));
        let apart = curve(&better).bd_rate(&curve(&anchor)).unwrap_err();
        assert!(matches!(apart, BdRateError::NoOverlap { .. }), "{apart}");
        let exact = [(1.0, 30.0), (9.0, f64::INFINITY)];
        assert_eq!(
            curve(&exact).bd_rate(&curve(&anchor)),
            Err(BdRateError::TooFewPoints)
        );
        let falling = [(1.0, 30.0), (2.0, 29.0), (3.0, 35.0)];
        assert_eq!(
            curve(&falling).bd_rate(&curve(&anchor)),
            Err(BdRateError::NotRising)
        );
        assert_eq!(
            curve(&[]).bd_rate(&curve(&anchor)),
            Err(BdRateError::TooFewPoints)
        );
    }
}
