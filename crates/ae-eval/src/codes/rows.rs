//! Rows of values with a label each: what classifiers learn from and are measured on.

use crate::error::EvalError;

/// Rows of features and their labels.
#[derive(Clone, Copy, Debug)]
pub struct LabeledRows<'a> {
    rows: &'a [f32],
    values: usize,
    labels: &'a [u32],
}

impl<'a> LabeledRows<'a> {
    /// Puts rows of `values` values and their labels together.
    ///
    /// # Errors
    /// [`EvalError::RaggedRows`] when the values are not as many rows as there are labels, [`EvalError::NotFinite`]
    /// when one is not finite.
    pub fn new(rows: &'a [f32], values: usize, labels: &'a [u32]) -> Result<Self, EvalError> {
        if values == 0 || labels.is_empty() || rows.len() != labels.len() * values {
            return Err(EvalError::RaggedRows {
                row_values: values,
                found: rows.len(),
            });
        }
        check_finite(rows, values)?;
        Ok(Self {
            rows,
            values,
            labels,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row; never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Values in a row.
    #[must_use]
    pub fn values(&self) -> usize {
        self.values
    }

    /// The labels, one a row.
    #[must_use]
    pub fn labels(&self) -> &'a [u32] {
        self.labels
    }

    /// All rows, one after the other.
    #[must_use]
    pub fn rows(&self) -> &'a [f32] {
        self.rows
    }

    /// One more than the largest label.
    pub(crate) fn classes(&self) -> usize {
        self.labels
            .iter()
            .max()
            .map_or(0, |&label| label as usize + 1)
    }
}

/// Checks that `rows` are whole rows of `values` values.
pub(crate) fn check_whole(rows: &[f32], values: usize) -> Result<(), EvalError> {
    if values == 0 || !rows.len().is_multiple_of(values) {
        return Err(EvalError::RaggedRows {
            row_values: values,
            found: rows.len(),
        });
    }
    Ok(())
}

/// Checks that every value is finite.
pub(crate) fn check_finite(rows: &[f32], values: usize) -> Result<(), EvalError> {
    match rows.iter().position(|value| !value.is_finite()) {
        Some(position) => Err(EvalError::NotFinite {
            row: position / values,
        }),
        None => Ok(()),
    }
}
