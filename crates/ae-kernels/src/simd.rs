//! Rows of sixteen floats in registers, and matrix products of them.

pub(crate) mod lanes;
pub(crate) mod matmul;
