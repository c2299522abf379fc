//! A model's parameters: where they come from, and by name.

pub(crate) mod builder;
pub(crate) mod initialization;
pub(crate) mod path;
pub(crate) mod tensors;
