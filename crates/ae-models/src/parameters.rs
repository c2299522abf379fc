//! A model's parameters: where they come from, and by name.

pub(crate) mod initialization;
pub(crate) mod tensors;
