//! Settings that are written as one word, in files as on the command line: `gaussian:0.1`, `linear:2000`.

use std::str::FromStr;

use crate::error::ModelError;

/// Makes serde write a type as its `Display` has it, and read it as its `FromStr` does.
macro_rules! written_as_text {
    ($setting:ty) => {
        impl From<$setting> for String {
            fn from(setting: $setting) -> Self {
                setting.to_string()
            }
        }

        impl TryFrom<String> for $setting {
            type Error = crate::error::ModelError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}

pub(crate) use written_as_text;

/// Reads one number of a setting.
pub(crate) fn number<T: FromStr>(
    field: &'static str,
    setting: &str,
    text: &str,
) -> Result<T, ModelError> {
    text.parse().map_err(|_| {
        ModelError::config(field, format!("`{setting}`: `{text}` is not such a number"))
    })
}

/// Checks that a coefficient is a finite number of at least 0.
pub(crate) fn check_coefficient(field: &'static str, value: f64) -> Result<(), ModelError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ModelError::config(
        field,
        format!("{value}: must be a finite number of at least 0"),
    ))
}

/// Checks that a number is finite and above 0.
pub(crate) fn check_positive(field: &'static str, value: f64) -> Result<(), ModelError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ModelError::config(
        field,
        format!("{value}: must be a finite number above 0"),
    ))
}
