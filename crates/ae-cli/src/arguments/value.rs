//! Values that are checked where they are read: numbers with bounds, names from a list.

use std::fmt::Display;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Reads one of `names`, as `T` understands it. The list is what help and completions show.
pub(super) fn named<T>(
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
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
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
pub(super) fn above_zero(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if number > 0.0 => Ok(number),
        _ => Err("must be above 0".to_owned()),
    }
}

/// Reads a finite number of at least zero.
///
/// # Errors
/// The text is no such number.
pub(super) fn at_least_zero(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if number >= 0.0 => Ok(number),
        _ => Err("must be at least 0".to_owned()),
    }
}

/// Reads what `T` understands.
///
/// # Errors
/// What `T` says of a text that it does not understand.
pub(super) fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// Reads a share: above 0 and below 1.
///
/// # Errors
/// The text is no such number.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match finite(text)? {
        number if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("must be above 0 and below 1".to_owned()),
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
        assert_eq!(at_least_zero("0"), Ok(0.0));
        for text in ["-1", "-1e-9", "nan", "inf", ""] {
            assert!(at_least_zero(text).is_err(), "{text}");
        }
    }
}
