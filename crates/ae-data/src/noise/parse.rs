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
        let (name, strength) = text.split_once(':').unwrap_or((text, ""));
        let kind: NoiseKind = name.trim().parse()?;
        let strength = strength.trim();
        if strength.is_empty() {
            return Err(invalid_noise(
                text,
                format!("a strength, as in {}", kind.example()),
            ));
        }
        let number = |part: &str| {
            let number = part.trim().parse::<f32>();
            number.map_err(|_| invalid_noise(text, "a number or a range LOW..HIGH as strength"))
        };
        let strength = match strength.split_once("..") {
            Some((low, high)) => Strength::Range {
                low: number(low)?,
                high: number(high)?,
            },
            None => Strength::Fixed(number(strength)?),
        };
        Noise::new(kind, strength)
    }
}

impl FromStr for NoiseChain {
    type Err = DataError;

    fn from_str(text: &str) -> Result<NoiseChain, DataError> {
        if text.trim() == "none" {
            return Ok(NoiseChain::default());
        }
        let noises: Result<_, _> = text.split(',').map(|noise| noise.trim().parse()).collect();
        Ok(NoiseChain::new(noises?))
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
        write!(formatter, "{}:{}", self.kind(), self.strength())
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
            .try_for_each(|noise| write!(formatter, ",{noise}"))
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
        const KNOWN: &str =
            "one of gaussian, salt-and-pepper, masking, cutout, speckle, poisson, blur or none";
        const NUMBER: &str = "a number or a range LOW..HIGH as strength";
        const GAUSSIAN: &str = "a strength (standard deviation) between 0 and 10";
        let rows = [
            ("gausian:0.5", "gausian", KNOWN),
            ("", "", KNOWN),
            ("gaussian:0.5,", "", KNOWN),
            ("Gaussian:0.5", "Gaussian", KNOWN),
            ("gaussian:0.5,none", "none", KNOWN),
            ("gaussian", "gaussian", "a strength, as in gaussian:0.5"),
            ("gaussian:0.5,blur:", "blur:", "a strength, as in blur:1"),
            ("masking:10%", "masking:10%", NUMBER),
            ("masking:0.1..", "masking:0.1..", NUMBER),
            ("gaussian:0.1:0.2", "gaussian:0.1:0.2", NUMBER),
            ("gaussian:-0.5", "gaussian:-0.5", GAUSSIAN),
            ("gaussian:-0.5..1", "gaussian:-0.5..1", GAUSSIAN),
            ("gaussian:nan", "gaussian:NaN", GAUSSIAN),
            ("gaussian:0.1..inf", "gaussian:0.1..inf", GAUSSIAN),
            ("gaussian:-inf", "gaussian:-inf", GAUSSIAN),
            ("gaussian:1e40", "gaussian:inf", GAUSSIAN),
            ("gaussian:25", "gaussian:25", GAUSSIAN),
            (
                "gaussian:0.6..0.1",
                "gaussian:0.6..0.1",
                "a range that goes upwards",
            ),
            (
                "gaussian:0.1,masking:1.5",
                "masking:1.5",
                "a strength (share of the pixels) between 0 and 1",
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
}
