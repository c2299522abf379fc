//! The command `ae`, run in this process.

use std::ffi::OsString;

use ae_infer::Registry;
use pyo3::prelude::*;

/// Runs the command with these arguments, its own name first, and gives its exit code.
///
/// It takes the process over: signals, panics and threads are handled as the program `ae` handles them.
#[pyfunction]
pub(crate) fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| ae_cli::exit_code_of(&Registry::builtin(), arguments))
}
