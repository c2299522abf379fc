//! The command `ae`, run in this process.

use std::ffi::OsString;

use ae_infer::Registry;
use pyo3::prelude::*;

use crate::reserving_allocator::ReservingAllocator;

/// What this module allocates; Python and other modules have their own allocators.
#[global_allocator]
static ALLOCATOR: ReservingAllocator = ReservingAllocator;

/// Runs the command with these arguments, its own name first, and gives its exit code.
///
/// It takes the process over: signals, panics, threads and memory that runs out are handled as the program `ae` handles them.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    ae_cli::end_in_good_order();
    py.detach(|| ae_cli::exit_code_of(&Registry::builtin(), arguments))
}
