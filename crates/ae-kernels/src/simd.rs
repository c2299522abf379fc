//! Rows of sixteen floats in registers, for whatever vectors the machine has, and matrix products of them.
//!
//! The instruction set is detected at run time ([`Isa::detect`]); [`with_lanes!`] compiles a kernel's body for each.

pub(crate) mod isa;
pub(crate) mod lanes;
pub(crate) mod matmul;
pub(crate) mod rows;

pub(crate) use isa::{Isa, with_lanes};
pub(crate) use lanes::{Lanes, tile_height};
pub(crate) use rows::{BLOCK, Row, fixed, fixed_mut};
