//! Settings as a person gives them beside a configuration: by name, as text.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use crate::error::ModelError;

/// A setting that a kind of model takes as text: what the command line's help and parser are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    /// The name, its words joined by hyphens: `beta-schedule`. Kinds that mean the same thing give it the same name.
    pub name: &'static str,
    /// What is given with it.
    pub value: SettingValue,
    /// What it does, in a sentence.
    pub help: &'static str,
}

/// What is given with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingValue {
    /// Nothing: it is on where it is given.
    Switch,
    /// A text, which help calls by this name: `WEIGHT`.
    Text(&'static str),
    /// Several texts, joined by commas: `N,N,...`.
    List(&'static str),
    /// One of a few names.
    OneOf {
        /// What help calls it.
        value_name: &'static str,
        /// The names.
        names: &'static [&'static str],
    },
}

/// The settings that a person gave, as text.
///
/// ```
/// use ae_models::GivenSettings;
///
/// let given = GivenSettings::default().with("beta", "4").with("tied", "");
/// assert_eq!(given.at_least_zero("beta")?, Some(4.0));
/// assert!(given.has("tied"));
/// assert_eq!(given.at_least_one("latent")?, None);
/// let error = given.at_least_one("beta-schedule").and(given.with("latent", "0").at_least_one("latent"));
/// assert_eq!(error.unwrap_err().to_string(), "latent: 0: must be at least 1");
/// # Ok::<(), ae_models::ModelError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenSettings(BTreeMap<String, String>);

impl GivenSettings {
    /// The same and one more. A switch is given with an empty text.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.0.insert(name.into(), text.into());
        self
    }

    /// The names of all that were given, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a setting was given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A setting's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A setting as `T` reads it.
    ///
    /// # Errors
    /// [`ModelError::Setting`] with what `T` says of a text that it does not understand.
    pub fn parsed<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ModelError> {
        self.read(name, |text| {
            text.parse().map_err(|error: T::Err| {
                let error = error.to_string();
                // A configuration's error begins with its field, which the setting's name says already.
                let field = format!("{}: ", name.replace('-', "_"));
                error.strip_prefix(&field).unwrap_or(&error).to_owned()
            })
        })
    }

    /// A whole number of at least 1.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for any other text.
    pub fn at_least_one(&self, name: &'static str) -> Result<Option<usize>, ModelError> {
        self.read(name, at_least_one)
    }

    /// Whole numbers of at least 1, joined by commas.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for any other text.
    pub fn list_of_at_least_one(
        &self,
        name: &'static str,
    ) -> Result<Option<Vec<usize>>, ModelError> {
        self.read(name, |text| text.split(',').map(at_least_one).collect())
    }

    /// A finite number of at least 0.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for any other text.
    pub fn at_least_zero(&self, name: &'static str) -> Result<Option<f64>, ModelError> {
        self.read(name, |text| match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
            Ok(number) if number.is_finite() => Err(format!("{text}: must be at least 0")),
            _ => Err(format!("{text}: not a number")),
        })
    }

    fn read<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ModelError> {
        let value = self.text(name).map(read).transpose();
        value.map_err(|reason| ModelError::setting(name, reason))
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err(format!("{text}: must be at least 1")),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("{text}: not a whole number")),
    }
}

/// Sets what was given, and leaves the rest.
pub(crate) fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_held_to_their_bounds() {
        let given = |text: &str| GivenSettings::default().with("x", text);
        assert_eq!(given("1").at_least_one("x").unwrap(), Some(1));
        assert_eq!(
            given("256,32").list_of_at_least_one("x").unwrap(),
            Some(vec![256, 32])
        );
        assert_eq!(given("0").at_least_zero("x").unwrap(), Some(0.0));
        for text in ["0", "-1", "1.5", "", "99999999999999999999999", "1,2"] {
            assert!(given(text).at_least_one("x").is_err(), "{text}");
        }
        for text in ["", "1,", "1,0", "1 2"] {
            assert!(given(text).list_of_at_least_one("x").is_err(), "{text}");
        }
        for text in ["-1", "-1e-9", "nan", "inf", "1e999", "one", ""] {
            assert!(given(text).at_least_zero("x").is_err(), "{text}");
        }
    }
}
