//! What codes are measured by, and what is made of them.

pub(crate) mod interpolation;
pub(crate) mod logistic;
pub(crate) mod mixture;
pub(crate) mod neighbors;
pub(crate) mod rows;
pub mod tsne;
