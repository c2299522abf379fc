//! Fully connected layers in a row.

pub(crate) mod stack;
