//! The kinds of models that the command line knows.

/// The kinds of models that can be trained and opened.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Registry {}

impl Registry {
    /// The kinds that come with `ae`.
    #[must_use]
    pub fn builtin() -> Self {
        Self {}
    }
}
