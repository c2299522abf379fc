//! Values that are checked where they are read: numbers with bounds, names from a list.

use std::fmt::Display;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads one of `names`, as `T` understands it. The list is what help and completions show.
pub(crate) fn named<T>(
    names: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names)
        .try_map(|name| name.parse::<T>().map_err(|error| error.to_string()))
}

/// Reads a whole number of at least one.
///
/// # Errors
/// The text is no such number.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".to_owned()),
    }
}

/// Reads a finite number above zero.
///
/// # Errors
/// The text is no such number.
pub(crate) fn above_zero(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if number > 0.0 => Ok(number),
        _ => Err("must be above 0".to_owned()),
    }
}

/// Reads what `T` understands.
///
/// # Errors
/// What `T` says of a text that it does not understand.
pub(crate) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Reads a share that may be nothing: from 0 to below 1.
///
/// # Errors
/// The text is no such number.
pub(crate) fn share_or_none(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if (0.0..1.0).contains(&number) => Ok(number),
        _ => Err("must be at least 0 and below 1".to_owned()),
    }
}

/// Reads a share: above 0 and below 1.
///
/// # Errors
/// The text is no such number.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("must be above 0 and below 1".to_owned()),
    }
}

/// How often a run is saved inside an epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CheckpointInterval {
    /// After so many steps.
    Steps(usize),
    /// After so many seconds.
    Seconds(f64),
}

/// Reads `200steps`, `30s`, `5min` or `2h`.
///
/// # Errors
/// The text is no number above zero with one of these units.
pub(crate) fn checkpoint_interval(text: &str) -> Result<CheckpointInterval, String> {
    let unit_begins = text
        .find(|character: char| character.is_ascii_alphabetic())
        .ok_or_else(|| "needs a unit: s, min, h or steps".to_owned())?;
    let (number, unit) = text.split_at(unit_begins);
    let seconds = |factor: f64| match above_zero(number)? * factor {
        seconds if seconds.is_finite() => Ok(CheckpointInterval::Seconds(seconds)),
        _ => Err("too long".to_owned()),
    };
    match unit {
        "step" | "steps" => Ok(CheckpointInterval::Steps(at_least_one(number)?)),
        "s" => seconds(1.0),
        "min" => seconds(60.0),
        "h" => seconds(3600.0),
        _ => Err(format!("the unit '{unit}' is not one of s, min, h, steps")),
    }
}

fn finite(text: &str) -> Result<f64, String> {
    f64::from_str(text)
        .ok()
        .filter(|number| number.is_finite())
        .ok_or_else(|| "not a number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_held_to_their_bounds() {
        assert_eq!(at_least_one("1"), Ok(1));
        assert_eq!(above_zero("1e-3"), Ok(0.001));
        assert_eq!(share("0.1"), Ok(0.1));
        for text in ["0", "-1", "1.5", "", "99999999999999999999999"] {
            assert!(at_least_one(text).is_err(), "{text}");
        }
        for text in ["0", "-0.1", "nan", "inf", "1e999", "one"] {
            assert!(above_zero(text).is_err(), "{text}");
            assert!(share(text).is_err(), "{text}");
        }
        assert!(share("1").is_err());
    }

    #[test]
    fn intervals_have_a_unit() {
        for (text, expected) in [
            ("200steps", CheckpointInterval::Steps(200)),
            ("1step", CheckpointInterval::Steps(1)),
            ("30s", CheckpointInterval::Seconds(30.0)),
            ("0.5min", CheckpointInterval::Seconds(30.0)),
            ("2h", CheckpointInterval::Seconds(7200.0)),
        ] {
            assert_eq!(checkpoint_interval(text), Ok(expected), "{text}");
        }
        for text in [
            "", "5", "min", "0s", "-1s", "nans", "1e999s", "1e308h", "5m", "1.5steps", "5 min",
        ] {
            assert!(checkpoint_interval(text).is_err(), "{text}");
        }
    }
}
