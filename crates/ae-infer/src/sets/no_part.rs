//! Why a set has no images of a part.

/// Why a set has no images of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoPartReason {
    /// The model was not trained on it, and it has no parts of its own.
    Undivided,
    /// It has parts, but not this one.
    Empty,
}
