//! The kinds of models that can be opened.

/// The kinds of models that can be trained and opened.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Registry {}

impl Registry {
    /// The kinds that come with this workspace.
    #[must_use]
    pub fn builtin() -> Self {
        Self {}
    }
}
