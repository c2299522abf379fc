//! Noises as people write them.

use std::fmt;
use std::str::FromStr;

use crate::error::DataError;
use crate::noise::chain::{Noise, NoiseChain, Strength, invalid_noise};
use crate::noise::kind::NoiseKind;

impl FromStr for NoiseKind {
    type Err = DataError;

    fn from_str(text: &str) -> Result<NoiseKind, DataError> {
        let kind = NoiseKind::ALL.iter().find(|kind| kind.name() == text);
        kind.copied().ok_or_else(|| {
            let names: Vec<&str> = NoiseKind::ALL.iter().map(|kind| kind.name()).collect();
            invalid_noise(text, format!("one of {} or none", names.join(", ")))
        })
    }
}

impl FromStr for Noise {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Noise, DataError> {
        let (name, strengths) = text.split_once(':').unwrap_or((text, ""));
        let kind: NoiseKind = name.trim().parse()?;
        let (strength, second) = match (kind.second(), strengths.split_once(':')) {
            (Some(_), Some((first, second))) => (first.trim(), Some(second.trim())),
            (Some(_), None) => ("", None),
            (None, _) => (strengths.trim(), None),
        };
        if strength.is_empty() || second.is_some_and(str::is_empty) {
            let what = match kind.second() {
                Some(_) => "two strengths",
                None => "a strength",
            };
            return Err(invalid_noise(
                text,
                format!("{what}, as in {}", kind.example()),
            ));
        }
        let number = |part: &str| {
            read_strength(part).ok_or_else(|| {
                invalid_noise(
                    text,
                    "a number, a fraction as 25/255, or a range LOW..HIGH as strength",
                )
            })
        };
        let read = |strength: &str| {
            Ok(match strength.split_once("..") {
                Some((low, high)) => Strength::Range {
                    low: number(low)?,
                    high: number(high)?,
                },
                None => Strength::Fixed(number(strength)?),
            })
        };
        let noise = Noise::new(kind, read(strength)?)?;
        match second {
            Some(second) => noise.with_second(read(second)?),
            None => Ok(noise),
        }
    }
}

/// Reads a noise's strength: a number as `0.1` or a fraction as `25/255`; nothing where it is neither.
#[must_use]
pub fn read_strength(text: &str) -> Option<f32> {
    let Some((numerator, denominator)) = text.split_once('/') else {
        return text.trim().parse().ok();
    };
    let numerator: f64 = numerator.trim().parse().ok()?;
    let denominator: f64 = denominator.trim().parse().ok()?;
    let is_fraction = numerator.is_finite() && denominator.is_finite() && denominator > 0.0;
    // Divided in double precision, so that 51/255 is the number that 0.2 is.
    is_fraction.then_some((numerator / denominator) as f32)
}

/// What begins the end of a chain that says whether it is clipped.
const CLIP: &str = "clip:";

impl FromStr for NoiseChain {
    type Err = DataError;

    fn from_str(text: &str) -> Result<NoiseChain, DataError> {
        if text.trim() == "none" {
            return Ok(NoiseChain::default());
        }
        let (noises, clips) = match text.rsplit_once(',') {
            Some((noises, last)) => match last.trim().strip_prefix(CLIP) {
                Some("on") => (noises, true),
                Some("off") => (noises, false),
                Some(_) => return Err(invalid_noise(last.trim(), "clip:on or clip:off")),
                None => (text, true),
            },
            None => (text, true),
        };
        let noises: Result<_, _> = noises
            .split(',')
            .map(|noise| noise.trim().parse())
            .collect();
        Ok(NoiseChain::new(noises?).with_clipping(clips))
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strength::Fixed(strength) => write!(formatter, "{strength}"),
            Strength::Range { low, high } => write!(formatter, "{low}..{high}"),
        }
    }
}

