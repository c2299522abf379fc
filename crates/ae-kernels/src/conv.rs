//! Convolutions: stacks of stages, how they are planned and run, and the algorithms that compute them.

pub(crate) mod algorithm;
pub(crate) mod algorithms;
pub(crate) mod engine;
pub(crate) mod epilogue;
pub(crate) mod flops;
pub(crate) mod geometry;
pub(crate) mod join;
pub(crate) mod maps;
pub(crate) mod pair;
pub(crate) mod plan;
pub(crate) mod seed;
pub(crate) mod skips;
pub(crate) mod stack;
pub(crate) mod stage;
pub(crate) mod stage_buffers;
pub(crate) mod winograd;
pub(crate) mod workspace;
