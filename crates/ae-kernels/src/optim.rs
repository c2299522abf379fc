//! Optimizers' updates.

pub(crate) mod update;
