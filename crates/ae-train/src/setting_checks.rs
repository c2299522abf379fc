//! Checks of single settings. Each error names the field as `config.toml` has it, its value and what it must be.

use std::fmt;

use crate::error::{ConfigError, TrainError};

pub(crate) fn refuse(
    field: &'static str,
    value: impl fmt::Display,
    must: &'static str,
) -> TrainError {
    TrainError::Config(ConfigError {
        field,
        value: value.to_string(),
        must,
    })
}

pub(crate) fn at_least_one(field: &'static str, value: usize) -> Result<(), TrainError> {
    if value == 0 {
        return Err(refuse(field, value, "must be at least 1"));
    }
    Ok(())
}

pub(crate) fn positive(field: &'static str, value: f64) -> Result<(), TrainError> {
    if !(value.is_finite() && value > 0.0) {
        return Err(refuse(field, value, "must be a finite number above 0"));
    }
    Ok(())
}

pub(crate) fn not_negative(field: &'static str, value: f64) -> Result<(), TrainError> {
    if !(value.is_finite() && value >= 0.0) {
        return Err(refuse(
            field,
            value,
            "must be a finite number of at least 0",
        ));
    }
    Ok(())
}

/// A share that may be 0 but not 1, such as a decay rate.
pub(crate) fn below_one(field: &'static str, value: f64) -> Result<(), TrainError> {
    if !(0.0..1.0).contains(&value) {
        return Err(refuse(field, value, "must be at least 0 and below 1"));
    }
    Ok(())
}

/// Finds `text` among the names that a setting goes by.
pub(crate) fn by_name<T: Clone>(
    field: &'static str,
    text: &str,
    choices: &[(&str, T)],
    must: &'static str,
) -> Result<T, TrainError> {
    match choices.iter().find(|(name, _)| *name == text) {
        Some((_, choice)) => Ok(choice.clone()),
        None => Err(refuse(field, text, must)),
    }
}
