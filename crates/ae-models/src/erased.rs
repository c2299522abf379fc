//! Modules and models as trait objects.

pub(crate) mod any_model;
pub(crate) mod traversal;
