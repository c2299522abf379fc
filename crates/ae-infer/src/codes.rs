//! Codes of several images.

/// Codes that lie one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    values_per_code: usize,
    values: Vec<f32>,
}

impl Codes {
    /// No codes yet, of `values_per_code` values each.
    ///
    /// # Panics
    /// If a code is to have no values.
    #[must_use]
    pub fn new(values_per_code: usize) -> Self {
        assert!(values_per_code > 0, "a code of no values");
        Self {
            values_per_code,
            values: Vec::new(),
        }
    }

    /// Appends codes that lie one after the other.
    ///
    /// # Panics
    /// If the last one is cut short.
    pub fn extend(&mut self, values: impl IntoIterator<Item = f32>) {
        self.values.extend(values);
        assert!(
            self.values.len().is_multiple_of(self.values_per_code),
            "a code was cut short"
        );
    }

    /// How many codes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.values_per_code
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values of one code.
    #[must_use]
    pub fn values_per_code(&self) -> usize {
        self.values_per_code
    }

    /// Code after code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.values_per_code)
    }

    /// The values of all codes.
    ///
    /// # Shapes
    /// - output: `[len, values_per_code]`
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// The values of all codes, one after the other.
    #[must_use]
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lie_one_after_the_other() {
        let mut codes = Codes::new(2);
        assert!(codes.is_empty());
        codes.extend([1.0, 2.0, 3.0, 4.0]);
        assert_eq!(codes.len(), 2);
        let each: Vec<_> = codes.iter().collect();
        assert_eq!(each, [[1.0, 2.0], [3.0, 4.0]]);
    }

    #[test]
    #[should_panic(expected = "cut short")]
    fn a_code_is_whole() {
        Codes::new(2).extend([1.0]);
    }
}
