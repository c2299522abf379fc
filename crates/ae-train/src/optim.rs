//! Optimizers: their settings, their steps, and learning rates by step.

pub(crate) mod config;
pub(crate) mod device;
pub(crate) mod host;
pub(crate) mod model_optimizer;
pub(crate) mod parameter_update;
pub(crate) mod rmsprop;
pub(crate) mod schedule;
pub(crate) mod segment;
pub(crate) mod state;
pub(crate) mod warm_up;
