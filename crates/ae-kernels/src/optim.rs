//! Optimizers' steps of parameters that lie in memory.

pub(crate) mod rule;
pub(crate) mod update;