impl fmt::Display for Noise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind(), self.strength())?;
        match self.second_strength() {
            Some(second) => write!(formatter, ":{second}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for NoiseChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, others @ ..] = self.noises() else {
            return formatter.write_str("none");
        };
        write!(formatter, "{first}")?;
        others
            .iter()
            .try_for_each(|noise| write!(formatter, ",{noise}"))?;
        match self.clips() {
            true => Ok(()),
            false => write!(formatter, ",{CLIP}off"),
        }
    }
}

impl TryFrom<String> for NoiseChain {
    type Error = DataError;

    fn try_from(text: String) -> Result<NoiseChain, DataError> {
        text.parse()
    }
}

impl From<NoiseChain> for String {
    fn from(noise: NoiseChain) -> String {
        noise.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_to_the_same() {
        let rows = [
            ("none", "none"),
            (" none ", "none"),
            ("gaussian:0.5", "gaussian:0.5"),
            ("gaussian:.50", "gaussian:0.5"),
            ("gaussian:5e-1", "gaussian:0.5"),
            ("gaussian:0.1..0.6", "gaussian:0.1..0.6"),
            (
                "gaussian: 0.1 .. 0.6 , masking: 0.1",
                "gaussian:0.1..0.6,masking:0.1",
            ),
            ("gaussian:.1...6", "gaussian:0.1..0.6"),
            (
                "blur:1,gaussian:0.000001,salt-and-pepper:1",
                "blur:1,gaussian:0.000001,salt-and-pepper:1",
            ),
            (
                "poisson:0,speckle:0..0,cutout:0.25",
                "poisson:0,speckle:0..0,cutout:0.25",
            ),
            ("gaussian:51/255", "gaussian:0.2"),
            ("gaussian:25/255", "gaussian:0.09803922"),
            ("gaussian:10/255", "gaussian:0.039215688"),
            ("gaussian: 0 / 255 .. 51 / 255 ", "gaussian:0..0.2"),
            ("gaussian:.1..51/255", "gaussian:0.1..0.2"),
            ("masking:1/4,blur:3/2", "masking:0.25,blur:1.5"),
            ("gaussian:51/255 , clip:off", "gaussian:0.2,clip:off"),
            ("gaussian:51/255,clip:on", "gaussian:0.2"),
            ("poisson-gaussian:0.01:2/100", "poisson-gaussian:0.01:0.02"),
            (
                "poisson-gaussian: 0..0.05 : 0.01..0.02 ,clip:off",
                "poisson-gaussian:0..0.05:0.01..0.02,clip:off",
            ),
        ];
        for (text, printed) in rows {
            let chain: NoiseChain = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(chain.to_string(), printed, "{text}");
            assert_eq!(
                chain.to_string().parse::<NoiseChain>().unwrap(),
                chain,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        const KNOWN: &str = "one of gaussian, salt-and-pepper, masking, cutout, speckle, poisson, poisson-gaussian, blur or none";
        const NUMBER: &str = "a number, a fraction as 25/255, or a range LOW..HIGH as strength";
        const GAUSSIAN: &str = "a strength (standard deviation) between 0 and 10";
        let rows = [
            ("gausian:0.5", "gausian", KNOWN),
            ("", "", KNOWN),
            ("gaussian:0.5,", "", KNOWN),
            ("Gaussian:0.5", "Gaussian", KNOWN),
            ("gaussian:0.5,none", "none", KNOWN),
            ("gaussian", "gaussian", "a strength, as in gaussian:0.5"),
            ("gaussian:0.5,blur:", "blur:", "a strength, as in blur:1"),
            (
                "poisson-gaussian:0.1",
                "poisson-gaussian:0.1",
                "two strengths, as in poisson-gaussian:0.02:0.05",
            ),
            (
                "poisson-gaussian:0.1:",
                "poisson-gaussian:0.1:",
                "two strengths, as in poisson-gaussian:0.02:0.05",
            ),
            (
                "poisson-gaussian:0.1:-1",
                "poisson-gaussian:0.1:-1",
                "a strength (standard deviation of the readout) between 0 and 10",
            ),
            (
                "gaussian:0.5,clip:maybe",
                "clip:maybe",
                "clip:on or clip:off",
            ),
            ("clip:off", "clip", KNOWN),
            ("masking:10%", "masking:10%", NUMBER),
            ("masking:0.1..", "masking:0.1..", NUMBER),
            ("gaussian:0.1:0.2", "gaussian:0.1:0.2", NUMBER),
            ("gaussian:-0.5", "gaussian:-0.5", GAUSSIAN),
            ("gaussian:-0.5..1", "gaussian:-0.5..1", GAUSSIAN),
            ("gaussian:nan", "gaussian:NaN", GAUSSIAN),
            ("gaussian:0.1..inf", "gaussian:0.1..inf", GAUSSIAN),
            ("gaussian:-inf", "gaussian:-inf", GAUSSIAN),
            ("gaussian:1e40", "gaussian:inf", GAUSSIAN),
            ("gaussian:300", "gaussian:300", GAUSSIAN),
            (
                "gaussian:25",
                "gaussian:25",
                "a strength (standard deviation) between 0 and 10; on a scale of 0 to 255 it is written gaussian:25/255",
            ),
            (
                "gaussian:0..55",
                "gaussian:0..55",
                "a strength (standard deviation) between 0 and 10; on a scale of 0 to 255 it is written \
                 gaussian:0/255..55/255",
            ),
            (
                "masking:30",
                "masking:30",
                "a strength (share of the pixels) between 0 and 1; on a scale of 0 to 100 it is written masking:30/100",
            ),
            ("gaussian:25/", "gaussian:25/", NUMBER),
            ("gaussian:/255", "gaussian:/255", NUMBER),
            ("gaussian:25/0", "gaussian:25/0", NUMBER),
            ("gaussian:25/-255", "gaussian:25/-255", NUMBER),
            ("gaussian:1/2/3", "gaussian:1/2/3", NUMBER),
            ("gaussian:nan/255", "gaussian:nan/255", NUMBER),
            ("gaussian:-1/255", "gaussian:-0.003921569", GAUSSIAN),
            (
                "gaussian:0.6..0.1",
                "gaussian:0.6..0.1",
                "a range that goes upwards",
            ),
            (
                "gaussian:0.1,masking:1.5",
                "masking:1.5",
                "a strength (share of the pixels) between 0 and 1; on a scale of 0 to 100 it is written masking:1.5/100",
            ),
            (
                "blur:1e9",
                "blur:1000000000",
                "a strength (standard deviation in pixels) between 0 and 100",
            ),
        ];
        for (text, value, expected) in rows {
            let error = text.parse::<NoiseChain>().expect_err(text);
            assert_eq!(
                error.to_string(),
                format!("invalid noise {value:?}: expected {expected}"),
                "{text}"
            );
            assert!(error.is_usage(), "{text}");
        }
    }

    #[test]
    fn strengths_on_the_scale_of_bytes_are_hinted_at() {
        let hints = |text: &str| text.parse::<NoiseChain>().expect(text).scale_hints();
        for text in [
            "none",
            "gaussian:1",
            "gaussian:25/255",
            "gaussian:0/255..55/255",
            "blur:10",
            "masking:1",
        ] {
            assert!(hints(text).is_empty(), "{text}");
        }
        for (text, written) in [
            ("gaussian:10", "gaussian:10/255"),
            ("gaussian:1.5", "gaussian:1.5/255"),
            ("blur:3,gaussian:0..10", "gaussian:0/255..10/255"),
            ("poisson:8", "poisson:8/255"),
        ] {
            let found = hints(text);
            assert_eq!(found.len(), 1, "{text}");
            assert!(
                found[0].ends_with(&format!(" is written {written}")),
                "{found:?}"
            );
            // What is proposed is understood, and has nothing more to be said of.
            assert!(hints(written).is_empty());
        }
    }
}
