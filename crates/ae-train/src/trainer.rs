//! Training: the loop, and what is told of it while it runs.

pub(crate) mod observer;
pub(crate) mod readback;
pub(crate) mod trained;
pub(crate) mod training;
