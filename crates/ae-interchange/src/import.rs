//! Weights that others have written.

pub(crate) mod checkpoint;
pub(crate) mod pickle;
pub(crate) mod read;
